// A JSON message, walked once for all the fields that anybody wants.
//
// FieldTrie holds the wanted selectors and paths, each with a slot number. JsonView::walk() finds the
// structure with simdjson's first stage (which validates UTF-8 and where strings end), then goes over the
// structural characters once: it checks the structure, skips what nobody wants, and files the wanted nodes
// under their slots.
//
//   message --simdjson stage 1--> structural indexes --walk with FieldTrie--> slots
//
// Everything is checked, in the parts that nobody wants too: UTF-8, strings and their escapes, numbers and
// literals, brackets, commas, colons, nesting up to kMaxDepth, one value as the root and nothing after it. A
// key that stands twice in one object: the last one wins. Numbers of any length are kept as their text. Half
// of a surrogate pair (a lone \ud83d) is allowed by JSON's grammar and names no character: it becomes U+FFFD,
// so that an odd user agent cannot hide an event from the filters.
//
// A view belongs to one thread; its results live until the next walk() and need the message to stay where it
// is. Reads not a byte beyond the message. Once warm, a walk allocates nothing, but for messages over 4 MiB and
// those with over 65,536 wanted nodes, whose memory is given back, and those whose keys come in an order that is
// new: it is learned.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/event/array_choice.h"
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

class JsonView {
 public:
  JsonView();
  ~JsonView();
  JsonView(JsonView&&) noexcept;
  JsonView& operator=(JsonView&&) noexcept;

  // Walks `message` (surrounding white space is allowed). Anything but Object leaves every slot empty.
  JsonStatus walk(std::string_view message, const FieldTrie& fields);

  // The nodes a selector met, in document order: none or one without a wildcard. A slot that the last walk's
  // trie does not have is empty.
  // Of a path: its scalars.
  [[nodiscard]] std::span<const JsonNode> nodes(Slot slot) const {
    if (slot >= found_.ranges.size() || found_.ranges[slot].walk != found_.walk) return {};
    return found_.nodes.subspan(found_.ranges[slot].begin,
                                found_.ranges[slot].end - found_.ranges[slot].begin);
  }

  // The nodes of all slots: those of one slot stand together, in document order.
  [[nodiscard]] std::span<const JsonNode> nodes() const { return found_.nodes; }

  // The elements of arrays that nodes of paths stand in; the first stands for none.
  [[nodiscard]] std::span<const ArrayElement> elements() const;

 private:
  struct State;

  // A slot's nodes: of the walk of that serial number.
  struct Range {
    std::uint64_t walk = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct Found {
    std::span<const JsonNode> nodes;
    std::span<const Range> ranges;  // by slot
    std::uint64_t walk = 0;
  };

  std::unique_ptr<State> state_;
  Found found_;
};

}  // namespace tocsin::event
