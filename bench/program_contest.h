// Whole programs, from start to exit: the demo's backtest beside the least that any reader of its files has
// to do, and `tocsin match` beside jq and ripgrep for one condition.
#pragma once

#include <filesystem>
#include <vector>

#include "bench/json_contest.h"
#include "bench/targets.h"

namespace tocsin::bench {

struct Programs {
  std::filesystem::path tocsin;      // the program
  std::filesystem::path walk_bound;  // the bound's
  std::filesystem::path demo;        // the folder with the demo's day
};

[[nodiscard]] bool run_program_contest(const ContestSettings& settings, const Programs& programs,
                                       std::vector<Target>& targets);

}  // namespace tocsin::bench
