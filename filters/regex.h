// Regular expressions as filters use them: RE2, so that no text and no expression takes more than linear time
// and bounded memory.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "engine/event/predicate.h"
#include "engine/event/selector.h"

namespace tocsin::filters {

// Compiles an expression in RE2's syntax. One whose program is so large that texts made for it would take
// seconds is refused. A fault's offset is in bytes from the start of `source`.
[[nodiscard]] std::expected<event::Regex, event::SyntaxError> compile_regex(std::string source);

// Translates what stands between the percent signs of a filter pattern's `%…%` and compiles it. That language
// is a small one: no groups, no look-around, no lazy repetitions, few characters; what it has means the same
// in RE2 after a little quoting, except that '.' is any character, a line end too. A fault's offset is in
// bytes from the start of `body`.
[[nodiscard]] std::expected<event::Regex, event::SyntaxError> compile_percent_regex(std::string_view body);

}  // namespace tocsin::filters
