// One run of the simulation: processes that live and die on one disk, one set of topics and destinations,
// until everything has come to rest; then the checker looks at what they left behind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/scenario.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

struct Outcome {
  std::optional<std::string> violation;  // none: every invariant held
  std::uint64_t trace = 0;               // the same whenever the scenario is run
  std::uint64_t events = 0;              // that the topics had
  std::uint64_t processes = 0;
  std::uint64_t crashes = 0;
  std::uint64_t records = 0;  // of the log
  std::uint64_t transitions = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t repeats = 0;  // among them
  std::uint64_t late = 0;

  void add(const Outcome& other);
};

[[nodiscard]] Outcome run(const Scenario& scenario, Ablation ablation = Ablation::None);
// Of a run that nobody looks at; one with a violation of its own has another.
[[nodiscard]] std::uint64_t trace_of(const Scenario& scenario);

}  // namespace tocsin::simulation
