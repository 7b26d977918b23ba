// The shard: a deterministic state machine that owns series, alarm states and their transitions.
//
//   Chunk (folded contributions) ─┐
//   Tick (how far time is known) ─┼─► Shard::apply() ──► Output: transitions, closed buckets
//   SetState (by hand) ───────────┘
//
// It knows only what the records applied to it say: no clock, no thread timing, no order of a hash map gets
// in. The same records give the same outputs, byte for byte. Chunks commute between two ticks (exactly, for
// integer sums).
//
// Time here is the frontier: a tick says, for each source, before which moment everything has been seen.
// Alarms are judged at the instants that the frontier passes; late data corrects the buckets that the next
// judgements still look at; later than that it is counted as late.
//
// Early truth: an alarm with `early` is also looked at whenever data came that the frontier has not settled yet.
// It rings where no data still to come could take that back; the judgement at the period's end then confirms
// it. Until that one the alarm is not judged again, so it neither goes to OK in between nor rings twice.
//
// One shard is used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"
#include "engine/base/time.h"
#include "engine/metric/evidence.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"

namespace tocsin::shard {

// What a shard has to know of the plan.
struct Definitions {
  std::vector<metric::MetricDefinition> metrics;
  std::vector<alarm::AlarmDefinition> alarms;
  // Metric filters with a default value: a minute that had events and no match gets one datapoint of it.
  struct Default {
    std::uint32_t metric = 0;
    double value = 0;
  };
  std::vector<Default> defaults;
  std::uint32_t sources = 1;
  std::vector<std::vector<std::uint32_t>> metric_sources;  // of each metric: the sources that may feed it
};

// A series that has had no data for so long since its last bucket was let go is forgotten, as CloudWatch
// forgets metrics; not while one of its alarms is in ALARM.
inline constexpr Duration kForgetAfter = std::chrono::hours(14 * 24);

// The value of each dimension of the series that takes what goes beyond a metric's maximum of series.
inline constexpr std::string_view kOverflowValue = "__overflow__";

// --- records
// ------------------------------------------------------------------------------------------------------------

struct ChunkSeries {
  Hash128 hash;
  std::uint32_t metric = 0;
  metric::Dimensions dimensions;
};

struct ChunkEntry {
  std::uint32_t series = 0;  // index into Chunk::series
  EventTime bucket{};        // its start, aligned to the metric's bucket size
  metric::StatisticSet statistics;
  metric::EvidenceSample evidence;
  EventTime newest{};  // the time of the newest event in it
};

// Events were there for a filter with a default value.
struct ChunkSeen {
  std::uint32_t default_index = 0;  // index into Definitions::defaults
  EventTime minute{};
  bool matched = false;
};

struct Chunk {
  std::vector<ChunkSeries> series;
  std::vector<ChunkEntry> entries;  // one for each series and bucket
  std::vector<ChunkSeen> seen;

  [[nodiscard]] bool empty() const { return entries.empty() && seen.empty(); }
};

struct Tick {
  std::vector<EventTime> frontier;  // one for each source; never goes back (what does is ignored)
  EventTime now = kNever;           // the clock, as far as alarms may ring early; kNever: none does
};

// Somebody sets an alarm's state by hand. The next judgement may change it back.
struct SetState {
  std::uint32_t alarm = 0;
  metric::Dimensions dimensions;  // of the series, as AlarmState::dimensions has them
  alarm::State state = alarm::State::InsufficientData;
  std::string reason;  // at most kMaxReason bytes
  EventTime time{};    // when it was asked for: the transition's
};

enum class SetStateOutcome : std::uint8_t {
  Changed,       // a transition came out
  Unchanged,     // it was in that state
  UnknownState,  // no such alarm, or none for these dimensions (yet)
};

// --- outputs
// ------------------------------------------------------------------------------------------------------------

// A bucket that nothing can change any more.
struct ClosedBucket {
  std::uint32_t metric = 0;
  metric::Dimensions dimensions;
  EventTime start{};
  metric::StatisticSet statistics;
};

struct Output {
  std::vector<alarm::Transition> transitions;  // by time, alarm (as in Definitions), dimensions
  std::vector<ClosedBucket> closed;            // only if asked for
};

struct Counts {
  std::uint64_t datapoints = 0;   // (series, bucket) pairs that got data
  std::uint64_t late = 0;         // contributions that no alarm could see any more
  std::uint64_t overflow = 0;     // contributions that went to an overflow series
  std::uint64_t series = 0;       // that exist now
  std::uint64_t evaluations = 0;  // judgements made
};

// One alarm's state, for people and tests.
struct AlarmState {
  std::uint32_t alarm = 0;
  metric::Dimensions dimensions;
  alarm::State state = alarm::State::InsufficientData;
  std::uint64_t transitions = 0;
  EventTime since{};            // of the last transition, else when it came into being
  std::string reason;           // of the last transition; empty before the first
  std::optional<double> value;  // of the newest period that has data, as far as an alarm looks back
};

// How many alarm states there are of each kind, by alarm::State.
using StateCounts = std::array<std::uint64_t, 3>;

class Shard {
 public:
  // With `report_closed` the output has every bucket once it cannot change any more.
  explicit Shard(std::shared_ptr<const Definitions> definitions, bool report_closed = false);
  ~Shard();
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;

  // The moment at which the alarms come into being; before the first tick. Data from before it is used.
  // Metrics that only `source` feeds, if given, have their alarms come into being at its own, later moment.
  struct Later {
    std::uint32_t source = 0;
    EventTime time{};
  };
  void start(EventTime time, std::optional<Later> later = {});

  void apply(const Chunk& chunk);
  void apply(const Tick& tick, Output& out);
  [[nodiscard]] SetStateOutcome apply(const SetState& set, Output& out);

  // At the end of history: closes every bucket that is left.
  void close_all(Output& out);

  [[nodiscard]] const Counts& counts() const;
  [[nodiscard]] const StateCounts& state_counts() const;
  [[nodiscard]] std::vector<AlarmState> alarm_states() const;  // by alarm, then dimensions

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::shard
