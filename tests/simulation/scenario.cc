#include "tests/simulation/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/simulation/random.h"

namespace tocsin::simulation {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kKindNames = {
    "crash",      "stop",          "configure",     "disk full",    "snapshot damage",
    "disconnect", "sink down",     "sink time-out", "sink rejects", "clock jump",
    "retention",  "add partition", "recreate",      "lag",          "leader away"};
constexpr std::array<std::string_view, kPoints> kPointNames = {
    "step",        "before append", "after append", "before put",   "after put",
    "before trim", "after trim",    "submit",       "take settled", "commit"};

}  // namespace

std::string to_text(const Fault& fault) {
  std::string text =
      fmt::format("{} at {}", kKindNames[static_cast<std::size_t>(fault.kind)], format_duration(fault.at));
  if (fault.kind == Fault::Kind::Crash) {
    text += fmt::format(", {}", kPointNames[static_cast<std::size_t>(fault.point)]);
  } else {
    text += fmt::format(", length {} ms, target {}", fault.length.count(), fault.target);
  }
  return text;
}

Scenario make_scenario(std::uint64_t seed) {
  Random random(seed ^ 0x5CEA5CEA);
  Scenario scenario{seed, {}};
  const auto kind_count = static_cast<std::int64_t>(kFaultKinds);
  for (std::int64_t left = random.between(0, 14); left > 0; --left) {
    Fault fault;
    // Half of them are crashes.
    if (!random.chance(50)) fault.kind = static_cast<Fault::Kind>(random.between(1, kind_count - 1));
    fault.at = Duration{random.between(1'000, kActive.count() - 1'000)};
    fault.point = static_cast<Point>(random.below(kPoints));
    fault.target = random.below(1'000);
    fault.length = Duration{random.between(1'000, 240'000)};
    if (fault.kind == Fault::Kind::ClockJump) {
      fault.length = Duration{random.between(-1'800'000, 1'800'000)};
    }
    scenario.faults.push_back(fault);
  }
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) scenario.faults[i].number = i;
  return scenario;
}

}  // namespace tocsin::simulation
