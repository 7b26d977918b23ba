// The same rules and events through event-ruler, the library behind EventBridge (bench/peers).
#pragma once

#include <filesystem>
#include <vector>

#include "bench/json_contest.h"
#include "bench/targets.h"

namespace tocsin::bench {

// `peers`: where bench/peers/fetch has put what it got. Without event-ruler its targets are missing.
[[nodiscard]] bool run_ruler_contest(const ContestSettings& settings, const std::filesystem::path& peers,
                                     std::vector<Target>& targets);

}  // namespace tocsin::bench
