// Random histories of records, as an engine writes them: for tests of what keeps a state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/shard/state_machine.h"

namespace tocsin::shard {

inline const EventTime kStart = *parse_rfc3339("2026-03-01T09:00:00Z");

inline alarm::AlarmDefinition alarm_on(std::string name, std::uint32_t metric, Duration period,
                                       alarm::Rule rule) {
  alarm::AlarmDefinition alarm;
  alarm.name = std::move(name);
  alarm.metric = metric;
  alarm.period = period;
  alarm.rule = rule;
  alarm.evaluation_range = alarm::default_evaluation_range(rule.evaluation_periods, period);
  return alarm;
}

// Three metrics: one fed by both sources with an alarm for each account, one with a default value and an
// alarm on silence, one in buckets of a second with an early alarm.
inline Definitions definitions() {
  using alarm::AlarmDefinition;
  using alarm::Comparison;
  using alarm::MissingData;
  using std::chrono::minutes;
  using std::chrono::seconds;
  Definitions given;
  given.metrics = {{"App", "Errors", "None", seconds(60), minutes(10), 4},
                   {"App", "Heartbeats", "None", seconds(60), minutes(10), 100},
                   {"App", "Logins", "None", seconds(1), minutes(10), 100}};
  AlarmDefinition each =
      alarm_on("each", 0, minutes(2), {3, Comparison::Greater, 3, 2, MissingData::Missing});
  each.for_each = {"Account"};
  AlarmDefinition fast =
      alarm_on("fast", 2, seconds(10), {4, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  fast.early = true;
  given.alarms = {each, fast,
                  alarm_on("silent", 1, minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching})};
  given.defaults = {{1, 0.5, "beats"}};
  given.sources = {"a", "b", "tocsin"};
  given.metric_sources = {{0, 1}, {0}, {1}};
  return given;
}

inline std::shared_ptr<const Definitions> shared(Definitions given) {
  return std::make_shared<const Definitions>(std::move(given));
}

inline metric::Dimensions account(int number) { return {{"Account", std::to_string(number)}}; }

// A history of records as an engine writes them.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {}

  Record next(const StateMachine& machine) {
    if (!machine.shard().started()) return Start{kStart, Start::Later{2, kStart}};
    if (!machine.untold().empty()) return tell(machine);
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return tick();
      case 3:
        return set_state();
      case 4:
        if (!machine.outbox().empty()) return acknowledge(machine);
        [[fallthrough]];
      default:
        return chunk(machine);
    }
  }

 private:
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }

  Record tick() {
    for (EventTime& time : frontier_) time += std::chrono::seconds(below(90));
    return Tick{frontier_,
                random_() % 3 == 0 ? kNever : *std::max_element(frontier_.begin(), frontier_.end())};
  }

  Record chunk(const StateMachine& machine) {
    Chunk chunk;
    const auto known = static_cast<std::uint32_t>(machine.partitions().size());
    std::uint32_t partition = static_cast<std::uint32_t>(below(3));
    if (partition >= known) {
      partition = known;
      chunk.new_partitions.push_back("p" + std::to_string(known));
    }
    const std::int64_t next = partition < known ? machine.partitions()[partition].next_offset : 0;
    // Now and then what a restart reads again.
    const std::int64_t from = below(10) == 0 ? next - below(3) : next + below(2);
    chunk.covers.push_back({partition, from, from + 1 + below(9), "place", frontier_[0]});
    const Definitions& given = machine.shard().definitions();
    for (std::int64_t left = below(6); left > 0; --left) {
      const auto metric = static_cast<std::uint32_t>(below(static_cast<std::int64_t>(given.metrics.size())));
      const auto& definition = given.metrics[metric];
      const metric::Dimensions dimensions =
          definition.name == "Errors" ? account(static_cast<int>(below(6))) : metric::Dimensions{};
      const Hash128 hash = metric::series_hash(definition.metric_namespace, definition.name, dimensions);
      const EventTime time = frontier_[0] + std::chrono::seconds(below(400) - 200);
      if (std::any_of(chunk.series.begin(), chunk.series.end(),
                      [&](const ChunkSeries& known_series) { return known_series.hash == hash; }))
        continue;
      chunk.series.push_back({hash, metric, dimensions});
      ChunkEntry entry{static_cast<std::uint32_t>(chunk.series.size() - 1),
                       floor_to(time, definition.bucket),
                       {},
                       {},
                       time};
      for (std::int64_t n = 1 + below(4); n > 0; --n) entry.statistics.add(static_cast<double>(below(5)));
      entry.evidence.add({time, partition, 0, from});
      chunk.entries.push_back(entry);
    }
    for (std::uint32_t i = 0; i < given.defaults.size() && below(2) == 0; ++i) {
      chunk.seen.push_back(
          {i, floor_to(frontier_[0] + std::chrono::seconds(below(120) - 60), std::chrono::seconds(60)),
           below(3) == 0});
    }
    chunk.counts = {{"events", static_cast<std::uint64_t>(below(50))}};
    return chunk;
  }

  Record set_state() {
    return SetState{static_cast<std::uint32_t>(below(3)),
                    below(2) == 0 ? metric::Dimensions{} : account(static_cast<int>(below(6))),
                    static_cast<alarm::State>(below(3)), "by hand", frontier_[0]};
  }

  static Record tell(const StateMachine& machine) {
    Outbox outbox;
    for (const alarm::Transition& transition : machine.untold()) {
      outbox.told.push_back(transition.id);
      outbox.entries.push_back(
          {machine.next_number() + outbox.entries.size(), "topic", {"one", "two"}, transition.reason});
    }
    return outbox;
  }

  Record acknowledge(const StateMachine& machine) {
    const auto& [number, entry] = *machine.outbox().begin();
    return Ack{{{number, entry.subscriptions.back(), below(5) != 0}}};
  }

  std::mt19937_64 random_;
  std::vector<EventTime> frontier_ = std::vector<EventTime>(3, kStart);
};

}  // namespace tocsin::shard
