// What operators of event patterns take: texts, wildcards, blocks of addresses, numbers. Values of a pattern
// to tests.
//
// Pure; a fault names its place in the pattern.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/event/selector.h"
#include "engine/event/value_test.h"
#include "filters/pattern_json.h"

namespace tocsin::filters {

using Tested = std::expected<event::ValueTest, event::SyntaxError>;

// A text whose letters may be of either case. `value` is a string.
[[nodiscard]] Tested text_at_any_case(const PatternValue& value, event::TextPart part);

// The texts between the stars of a string; `\*` and `\\` are a star and a backslash.
[[nodiscard]] std::expected<std::vector<std::string>, event::SyntaxError> wildcard_pieces(
    const PatternValue& value);

// "10.0.0.0/8"
[[nodiscard]] Tested address_block(const PatternValue& value);

// [op, number] or [low-op, number, high-op, number]
[[nodiscard]] Tested numeric_range(const PatternValue& list);

// A number that can be compared; one that cannot, as a literal, stands for its text.
[[nodiscard]] std::expected<double, event::SyntaxError> exact_number(const PatternValue& value);
[[nodiscard]] Tested number_literal(const PatternValue& value);

}  // namespace tocsin::filters
