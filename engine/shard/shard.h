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
// Early truth: an alarm with `early` is also looked at whenever data came that the frontier has not settled
// yet. It rings where no data still to come could take that back; the judgement at the period's end then
// confirms it. Until that one the alarm is not judged again, so it neither goes to OK in between nor rings
// twice.
//
// One shard is used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/base/wire.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"
#include "engine/shard/definitions.h"
#include "engine/shard/record.h"

namespace tocsin::shard {

// A series that has had no data for so long since its last bucket was let go is forgotten, as CloudWatch
// forgets metrics; not while one of its alarms is in ALARM.
inline constexpr Duration kForgetAfter = std::chrono::hours(14 * 24);

// The value of each dimension of the series that takes what goes beyond a metric's maximum of series.
inline constexpr std::string_view kOverflowValue = "__overflow__";

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

  void apply(const Start& start);
  void apply(const Chunk& chunk);
  void apply(const Tick& tick, Output& out);
  [[nodiscard]] SetStateOutcome apply(const SetState& set, Output& out);

  // At the end of history: closes every bucket that is left.
  void close_all(Output& out);

  [[nodiscard]] const Definitions& definitions() const;
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool knows(const Hash128& series) const;
  // Whether an alarm may ring early at `now` on data that lay ahead of the clock when it came.
  [[nodiscard]] bool may_ring_at(EventTime now) const;
  [[nodiscard]] const Counts& counts() const;
  [[nodiscard]] const StateCounts& state_counts() const;
  [[nodiscard]] std::vector<AlarmState> alarm_states() const;  // by alarm, then dimensions

  // Everything that later outputs depend on, in the numbers of its definitions.
  void save(WireWriter& out) const;

  // What save() wrote under the definitions `before`, going on with `definitions`. What both have, by name,
  // is kept: series and windows of a metric, states of an alarm (also where the alarm changed, as CloudWatch
  // keeps them), default values still to decide. What is new begins where time has come to. Where a
  // metric's buckets became coarser they are merged; finer ones take a coarse bucket's data at its start.
  [[nodiscard]] static Result<Shard> load(WireReader& in, const Definitions& before,
                                          std::shared_ptr<const Definitions> definitions,
                                          bool report_closed = false);

  // A digest of what save() writes; the same for equal states, whatever numbers their series have. Takes a
  // few tenths of a microsecond for each series.
  [[nodiscard]] Hash128 digest() const;

 private:
  struct State;
  class Loader;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::shard
