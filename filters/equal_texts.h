// Texts with a number each, looked up by equality: what a field's values are asked against. Most values equal
// none of them, and most are short: up to sixteen bytes a text is compared as two numbers, without a look at
// its bytes in memory.
//
// Built once, then only read: any number of threads may share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text_bits.h"

namespace tocsin::filters {

class EqualTexts {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // False: it is there already. Numbers are below kNone, texts together below 4 GiB.
  bool add(std::string_view text, std::uint32_t number);

  // kNone: no text is equal.
  [[nodiscard]] std::uint32_t find(std::string_view text) const {
    if (texts_ == 0) return kNone;
    const Key key(text);
    for (std::size_t at = key.hash() & mask();; at = (at + 1) & mask()) {
      const Entry& entry = entries_[at];
      if (entry.number == kNone) return kNone;
      if (is(entry, key, text)) return entry.number;
    }
  }

  [[nodiscard]] bool empty() const { return texts_ == 0; }

 private:
  // Beside its size it says all of a text of up to sixteen bytes.
  struct Key {
    explicit Key(std::string_view text);
    [[nodiscard]] std::uint64_t hash() const { return fold(first ^ kMix, last ^ mixed); }

    static constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;

    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t mixed = 0;  // its size, and of longer ones all that lies between
  };

  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t offset = 0;  // in pool_
    std::uint32_t size = 0;
    std::uint32_t number = kNone;  // of a free one
  };

  [[nodiscard]] std::size_t mask() const { return entries_.size() - 1; }
  [[nodiscard]] std::string_view text_of(const Entry& entry) const {
    return {pool_.data() + entry.offset, entry.size};
  }
  [[nodiscard]] bool is(const Entry& entry, const Key& key, std::string_view text) const {
    return entry.first == key.first && entry.last == key.last && entry.size == text.size() &&
           (text.size() <= 16 || text == text_of(entry));
  }
  void place(const Entry& entry, const Key& key);

  std::vector<Entry> entries_;  // a power of two, at most a half of them taken
  std::size_t texts_ = 0;
  std::string pool_;
};

inline EqualTexts::Key::Key(std::string_view text) : mixed(text.size() * kMix) {
  const char* const data = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    first = word_at(data);
    last = word_at(data + size - 8);
    for (std::size_t at = 8; at + 8 < size; at += 8) mixed = fold(mixed ^ word_at(data + at), kMix);
  } else if (size >= 4) {
    first = half_word_at(data);
    last = half_word_at(data + size - 4);
  } else if (size > 0) {
    const auto byte = [data](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(data[at])}; };
    first = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
  }
}

}  // namespace tocsin::filters
