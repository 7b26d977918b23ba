// Matching on text: a hundred regexes over a service's log, beside the libraries that do just that, and
// mtail.
#pragma once

#include <vector>

#include "bench/json_contest.h"
#include "bench/targets.h"

namespace tocsin::bench {

[[nodiscard]] bool run_text_contest(const ContestSettings& settings, std::vector<Target>& targets);

}  // namespace tocsin::bench
