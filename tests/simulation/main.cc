// Runs seeds of the simulation and says what it saw.
//
//   simulation [--seeds N] [--from K]   the rules as they are: each seed twice, for the same trace
//   simulation --ablations [--seeds N]  planted faults: each is found within N seeds
//   simulation_… --fails [--seeds N]    a program with a fault in the engine: it is found within N seeds
//
// A seed that fails is run again with ever fewer faults, and told with those that it takes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/simulation/run.h"

namespace tocsin::simulation {
namespace {

constexpr std::array kAblations = {
    std::pair(Ablation::AppendBeforeStoring, "append returns before it has stored"),
    std::pair(Ablation::AppendStoresAndFails, "append stores and fails"),
    std::pair(Ablation::AppendHalf, "append stores half of a commit"),
    std::pair(Ablation::AckLost, "acknowledgements are lost"),
    std::pair(Ablation::ConfigLost, "definitions are lost"),
    std::pair(Ablation::TrimTooFar, "trim goes too far"),
    std::pair(Ablation::SnapshotWithoutOutbox, "snapshot without outbox"),
    std::pair(Ablation::SnapshotStale, "stale snapshot"),
    std::pair(Ablation::DamageUnseen, "damaged snapshot is used"),
    std::pair(Ablation::SettledBeforeDelivered, "settled before delivered"),
    std::pair(Ablation::DroppedUnsettled, "overflow is not settled"),
    std::pair(Ablation::NewestFirst, "newest notification first"),
    std::pair(Ablation::ComposedAnew, "each process words anew"),
    std::pair(Ablation::ResumeSkips, "source skips a record"),
    std::pair(Ablation::NewNames, "no position filter: partitions under other names"),
    std::pair(Ablation::GapUntold, "retention gap is not told"),
};

// Takes away faults for as long as it still fails.
Scenario minimise(Scenario scenario, Ablation ablation) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
      Scenario less = scenario;
      less.faults.erase(less.faults.begin() + static_cast<std::ptrdiff_t>(i));
      if (!run(less, ablation).violation) continue;
      scenario = std::move(less);
      smaller = true;
      break;
    }
  }
  return scenario;
}

void tell_failure(const Scenario& scenario, const Outcome& outcome) {
  fmt::print("seed {} fails: {}\n", scenario.seed, *outcome.violation);
  const Scenario least = minimise(scenario, Ablation::None);
  fmt::print("  it takes {} of {} faults: {}\n", least.faults.size(), scenario.faults.size(),
             *run(least).violation);
  for (const Fault& fault : least.faults) fmt::print("    {}\n", to_text(fault));
}

int run_seeds(std::uint64_t from, std::uint64_t seeds) {
  const auto begun = std::chrono::steady_clock::now();
  Outcome all;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = from; seed < from + seeds && failed < 10; ++seed) {
    const Scenario scenario = make_scenario(seed);
    const Outcome outcome = run(scenario);
    if (outcome.violation) {
      ++failed;
      tell_failure(scenario, outcome);
    } else if (run(scenario).trace != outcome.trace) {
      ++failed;
      fmt::print("seed {} fails: two runs of it differ\n", seed);
    }
    std::fflush(stdout);
    all.add(outcome);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print(
      "seeds {} from {}, each run twice: {} failed; of the first runs: {} events, {} processes, {} crashes, "
      "{} records, {} transitions, {} deliveries of which {} repeats, {} late; {:.1f} s, {:.0f} events/s\n",
      seeds, from, failed, all.events, all.processes, all.crashes, all.records, all.transitions,
      all.deliveries, all.repeats, all.late, took.count(),
      2 * static_cast<double>(all.events) / took.count());
  return failed == 0 ? 0 : 1;
}

int find_failure(std::uint64_t from, std::uint64_t seeds) {
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const Outcome outcome = run(make_scenario(seed));
    if (!outcome.violation) continue;
    fmt::print("found by seed {}: {}\n", seed, *outcome.violation);
    return 0;
  }
  fmt::print("not found within {} seeds\n", seeds);
  return 1;
}

int run_ablations(std::uint64_t seeds) {
  int missed = 0;
  for (const auto& [ablation, name] : kAblations) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= seeds && !found; ++seed) {
      const Outcome outcome = run(make_scenario(seed), ablation);
      if (!outcome.violation) continue;
      found = true;
      fmt::print("{:<50} seed {:>4}: {}\n", name, seed, *outcome.violation);
    }
    if (!found) fmt::print("{:<50} not found within {} seeds\n", name, seeds);
    std::fflush(stdout);
    missed += found ? 0 : 1;
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tocsin::simulation

int main(int argc, char** argv) {
  std::uint64_t seeds = 0;
  std::uint64_t from = 1;
  bool ablations = false;
  bool fails = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--ablations") {
      ablations = true;
    } else if (option == "--fails") {
      fails = true;
    } else if (option == "--seeds" && i + 1 < argc) {
      seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--from" && i + 1 < argc) {
      from = std::strtoull(argv[++i], nullptr, 10);
    } else {
      fmt::print(stderr, "usage: {} [--ablations | --fails] [--seeds N] [--from K]\n", argv[0]);
      return 2;
    }
  }
  using namespace tocsin::simulation;
  if (fails) return find_failure(from, seeds == 0 ? 1'000 : seeds);
  return ablations ? run_ablations(seeds == 0 ? 1'000 : seeds) : run_seeds(from, seeds == 0 ? 300 : seeds);
}
