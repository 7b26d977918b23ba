// JSON as patterns are written in: a tree in which each value knows its place, and keys may stand twice.
//
//   text of an event pattern --read_pattern_json()--> PatternValue --> event_pattern.cc
//
// Pure. A fault names its place in the text; its words are near those of the parser behind EventBridge.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"
#include "engine/event/selector.h"

namespace tocsin::filters {

struct PatternMember;

struct PatternValue {
  event::NodeKind kind = event::NodeKind::Null;
  std::size_t offset = 0;              // of its first byte
  std::size_t size = 0;                // in bytes, quotes included
  std::string text;                    // String: unescaped; true, false, null and numbers: as they stand
  std::vector<PatternMember> members;  // Object: in their order
  std::vector<PatternValue> elements;  // Array

  // Where byte `at` of a string's text stands; its quote where escapes have moved the bytes.
  [[nodiscard]] std::size_t place(std::size_t at) const {
    return kind == event::NodeKind::String && size == text.size() + 2 ? offset + 1 + at : offset;
  }
};

struct PatternMember {
  PatternValue key;  // String
  PatternValue value;
};

[[nodiscard]] std::expected<PatternValue, event::SyntaxError> read_pattern_json(std::string_view text);

}  // namespace tocsin::filters
