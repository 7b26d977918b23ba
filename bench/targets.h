// What the benchmarks are held against: each target with what was measured, or why it could not be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::bench {

struct Target {
  enum class Bound : std::uint8_t { AtMost, AtLeast };
  std::string what;
  Bound bound = Bound::AtMost;
  double limit = 0;
  std::optional<double> measured;
  std::string unit;     // "x", "ms", "MB"
  std::string missing;  // without a measurement: what is not there
};

// A line each, with `ok`, `no` or `missing` at its end.
void print_targets(const std::vector<Target>& targets);

}  // namespace tocsin::bench
