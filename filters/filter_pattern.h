// CloudWatch Logs' filter patterns: terms, `{ JSON }`, `[space, delimited]`, `%regex%`.
//
// compile_filter_pattern() finds out which of the kinds a text is; each kind has a file of its own.
// Semantics: the published ones; tests/conformance/filter_pattern.json is the specification, to change a rule
// change a row there first.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "filters/filter_language.h"

namespace tocsin::filters {

inline constexpr std::size_t kMaxPatternCharacters = 1024;  // code points

[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_filter_pattern(std::string_view text);

// The kinds. `text` is the whole pattern, for the places of faults; [begin, end) is the part without white
// space around it.
[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_terms(std::string_view text,
                                                                              std::size_t begin,
                                                                              std::size_t end);
[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_json_pattern(std::string_view text,
                                                                                     std::size_t begin,
                                                                                     std::size_t end);
[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_delimited_pattern(
    std::string_view text, std::size_t begin, std::size_t end);

}  // namespace tocsin::filters
