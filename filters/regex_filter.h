// `regex:` filters: a whole regular expression of RE2 on the message, with groups as fields.
#pragma once

#include <expected>
#include <string_view>

#include "filters/filter_language.h"

namespace tocsin::filters {

// Named groups are the fields `$name`, all groups `$1`, `$2`…, the whole match `$0`.
[[nodiscard]] std::expected<CompiledFilter, event::SyntaxError> compile_regex_filter(std::string_view text);

}  // namespace tocsin::filters
