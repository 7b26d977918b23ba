// What the running engine knows about itself, at one moment.
//
//   LiveTelemetry (the engine's thread) --publish()--> TelemetryBoard --latest()--> metrics page, control
//   socket
//
// A snapshot is immutable: any thread may keep reading one. Counters count from the moment at which the
// configuration was taken up. Plain values; the board may be used by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/reject.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/process_facts.h"
#include "engine/shard/shard.h"

namespace tocsin::runtime {

struct PartitionTelemetry {
  std::string name;  // "org-cloudtrail[3]", or a file's path
  bool caught_up = false;
  bool finished = false;
  std::optional<std::int64_t> position;
  std::optional<std::int64_t> end;
  std::optional<std::int64_t> committed;

  // Records there and not read yet; nothing while the end is not known.
  [[nodiscard]] std::optional<std::uint64_t> lag() const {
    if (!position || !end) return std::nullopt;
    return *end > *position ? static_cast<std::uint64_t>(*end - *position) : 0;
  }
};

struct SourceTelemetry {
  std::string name;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the records' values
  std::uint64_t events = 0;
  event::ItemCounts items;
  event::RejectCounts rejects;                 // but for `late` and `overflow`, which belong to no source
  std::vector<PartitionTelemetry> partitions;  // owned now
  EventTime newest_event = kNever;
  EventTime frontier = kNever;  // kNever: not known yet; kForever: come to its end
  // How long after they happened the events of the last minute came.
  struct Lateness {
    Duration mean{0};
    Duration greatest{0};
  };
  std::optional<Lateness> lateness;
  bool connected = false;
  bool ended = false;
  bool was_caught_up = false;  // at some moment everything that was there had been read
  std::optional<WallTime> stalled_since;
  // Why its time stands behind the clock; nothing while it moves with it.
  struct Held {
    std::string_view reason;  // "unanswered", "no_partitions", "lagging"
    std::string text;         // "org-cloudtrail[3] lags by 7m, 1234 records behind"
    Duration behind{0};
  };
  std::optional<Held> held;
  std::uint64_t rebalances = 0;
  std::uint64_t queued_bytes = 0;

  // Of all partitions; nothing where that is not known of one of them.
  [[nodiscard]] std::optional<std::uint64_t> lag() const;
};

struct FilterTelemetry {
  std::string name;
  std::uint64_t matched = 0;
};

struct RuleTelemetry {
  std::string name;
  std::uint64_t matched = 0;
};

struct SubscriptionTelemetry {
  std::string topic;
  std::string name;
  notify::SubscriptionStatus status;
  std::uint64_t held = 0;  // events of rules that reading waits with until there is room for them
  FilterCounts filtered{};
};

// What the journal keeps (`--state`).
struct StateTelemetry {
  std::uint64_t bytes = 0;         // on the disk
  std::uint64_t outbox = 0;        // notifications and dead letters that are to be delivered to somebody
  std::uint64_t outbox_bytes = 0;  // of them
};

struct Telemetry {
  enum class Phase : std::uint8_t { Running, Stopping };
  Phase phase = Phase::Running;
  WallTime at{};
  WallTime configured_at{};  // when this configuration was taken up
  EngineCounts engine;
  std::uint64_t evaluations = 0;
  shard::StateCounts alarms{};  // by alarm::State
  std::vector<SourceTelemetry> sources;
  std::vector<FilterTelemetry> filters;
  std::vector<RuleTelemetry> rules;
  std::vector<SubscriptionTelemetry> subscriptions;
  ProcessFacts process;
  std::optional<StateTelemetry> state;  // none: nothing is kept
};

// What still has to come before every source has been caught up once; empty: the engine is ready.
[[nodiscard]] std::vector<std::string> awaited(const Telemetry& telemetry);

// An engine that has published nothing for so long does not move.
inline constexpr Duration kStandstill = std::chrono::seconds(10);

class TelemetryBoard {
 public:
  void publish(std::shared_ptr<const Telemetry> telemetry) {
    std::lock_guard lock(mutex_);
    latest_ = std::move(telemetry);
    published_ = std::chrono::steady_clock::now();
  }

  // Null before the first.
  [[nodiscard]] std::shared_ptr<const Telemetry> latest() const {
    std::lock_guard lock(mutex_);
    return latest_;
  }

  // How long ago the newest was published, by a clock that nobody sets.
  [[nodiscard]] Duration age() const {
    std::lock_guard lock(mutex_);
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - published_);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Telemetry> latest_;                                             // guarded by mutex_
  std::chrono::steady_clock::time_point published_ = std::chrono::steady_clock::now();  // guarded by mutex_
};

}  // namespace tocsin::runtime
