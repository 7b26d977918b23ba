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
// is. Reads not a byte beyond the message. Once warm, a walk allocates nothing, but for messages over 4 MiB
// and those with over 65,536 wanted nodes, whose memory is given back, and those whose keys come in an order
// that is new, or with the fifth trie in turn: the order is learned (json_shapes.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/event/array_choice.h"
#include "engine/event/field_trie.h"
#include "engine/event/json_nodes.h"

namespace tocsin::event {

class JsonView {
 public:
  JsonView();
  ~JsonView();
  JsonView(JsonView&&) noexcept;
  JsonView& operator=(JsonView&&) noexcept;

  // Walks `message` (surrounding white space is allowed). Anything but Object leaves every slot empty.
  JsonStatus walk(std::string_view message, const FieldTrie& fields);

  // The nodes a selector met, in document order: none or one without a wildcard. A slot that the last walk's
  // trie does not have is empty. Of a path: its scalars.
  [[nodiscard]] std::span<const JsonNode> nodes(Slot slot) const { return found_.of(slot); }

  // The nodes of all slots: those of one slot stand together, in document order.
  [[nodiscard]] std::span<const JsonNode> nodes() const { return found_.all(); }

  // The elements of arrays that nodes of paths stand in; the first stands for none.
  [[nodiscard]] std::span<const ArrayElement> elements() const;

 private:
  struct State;

  std::unique_ptr<State> state_;
  JsonNodes::Found found_;
};

}  // namespace tocsin::event
