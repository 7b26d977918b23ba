// The patterns of `tocsin match`, compiled; and every fault in them, shown with a caret.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cli/match_arguments.h"
#include "filters/filter_language.h"
#include "filters/matcher.h"

namespace tocsin::cli {

// In the order of `patterns`; nothing once every fault in them is told on stderr.
[[nodiscard]] std::optional<std::vector<filters::CompiledFilter>> compile_patterns(
    const std::vector<MatchArguments::Pattern>& patterns);

// For matchers whose matches have the values of each filter's `shown` where `extract` is set, else none.
[[nodiscard]] std::shared_ptr<const filters::MatcherProgram> make_program(
    const std::vector<filters::CompiledFilter>& filters, bool extract);

}  // namespace tocsin::cli
