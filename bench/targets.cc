#include "bench/targets.h"

#include <fmt/format.h>

namespace tocsin::bench {
namespace {

std::string measured_text(const Target& target) {
  return target.measured ? fmt::format("{:.2f} {}", *target.measured, target.unit) : "-";
}

std::string verdict(const Target& target) {
  if (!target.measured) return "missing: " + target.missing;
  const bool met = target.bound == Target::Bound::AtMost ? *target.measured <= target.limit
                                                         : *target.measured >= target.limit;
  return met ? "ok" : "no";
}

}  // namespace

void print_targets(const std::vector<Target>& targets) {
  fmt::print("{:<78} {:>14} {:>12}\n", "", "target", "measured");
  for (const Target& target : targets) {
    fmt::print("{:<78} {:>14} {:>12}  {}\n", target.what,
               fmt::format("{} {:g} {}", target.bound == Target::Bound::AtMost ? "<=" : ">=", target.limit,
                           target.unit),
               measured_text(target), verdict(target));
  }
}

}  // namespace tocsin::bench
