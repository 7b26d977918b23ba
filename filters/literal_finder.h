// Which of many literals a text holds, in one pass over it, however many there are.
//
//   literals --LiteralFinder--> find(text) --> numbers of literals
//
// Case does not count (ASCII letters). Two ways of looking:
//   samples    where every literal is at least three bytes long. Only every few bytes a window of three or
//              four is looked up in a table of bits, so close together that no literal fits between two; what
//              the table knows is compared. The table stays in the cache, and one look need not wait for the
//              last.
//   automaton  otherwise, or where so many literals share a window that comparing would take long: Aho and
//              Corasick's (1975), one step for each byte. Its memory grows with the literals' lengths.
// Immutable once built; any number of threads may use it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/ascii_case.h"

namespace tocsin::filters {

static_assert(std::endian::native ==
              std::endian::little);  // a window of three bytes is the low three of a word

// Windows of literals in a table of bits.
class SampledLiterals {
 public:
  // Nothing where samples are no good for these literals.
  [[nodiscard]] static std::optional<SampledLiterals> of(std::span<const std::string_view> literals);

  template <typename Found>
  void find(std::string_view text, const Found& found) const {
    if (text.size() < window_) return;
    const std::size_t last = text.size() - window_;
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += stride_) {
      std::uint32_t word = 0;
      std::memcpy(&word, text.data() + at, 4);
      look(word & window_bits_, text, at, found);
    }
    for (; at <= last; at += stride_) {
      std::uint32_t word = 0;
      std::memcpy(&word, text.data() + at, window_);
      look(word, text, at, found);
    }
  }

 private:
  struct Window {
    std::uint32_t word = 0;    // as of fold()
    std::uint32_t number = 0;  // of the literal
    std::uint32_t offset = 0;  // in it
    std::uint64_t head = 0;  // the literal's first eight bytes, as of fold(); of a shorter one, those it has
    std::uint64_t head_bits = 0;
  };

  // Letters of either case are one; so are some other bytes, which does no harm here.
  static std::uint32_t fold(std::uint32_t word) { return word | 0x20202020U; }
  static std::uint64_t fold(std::uint64_t word) { return word | 0x2020202020202020U; }
  [[nodiscard]] std::uint32_t hash(std::uint32_t folded) const { return (folded * 0x9E3779B1U) >> shift_; }

  template <typename Found>
  [[gnu::always_inline]] void look(std::uint32_t word, std::string_view text, std::size_t at,
                                   const Found& found) const {
    const std::uint32_t folded = fold(word);
    const std::uint32_t place = hash(folded);
    if ((bits_[place / 64] >> place % 64 & 1) != 0) [[unlikely]]
      compare(folded, place, text, at, found);
  }

  template <typename Found>
  [[gnu::noinline]] void compare(std::uint32_t folded, std::uint32_t place, std::string_view text,
                                 std::size_t at, const Found& found) const {
    for (std::uint32_t i = first_[place / kPlaces]; i < first_[place / kPlaces + 1]; ++i) {
      const Window& window = windows_[i];
      if (window.word != folded || window.offset > at) continue;
      const std::string_view rest = text.substr(at - window.offset);
      if (rest.size() >= sizeof window.head) {
        std::uint64_t head = 0;
        std::memcpy(&head, rest.data(), sizeof head);
        if ((fold(head) & window.head_bits) != window.head) continue;
      }
      if (is_at_start(literals_[window.number], rest)) found(window.number);
    }
  }

  static bool is_at_start(std::string_view literal, std::string_view text) {
    if (text.size() < literal.size()) return false;
    std::size_t same = 0;
    while (same < literal.size() && lower_ascii(text[same]) == literal[same]) ++same;
    return same == literal.size();
  }

  static constexpr std::uint32_t kPlaces = 16;  // of bits that share one list

  std::size_t window_ = 4;  // bytes
  std::uint32_t window_bits_ = 0xFFFFFFFFU;
  std::size_t stride_ = 1;
  unsigned shift_ = 0;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> first_;  // by place / kPlaces: into windows_
  std::vector<Window> windows_;
  std::vector<std::string> literals_;  // in lower case
};

// Aho and Corasick's automaton.
class LiteralAutomaton {
 public:
  explicit LiteralAutomaton(std::span<const std::string_view> literals);

  template <typename Found>
  void find(std::string_view text, const Found& found) const {
    std::uint32_t state = 0;
    for (const char c : text) {
      state = next_[(state & kStateBits) + class_of_[static_cast<unsigned char>(c)]];
      if ((state & kTells) != 0) tell(state & kStateBits, found);
    }
  }

 private:
  // A state is the place of its row in next_; the highest bit says that literals end there.
  static constexpr std::uint32_t kTells = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kStateBits = kTells - 1;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Ends {
    std::uint32_t begin = 0;  // the literals that end here: numbers_[begin, end)
    std::uint32_t end = 0;
    std::uint32_t shorter = kNone;  // the state of the longest proper suffix that is the end of a literal
  };

  template <typename Found>
  void tell(std::uint32_t row, const Found& found) const {
    for (std::uint32_t at = row / classes_; at != kNone; at = ends_[at].shorter) {
      for (std::uint32_t i = ends_[at].begin; i < ends_[at].end; ++i) found(numbers_[i]);
    }
  }

  std::array<std::uint8_t, 256> class_of_{};  // 0: a byte of no literal
  std::uint32_t classes_ = 1;
  std::vector<std::uint32_t> next_;  // by state and class
  std::vector<Ends> ends_;           // by state
  std::vector<std::uint32_t> numbers_;
};

class LiteralFinder {
 public:
  // `literals` are not empty; their numbers are their places here.
  explicit LiteralFinder(std::span<const std::string> literals);

  // Calls `found(number)` for each occurrence; a literal that occurs twice is told twice.
  template <typename Found>
  void find(std::string_view text, const Found& found) const {
    if (samples_) {
      samples_->find(text, found);
    } else {
      automaton_->find(text, found);
    }
  }
  [[nodiscard]] bool takes_samples() const { return samples_.has_value(); }

 private:
  std::optional<SampledLiterals> samples_;
  std::optional<LiteralAutomaton> automaton_;  // if there are no samples
};

}  // namespace tocsin::filters
