// All keys that filters have for one field, asked at once: one look-up for a value, not one for each key.
//
//   AccessKeys of a field --add()--> ValueIndex --find(value)--> numbers of the keys that hit
//
//   Equals         a hash table
//   EqualsAnyCase  another, of texts in lower case
//   Starts, Ends   a tree, walked from the value's first or last byte while it leads on
//   Holds          one pass over the value for all literals (literal_finder.h)
//   Range          a tree of intervals
//   Block          a hash table for each length of prefix
//   Exists         hits always
//
// Built once, then only read: any number of threads may share it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/event/ip_address.h"
#include "engine/event/json_view.h"
#include "filters/access_key.h"
#include "filters/ascii_case.h"
#include "filters/equal_texts.h"
#include "filters/literal_finder.h"

namespace tocsin::filters {

using KeyNumber = std::uint32_t;

// The keys that hit an event, each once, however many values it has.
class KeyHits {
 public:
  explicit KeyHits(std::size_t keys) : marks_(keys) {}

  void clear() {
    list_.clear();
    if (++mark_ == 0) {
      std::ranges::fill(marks_, 0U);
      mark_ = 1;
    }
  }
  void add(KeyNumber key) {
    if (marks_[key] == mark_) return;
    marks_[key] = mark_;
    list_.push_back(key);
  }
  [[nodiscard]] std::span<const KeyNumber> list() const { return list_; }
  [[nodiscard]] bool contains(KeyNumber key) const { return marks_[key] == mark_; }

  // Room for find() and candidates() to work in.
  std::string lower;
  std::vector<KeyNumber> seconds;

 private:
  std::vector<std::uint32_t> marks_;  // by key: mark_ if it is in the list
  std::uint32_t mark_ = 1;
  std::vector<KeyNumber> list_;
};

// Texts that values start with, or end with: a tree in which what nothing branches off is one step.
class TextTree {
 public:
  // Calls `found(key)` for each text that stands at the beginning (or, read backwards, at the end) of `text`.
  template <typename Found>
  void find(std::string_view text, bool backwards, const Found& found) const {
    if (empty()) return;
    std::uint32_t node = 0;
    for (std::size_t at = 0; at < text.size();) {
      node = next(node, letter(text, at, backwards));
      if (node == 0) return;
      const std::string& label = nodes_[node].label;
      if (text.size() - at < label.size()) return;
      for (std::size_t i = 1; i < label.size(); ++i) {
        if (letter(text, at + i, backwards) != label[i]) return;
      }
      at += label.size();
      if (nodes_[node].key != kNone) found(nodes_[node].key);
    }
  }
  void add(std::string_view text, bool backwards, KeyNumber key);
  [[nodiscard]] bool empty() const { return roots_.empty(); }

 private:
  static constexpr KeyNumber kNone = UINT32_MAX;

  struct Node {
    std::string label;      // what leads to it, in lower case; not empty but for the root
    KeyNumber key = kNone;  // of the text that ends here
  };

  static char letter(std::string_view text, std::size_t at, bool backwards) {
    return lower_ascii(backwards ? text[text.size() - 1 - at] : text[at]);
  }
  static std::uint64_t edge(std::uint32_t node, char first) {
    return (std::uint64_t{node} << 8) | static_cast<unsigned char>(first);
  }
  // Where a letter leads from a node; 0: nowhere.
  [[nodiscard]] std::uint32_t next(std::uint32_t node, char first) const {
    if (node == 0) return roots_[static_cast<unsigned char>(first)];  // where most texts end
    const auto found = edges_.find(edge(node, first));
    return found == edges_.end() ? 0 : found->second;
  }
  void connect(std::uint32_t parent, char first, std::uint32_t node);
  std::uint32_t make(std::uint32_t parent, std::string label, KeyNumber key);

  std::vector<Node> nodes_{1};                               // the root first
  std::vector<std::uint32_t> roots_;                         // edges of the root, by the letter
  absl::flat_hash_map<std::uint64_t, std::uint32_t> edges_;  // of other nodes: by node and letter
};

// Ranges that hold a number, found in time logarithmic in all ranges and linear in those found.
class RangeTree {
 public:
  void add(const event::NumberRange& range, KeyNumber key) { ranges_.push_back({range, key, 0}); }
  void build();
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  template <typename Found>
  void find(double number, const Found& found) const {
    find(0, ranges_.size(), number, found);
  }

 private:
  struct Entry {
    event::NumberRange range;
    KeyNumber key = 0;
    double highest = 0;  // end of all ranges of the part of which it is the middle
  };

  // A part is sorted by where its ranges begin; its middle is its root.
  template <typename Found>
  void find(std::size_t begin, std::size_t end, double number, const Found& found) const {
    while (begin != end) {
      const std::size_t middle = begin + (end - begin) / 2;
      const Entry& entry = ranges_[middle];
      if (entry.highest < number) return;
      find(begin, middle, number, found);
      if (number < entry.range.low) return;
      if ((number > entry.range.low || entry.range.low_belongs) &&
          (number < entry.range.high || (number == entry.range.high && entry.range.high_belongs))) {
        found(entry.key);
      }
      begin = middle + 1;
    }
  }
  double set_highest(std::size_t begin, std::size_t end);

  std::vector<Entry> ranges_;
};

class ValueIndex {
 public:
  void add(const AccessKey& key, KeyNumber number);  // neither LogGroup nor Absent
  void build();                                      // after the last add()

  // Adds the keys that hit a value. Objects and arrays only exist.
  void find(event::NodeKind kind, std::string_view text, KeyHits& hits) const;

 private:
  static std::uint64_t size_bit(std::string_view text) {
    return std::uint64_t{1} << std::min<std::size_t>(text.size(), 63);
  }
  void find_blocks(std::string_view text, KeyHits& hits) const;

  std::vector<KeyNumber> always_;
  std::uint64_t equal_sizes_ = 0;  // bit n: some text of equal_ is n bytes long (63: that or longer)
  EqualTexts equal_;
  EqualTexts equal_any_case_;
  TextTree starts_;
  TextTree ends_;
  std::vector<std::string> literals_;
  std::vector<KeyNumber> literal_keys_;
  std::optional<LiteralFinder> finder_;
  RangeTree ranges_;
  using Blocks = absl::flat_hash_map<std::array<std::uint8_t, 16>, KeyNumber>;  // by a block's first address
  std::map<std::pair<bool, unsigned>, Blocks> blocks_;                          // by family and length
};

}  // namespace tocsin::filters
