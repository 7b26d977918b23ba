// The configurations that a run changes between, and what each of them makes of a record.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/metric/statistic.h"
#include "engine/runtime/plan.h"
#include "engine/shard/definitions.h"
#include "tests/simulation/topic.h"

namespace tocsin::simulation {

struct Configured {
  std::shared_ptr<const runtime::Plan> plan;
  shard::Definitions definitions;
  std::string encoded;  // the definitions
  bool big = false;     // has the filter of great values
};

// At least one; each lasts as long as the program.
[[nodiscard]] const std::vector<Configured>& configurations();

inline const std::vector<std::string> kTopics = {"app", "other"};
inline constexpr std::string_view kDeadLetterTopic = "(dead letters)";
inline constexpr std::string_view kEventTopic = "events";

// By the metric's name, its one dimension's value (or nothing) and the minute.
using Contributions = std::map<std::tuple<std::string, std::string, EventTime>, metric::StatisticSet>;
using Ledger = std::map<std::string, std::uint64_t>;

// Whether the record is an event that the rule of every configuration tells.
[[nodiscard]] bool is_told(const std::string& topic, const Entry& entry);

// What the record adds to windows and ledger.
void expect(const Configured& configured, const std::string& topic, const Entry& entry,
            Contributions& contributions, Ledger& ledger);

}  // namespace tocsin::simulation
