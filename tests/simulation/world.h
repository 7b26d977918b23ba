// What outlives a simulated process, and what its parts share: the clock, the trace, the list of what went
// wrong, and where the process is made to die.
//
// Used by one thread.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

  Duration passed{0};        // since the start of the run
  Duration clock_offset{0};  // of the clock on the wall
  Ablation ablation = Ablation::None;
  std::optional<Point> crash_at;
  std::uint64_t crashes = 0;

  [[nodiscard]] WallTime wall() const {
    return WallTime{std::chrono::milliseconds(1'772'355'600'000)} + passed + clock_offset;
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
  std::uint64_t trace_ = 0xCBF29CE484222325;
};

}  // namespace tocsin::simulation
