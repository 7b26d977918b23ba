// What outlives a simulated process, and what its parts share: the clock, the trace, the list of what went
// wrong, and where the process is made to die.
//
// Used by one thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/time.h"
#include "tests/simulation/scenario.h"

namespace tocsin::simulation {

// What is wrong in the simulated world, planted to show that the checker sees it.
enum class Ablation : std::uint8_t {
  None,
  AppendBeforeStoring,     // the log says that a record is durable, and loses it in a crash
  AppendStoresAndFails,    // the log stores, and says that the disk was full
  AppendHalf,              // of a commit with several records only the first is stored when the disk fills up
  AckLost,                 // acknowledgements do not get into the log
  ConfigLost,              // nor do other definitions
  TrimTooFar,              // the log before the newest snapshot goes, not that before the older one
  SnapshotWithoutOutbox,   // what was to be delivered is not in the snapshot
  SnapshotStale,           // the bytes of the snapshot before, under the new one's number
  DamageUnseen,            // a damaged snapshot is read as if it were whole, and is of another state
  SettledBeforeDelivered,  // a notification counts as delivered when it is submitted
  DroppedUnsettled,        // what waits in a full mailbox is forgotten
  NewestFirst,             // a subscription gets the newest first
  ComposedAnew,            // each process words a notification in its own way
  ResumeSkips,             // a source goes on one record after where it should
  NewNames,                // a source calls its partitions something else after each start
  GapUntold,               // retention overtakes and the source says nothing
  LagCalledSilence,        // a source that lags says that it has everything
  AnswerDatedLate,         // an answer proves what was there when it came, not when it was asked for
  NewFromEnd,              // a partition that is added while running is read from its end
  SilentUnproven,          // a partition without a record never counts as read
};

// A process dies here: unwinds to whoever started it.
struct ProcessCrash {};

// An invariant does not hold.
struct Violation {
  std::string what;
};

template <typename... Args>
void require(bool holds, fmt::format_string<Args...> text, Args&&... args) {
  if (!holds) throw Violation{fmt::format(text, std::forward<Args>(args)...)};
}

class World {
 public:
  static constexpr Duration kStepLimit{1'500};

  Duration passed{0};  // since the start of the run
  Ablation ablation = Ablation::None;
  std::optional<Point> crash_at;
  std::uint64_t crashes = 0;

  [[nodiscard]] WallTime wall() const { return kStart + passed + jumps_.back().offset; }
  void jump(Duration by) { jumps_.push_back({passed, jumps_.back().offset + by}); }
  // The first moment since the start of the run at which the clock on the wall showed `time` or later.
  [[nodiscard]] Duration first_shown(EventTime time) const {
    for (std::size_t i = 0; i < jumps_.size(); ++i) {
      const Duration moment = time - as_event_time(kStart) - jumps_[i].offset;
      if (i + 1 == jumps_.size() || moment < jumps_[i + 1].at) return std::max(moment, jumps_[i].at);
    }
    return passed;
  }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const {
    return std::chrono::steady_clock::time_point{std::chrono::hours(1) + passed};
  }

  void reach(Point point) {
    if (crash_at != point) return;
    crash_at.reset();
    ++crashes;
    throw ProcessCrash{};
  }

  // Adds to what two runs of a seed must have in common.
  void trace(std::string_view what) {
    const Hash128 hash = hash128(what);
    trace_ = (trace_ ^ hash.low) * 0x100000001B3 + hash.high + static_cast<std::uint64_t>(passed.count());
  }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }

 private:
  static constexpr WallTime kStart{std::chrono::milliseconds(1'772'355'600'000)};

  struct Jump {
    Duration at{0};      // since the start of the run
    Duration offset{0};  // of the clock on the wall from then on
  };
  std::vector<Jump> jumps_{{}};
  std::uint64_t trace_ = 0xCBF29CE484222325;
};

}  // namespace tocsin::simulation
