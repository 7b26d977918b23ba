// A JSON reader that is slow and obviously right: the oracle's.
//
// It shares no code with JsonView, so that each can be tested against the other. Recursive descent over
// single bytes into a tree that owns its texts; same rules: one value and nothing after it, UTF-8, depth up
// to kMaxDepth, the last of two equal keys wins (and stands where the last one stood), numbers keep their
// text, half of a surrogate pair becomes U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"
#include "engine/event/selector.h"

namespace tocsin::event {

struct PlainJson {
  NodeKind kind = NodeKind::Null;
  std::string text;                 // as JsonNode::text
  std::vector<PlainJson> children;  // elements of an array, values of an object's members
  std::vector<std::string> keys;    // of an object's members
};

[[nodiscard]] std::optional<PlainJson> read_plain_json(std::string_view text);

// The nodes that a selector meets, in document order.
[[nodiscard]] std::vector<const PlainJson*> select(const PlainJson& root, const Selector& selector);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace tocsin::event
