// The values that a walk through a JSON message found, filed under the slots that want them.
//
//   JsonView's walk --put(), strike_out()--> JsonNodes --found()--> JsonView::nodes(), by slot
//
// Nodes are filed in document order. That makes "the last of two equal keys wins" simple: everything that the
// earlier member filed is one range, and is struck out. A slot's nodes usually stand together where they were
// filed; where they do not, or some were struck out, all are sorted by slot at the end, in the order of the
// document within a slot. Belongs to one view.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/stack.h"
#include "engine/event/field_trie.h"

namespace tocsin::event {

enum class NodeKind : std::uint8_t { Null, Boolean, Number, String, Object, Array };

struct JsonNode {
  NodeKind kind = NodeKind::Null;
  std::string_view
      text;  // String: unescaped, without quotes; else the JSON text as it stood (objects and arrays too)
  std::uint32_t element = 0;  // of a path: the array element it stands in, an index into JsonView::elements()
  Slot slot = kNoSlot;        // under which it is filed
};

enum class JsonStatus : std::uint8_t {
  Object,     // walked: the slots are filled
  NotObject,  // valid JSON whose root is an array or a scalar: the slots are empty
  Invalid,    // not JSON
  BadUtf8,
  TooDeep,
};

class JsonNodes {
  // A slot's nodes: of the walk of that serial number.
  struct Range {
    std::uint64_t walk = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

 public:
  // What a walk filed, until the next one.
  class Found {
   public:
    [[nodiscard]] std::span<const JsonNode> of(Slot slot) const {
      if (slot >= ranges_.size() || ranges_[slot].walk != walk_) return {};
      return nodes_.subspan(ranges_[slot].begin, ranges_[slot].end - ranges_[slot].begin);
    }
    // Those of one slot stand together.
    [[nodiscard]] std::span<const JsonNode> all() const { return nodes_; }

   private:
    friend class JsonNodes;
    std::span<const JsonNode> nodes_;
    std::span<const Range> ranges_;  // by slot
    std::uint64_t walk_ = 0;
  };

  // Before a walk, whose slots are less than `slots`.
  void begin(std::size_t slots);

  [[gnu::always_inline]] void put(Slot slot, NodeKind kind, std::string_view text, std::uint32_t element) {
    const auto at = size();
    nodes_.push({kind, text, element, slot});
    Range& range = ranges_[slot];
    if (range.walk != walk_) {
      range.walk = walk_;
      range.begin = at;
      range.end = at + 1;
    } else if (range.end == at) {
      range.end = at + 1;
    } else {
      is_sorted_ = false;
    }
  }

  // How many were put: the number of the next one.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }

  // Of a node that was put before its end was known: the text up to there.
  void end_text(std::uint32_t node, const char* end) {
    std::string_view& text = nodes_[node].text;
    text = {text.data(), static_cast<std::size_t>(end - text.data())};
  }

  // The nodes [begin, end) count no more.
  void strike_out(std::uint32_t begin, std::uint32_t end);

  // None of the walk's nodes counts.
  void drop();

  // After a walk.
  [[nodiscard]] Found found();

  [[nodiscard]] std::size_t capacity() const { return nodes_.capacity(); }
  // The memory of what was found.
  void give_back();

 private:
  void sort_by_slot();

  Stack<JsonNode> nodes_;      // as they were put; struck out: kNoSlot
  bool is_sorted_ = true;      // each slot's nodes stand together, and none is struck out
  std::uint64_t walk_ = 0;     // serial number
  std::vector<Range> ranges_;  // by slot, into nodes_
  Stack<JsonNode> sorted_;
};

}  // namespace tocsin::event
