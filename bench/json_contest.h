// Matching on JSON: mixes of 1 to 10,000 rules, in both languages, on CloudTrail records in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/targets.h"

namespace tocsin::bench {

struct ContestSettings {
  std::size_t events = 20'000;
  std::uint64_t seed = 1;
  std::size_t rounds = 15;
};

// Prints its tables and adds to the targets; false if two programs that should agree on matches do not.
[[nodiscard]] bool run_json_contest(const ContestSettings& settings, std::vector<Target>& targets);

}  // namespace tocsin::bench
