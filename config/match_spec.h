// What metric filters and event rules have in common: the log groups they look at, and the pattern of what
// they match.
#pragma once

#include <optional>

#include "config/document.h"
#include "config/faults.h"
#include "config/pattern_text.h"
#include "config/sections.h"
#include "engine/runtime/matcher.h"
#include "filters/filter_language.h"

namespace tocsin::config {

// Reads `log_groups` and the one language of `map` into `spec`. What `$…` resolves against; nothing where the
// text is faulty, which has been reported.
[[nodiscard]] std::optional<filters::CompiledFilter> read_match(const Node& map, runtime::MatchSpec& spec,
                                                                Load& load);

// Of a pattern that is a mapping: ids of accounts that are numbers there.
void warn_of_unquoted_accounts(const PatternText& pattern, Faults& faults);

}  // namespace tocsin::config
