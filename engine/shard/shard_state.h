// The insides of a shard: its series, the alarms judged on them, and what is due when. Private to shard*.cc.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/alarm/transition.h"
#include "engine/metric/window.h"
#include "engine/shard/shard.h"

namespace tocsin::shard {

inline constexpr Duration kMinute = std::chrono::seconds(60);

struct Series {
  Hash128 hash;
  std::uint32_t metric = 0;
  metric::Dimensions dimensions;
  bool counted = false;  // against the metric's maximum: came with data, and is not the overflow series
  metric::Window window;
  EventTime sweep_at = kForever;        // while it is not: when the oldest buckets can go
  EventTime forget_at = kForever;       // while the window is empty
  std::vector<std::uint32_t> machines;  // alarms judged on this series
};

// One alarm over one series: its state, and when it has to be judged next.
struct Machine {
  std::uint32_t alarm = 0;
  std::uint32_t series = 0;
  alarm::State state = alarm::State::InsufficientData;
  std::uint64_t transitions = 0;
  EventTime due = kForever;          // kForever: idle until data comes
  EventTime certain_until = kNever;  // rang early: the judgement that confirms it
  EventTime since{};                 // of the last transition, else of its coming into being
  std::string reason;                // of the last transition
};

// Something that a metric has to do once its frontier reaches `time`. At the same time defaults come before
// judgements, which see them; sweeping and forgetting come last.
struct Duty {
  enum class Kind : std::uint8_t { Default, Judge, Sweep, Forget };
  EventTime time{};
  Kind kind = Kind::Judge;
  std::uint32_t index = 0;  // of the default, machine or series
  EventTime minute{};       // Default: the minute to decide

  friend bool operator>(const Duty& a, const Duty& b) {
    return std::tie(a.time, a.kind, a.index, a.minute) > std::tie(b.time, b.kind, b.index, b.minute);
  }
};

struct Metric {
  std::vector<std::uint32_t> alarms;
  Duration retention{0};  // how far back from an instant some alarm looks
  EventTime frontier = kNever;
  std::uint32_t series = 0;  // that count against its maximum
  std::priority_queue<Duty, std::vector<Duty>, std::greater<>> duties;
};

struct Default {
  std::map<EventTime, bool> minutes;  // with events, not decided yet; true: something matched
  EventTime decided_through = kNever;
};

// Whether an alarm is judged on the series with these dimensions.
[[nodiscard]] bool chooses(const alarm::AlarmDefinition& alarm, const metric::Dimensions& dimensions);

struct Shard::State {
  std::shared_ptr<const Definitions> definitions;
  bool report_closed = false;
  bool started = false;
  EventTime start = kNever;
  std::vector<EventTime> source_frontier;
  std::vector<Metric> metrics;
  std::vector<Series> series;
  absl::flat_hash_map<Hash128, std::uint32_t> series_by_hash;
  std::vector<Machine> machines;
  std::vector<std::uint32_t> free_series;  // forgotten ones, whose places are taken again
  std::vector<std::uint32_t> free_machines;
  std::vector<Default> defaults;
  // What came since the last tick for alarms that may ring early: machine and bucket, and the newest event.
  std::map<std::pair<std::uint32_t, EventTime>, EventTime> unproven;
  Counts counts;
  StateCounts state_counts{};
  std::vector<metric::StatisticSet> periods;  // kept for their memory, as are the two below
  std::vector<std::optional<double>> history;
  std::vector<std::uint32_t> chunk_series;

  const alarm::AlarmDefinition& alarm_of(const Machine& machine) const {
    return definitions->alarms[machine.alarm];
  }
  Duration bucket_of(std::uint32_t metric) const { return definitions->metrics[metric].bucket; }

  // The first instant at which an alarm is judged after everything that is already settled.
  EventTime next_instant(const alarm::AlarmDefinition& alarm) const;

  void schedule(std::uint32_t index, EventTime due);

  void schedule_sweep(std::uint32_t index);

  std::uint32_t add_machine(std::uint32_t alarm, std::uint32_t series_index);

  std::uint32_t add_series(const Hash128& hash, std::uint32_t metric, const metric::Dimensions& dimensions);

  // A free place, or a new one at the end.
  template <typename T>
  static std::uint32_t place(std::vector<std::uint32_t>& free, std::vector<T>& all) {
    if (free.empty()) {
      all.emplace_back();
      return static_cast<std::uint32_t>(all.size() - 1);
    }
    const std::uint32_t index = free.back();
    free.pop_back();
    return index;
  }

  std::uint32_t find_or_add(std::uint32_t owner, const metric::Dimensions& dimensions);

  bool is_visible(std::uint32_t metric, EventTime bucket) const;

  void add(std::uint32_t index, EventTime bucket, const metric::StatisticSet& statistics,
           const metric::EvidenceSample& evidence, EventTime newest);

  // Data of `bucket` counts from the first instant to come that has the whole bucket behind it.
  EventTime instant_of(const alarm::AlarmDefinition& alarm, EventTime bucket) const;

  void schedule_for(std::uint32_t index, EventTime bucket);

  // Fills `periods` and `history` with what an alarm looks at at `instant`.
  void look_at(const Machine& machine, EventTime instant);

  void judge(std::uint32_t index, EventTime now, Output& out);

  // Rings the alarms that what came since the last tick has made certain. What lies ahead of the clock waits
  // for it: no producer's clock may ring an alarm for a period that has not begun.
  void ring_early(EventTime now, Output& out);

  // Moves the machine to its new state and says why. `periods` and `history` hold what it was judged on.
  // The newest period ends at `end`; `time` before that means that the alarm rings early.
  alarm::Transition transition(Machine& machine, const alarm::Verdict& verdict, EventTime end,
                               EventTime time);

  alarm::Transition begin_transition(Machine& machine, alarm::State to, EventTime now) const;

  void finish_transition(Machine& machine, alarm::Transition& change);

  // The machine of an alarm for the series with these dimensions.
  std::optional<std::uint32_t> find_machine(std::uint32_t alarm, const metric::Dimensions& dimensions) const;

  // The value of the newest period with data that its alarm can see.
  std::optional<double> newest_value(const Machine& machine) const;

  void sweep(std::uint32_t index, EventTime now, Output& out);

  void schedule_forgetting(std::uint32_t index, EventTime now);

  void forget(std::uint32_t index, EventTime now);

  void evict(Series& swept, EventTime before, Output& out) const;

  // A minute that had events: its default value, unless something matched.
  void decide_default(std::uint32_t index, EventTime minute);

  [[nodiscard]] bool is_free(std::uint32_t index) const {
    const auto found = series_by_hash.find(series[index].hash);
    return found == series_by_hash.end() || found->second != index;
  }
  void save_head(WireWriter& out) const;

  // Does everything that is due up to `frontier`, in the order of time.
  void run(std::uint32_t index, EventTime frontier, Output& out);
};

}  // namespace tocsin::shard
