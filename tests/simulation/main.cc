// Runs seeds of the simulation and says what it saw.
//
//   simulation [--seeds N] [--from K]   the rules as they are: each seed twice, for the same trace
//   simulation --once-failed            the same, of the seeds that once showed a fault
//   simulation --ablations [--seeds N]  planted faults: each is found within N seeds
//   simulation_… --fails [--seeds N]    a program with a fault in the engine: it is found within N seeds
//   … --only 2,5                        of each seed's faults only these, by number; `none`: without any
//
// A seed that fails is run again with ever fewer faults, and told with those that it takes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    std::pair(Ablation::LagCalledSilence, "lag is called silence"),
    std::pair(Ablation::AnswerDatedLate, "an answer is dated when it comes"),
    std::pair(Ablation::NewFromEnd, "an added partition is read from its end"),
    std::pair(Ablation::SilentUnproven, "a silent partition is never proven"),
};

// Seeds that show a fault which the engine once had, where simulation_fault() plants it again under that
// name.
struct OnceFailed {
  std::uint64_t seed = 0;
  std::string_view planted;
  std::string_view showed;
};
constexpr std::array kOnceFailed = {
    OnceFailed{1, "reread_commits_back", "what a restart read again let committed offsets go back"},
    OnceFailed{73, "letters_without_incarnation",
               "dead letters of two incarnations of a partition had one id"},
    OnceFailed{206, "met_holds_nothing",
               "a partition that was added held no time back until its source spoke of it"},
    OnceFailed{253, "met_holds_nothing", "the same, with some of its records taken in"},
};

// Takes away faults for as long as it still fails.
Scenario minimise(Scenario scenario) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
      Scenario less = scenario;
      less.faults.erase(less.faults.begin() + static_cast<std::ptrdiff_t>(i));
      if (!run(less).violation) continue;
      scenario = std::move(less);
      smaller = true;
      break;
    }
  }
  return scenario;
}

// Says how to see it again, and with how little.
void tell_failure(const Scenario& scenario, const Outcome& outcome) {
  const Scenario least = minimise(scenario);
  std::vector<std::size_t> numbers;
  for (const Fault& fault : least.faults) numbers.push_back(fault.number);
  fmt::print("seed {} fails: {}\n", scenario.seed, *outcome.violation);
  fmt::print("  {} of its {} faults do: {}\n", least.faults.size(), scenario.faults.size(),
             *run(least).violation);
  for (const Fault& fault : least.faults) fmt::print("    {:>2}  {}\n", fault.number, to_text(fault));
  fmt::print("  again: --seeds 1 --from {} --only {}\n", scenario.seed,
             numbers.empty() ? "none" : fmt::format("{}", fmt::join(numbers, ",")));
}

struct Options {
  enum class Mode : std::uint8_t { Seeds, OnceFailed, Ablations, Fails };
  Mode mode = Mode::Seeds;
  std::uint64_t from = 1;
  std::optional<std::uint64_t> seeds;
  std::optional<std::string> only;
};

std::uint64_t number_of(const char* text) { return std::strtoull(text, nullptr, 10); }

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--ablations") {
      options.mode = Options::Mode::Ablations;
    } else if (option == "--fails") {
      options.mode = Options::Mode::Fails;
    } else if (option == "--once-failed") {
      options.mode = Options::Mode::OnceFailed;
    } else if (option == "--seeds" && has_value) {
      options.seeds = number_of(argv[++i]);
    } else if (option == "--from" && has_value) {
      options.from = number_of(argv[++i]);
    } else if (option == "--only" && has_value) {
      options.only = "," + std::string(argv[++i]) + ",";
    } else {
      return std::nullopt;
    }
  }
  return options;
}

Scenario scenario_of(std::uint64_t seed, const Options& options) {
  Scenario scenario = make_scenario(seed);
  if (options.only) {
    std::erase_if(scenario.faults, [&](const Fault& fault) {
      return options.only->find("," + std::to_string(fault.number) + ",") == std::string::npos;
    });
  }
  return scenario;
}

// Each seed twice.
int run_seeds(const std::vector<std::uint64_t>& seeds, const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  Outcome all;
  std::uint64_t failed = 0;
  for (const std::uint64_t seed : seeds) {
    const Scenario scenario = scenario_of(seed, options);
    const Outcome outcome = run(scenario);
    if (outcome.violation) {
      ++failed;
      tell_failure(scenario, outcome);
    } else if (trace_of(scenario) != outcome.trace) {
      ++failed;
      fmt::print("seed {} fails: two runs of it differ\n", seed);
    }
    std::fflush(stdout);
    all.add(outcome);
    if (failed == 10) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print(
      "seeds {} from {}, each run twice: {} failed; of the first runs: {} events, {} processes, {} crashes, "
      "{} records, {} transitions, {} deliveries of which {} repeats, {} late; {:.1f} s, {:.0f} events/s\n",
      seeds.size(), seeds.empty() ? 0 : seeds.front(), failed, all.events, all.processes, all.crashes,
      all.records, all.transitions, all.deliveries, all.repeats, all.late, took.count(),
      2 * static_cast<double>(all.events) / took.count());
  return failed == 0 ? 0 : 1;
}

int run_once_failed(const Options& options) {
  std::vector<std::uint64_t> seeds;
  for (const OnceFailed& once : kOnceFailed) {
    fmt::print("seed {:>4}: {} ({})\n", once.seed, once.showed, once.planted);
    seeds.push_back(once.seed);
  }
  return run_seeds(seeds, options);
}

int find_failure(const std::vector<std::uint64_t>& seeds, const Options& options) {
  for (const std::uint64_t seed : seeds) {
    const Scenario scenario = scenario_of(seed, options);
    const Outcome outcome = run(scenario);
    if (!outcome.violation) continue;
    tell_failure(scenario, outcome);
    return 0;
  }
  fmt::print("not found within {} seeds\n", seeds.size());
  return 1;
}

int run_ablations(const std::vector<std::uint64_t>& seeds, const Options& options) {
  int missed = 0;
  for (const auto& [ablation, name] : kAblations) {
    bool found = false;
    for (std::size_t i = 0; i < seeds.size() && !found; ++i) {
      const Outcome outcome = run(scenario_of(seeds[i], options), ablation);
      if (!outcome.violation) continue;
      found = true;
      fmt::print("{:<50} seed {:>4}: {}\n", name, seeds[i], *outcome.violation);
    }
    if (!found) fmt::print("{:<50} not found within {} seeds\n", name, seeds.size());
    std::fflush(stdout);
    missed += found ? 0 : 1;
  }
  return missed == 0 ? 0 : 1;
}

int answer(const Options& options) {
  const bool plain = options.mode == Options::Mode::Seeds;
  std::vector<std::uint64_t> seeds(options.seeds.value_or(plain ? 300 : 1'000));
  std::iota(seeds.begin(), seeds.end(), options.from);
  switch (options.mode) {
    case Options::Mode::Seeds:
      return run_seeds(seeds, options);
    case Options::Mode::OnceFailed:
      return run_once_failed(options);
    case Options::Mode::Ablations:
      return run_ablations(seeds, options);
    case Options::Mode::Fails:
      return find_failure(seeds, options);
  }
  return 2;
}

}  // namespace
}  // namespace tocsin::simulation

int main(int argc, char** argv) {
  const auto options = tocsin::simulation::parse(argc, argv);
  if (options) return tocsin::simulation::answer(*options);
  fmt::print(stderr,
             "usage: {} [--once-failed | --ablations | --fails] [--seeds N] [--from K] [--only I,J…]\n",
             argv[0]);
  return 2;
}
