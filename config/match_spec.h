// What metric filters and event rules have in common: the log groups they look at, and the pattern of what
// they match.
#pragma once

#include <optional>

#include "config/document.h"
#include "config/sections.h"
#include "engine/runtime/matcher.h"
#include "filters/filter_language.h"

namespace tocsin::config {

// Reads `log_groups` and the one language of `map` into `spec`. What `$…` resolves against; nothing where the
// text is faulty, which has been reported.
[[nodiscard]] std::optional<filters::CompiledFilter> read_match(const Node& map, runtime::MatchSpec& spec,
                                                                Load& load);

}  // namespace tocsin::config
