// EventBridge's event patterns: JSON that looks like the events it matches.
//
//   {"source": ["aws.backup"], "detail": {"state": [{"anything-but": "COMPLETED"}]}}
//
//   text --read_pattern_json()--> PatternValue --objects, $or (event_pattern.cc)--> alternatives: path ->
//   matchers
//        --lists of matchers (event_pattern_matchers.cc)--> FieldTest
//
// A pattern is Or over its alternatives, each of which is Jointly over its paths.
// tests/conformance/event_pattern.json is the specification; to change a rule change a row there first.
// Compiling is pure.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/value_test.h"
#include "filters/filter_language.h"
#include "filters/pattern_json.h"

namespace tocsin::filters {

inline constexpr std::size_t kMaxEventPatternCharacters =
    4096;  // code points: the most that EventBridge grants
inline constexpr std::size_t kMaxOrCombinations = 1000;

[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_event_pattern(std::string_view text);

// A wildcard of a list and where it stands.
struct PlacedWildcard {
  std::vector<std::string> pieces;
  std::size_t offset = 0;
};

// The same of a pattern that is read already, whose faults then lack the service's first words.
// `check_wildcards`, if given, is asked about the wildcards of a field, of all alternatives.
using WildcardCheck = bool (*)(const std::vector<PlacedWildcard>&);
[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_pattern(
    const PatternValue& root, WildcardCheck check_wildcards);

// The list that stands for a field. Its wildcards are added to `wildcards`.
[[nodiscard]] std::expected<event::FieldTest, event::SyntaxError> compile_field_matchers(
    const PatternValue& list, std::vector<PlacedWildcard>& wildcards);

// How many partial matches of these wildcards of one field a text can keep alive at once: those that
// EventBridge's own engine would have to follow, which refuses patterns with too many. Wildcards whose texts
// before the first star exclude each other do not add up.
inline constexpr std::size_t kMaxWildcardCost = 10;
[[nodiscard]] std::size_t wildcard_cost(const std::vector<PlacedWildcard>& wildcards);

}  // namespace tocsin::filters
