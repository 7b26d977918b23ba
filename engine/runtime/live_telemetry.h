// What Live counts while it works, and what becomes of it: snapshots for other threads, notes about sources
// that stand still, datapoints for alarms on the engine's own metrics.
//
//   Live --on_batch(), on_status(), step()--> LiveTelemetry --Telemetry--> TelemetryBoard
//                                                           └--Chunk--> Engine (own metrics)
//
// Counters are plain numbers: all of it belongs to the engine's thread. A batch costs some additions, never
// an event alone.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/time.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/outbox_feed.h"
#include "engine/runtime/own_metrics.h"
#include "engine/runtime/source_frontier.h"
#include "engine/runtime/stall_watch.h"
#include "engine/runtime/telemetry.h"
#include "engine/runtime/worker.h"

namespace tocsin::runtime {

// Where one source's time stands.
struct SourceTime {
  EventTime frontier = kNever;
  std::optional<FrontierHold> hold;
  std::string partition;  // the name of the hold's, if it has one
};

// Where notifications wait.
struct WaitingPlaces {
  const OutboxFeed& outbox;
  const EventQueue& events;
};

class LiveTelemetry {
 public:
  struct Settings {
    TelemetryBoard* board = nullptr;  // may be null
    Duration stall_limit = std::chrono::minutes(5);
    std::function<WallTime()> now = wall_now;
    std::function<std::uint64_t()> state_bytes;  // on the disk; may be empty
  };

  LiveTelemetry(std::shared_ptr<const Plan> plan, Settings settings, std::function<void(const Note&)> note);

  // A batch with resolved times was consumed; between `before` and `after` are the rejects that it led to.
  void on_batch(std::uint32_t source, const MatchedBatch& batch, const event::RejectCounts& before,
                const event::RejectCounts& after);
  // `partitions` are those of the status, by name.
  void on_status(std::uint32_t source, const source::SourceStatus& status,
                 std::vector<std::string> partitions);
  void on_ended(std::uint32_t source);

  // Called in every step; does its work a few times a second. `times` gives one entry for each source; own
  // metrics are known up to `clock`.
  void step(Engine& engine, const Worker& worker, const WaitingPlaces& places, EventTime clock,
            const std::function<std::vector<SourceTime>()>& times);

  // Shows how things stand, now and without touching the engine.
  std::shared_ptr<const Telemetry> publish(const Engine& engine, const Worker& worker,
                                           const WaitingPlaces& places, const std::vector<SourceTime>& times,
                                           Telemetry::Phase phase);

  // Before this moment own metrics have had all their datapoints.
  [[nodiscard]] EventTime own_frontier() const { return own_frontier_; }
  // Before this moment there are none.
  [[nodiscard]] EventTime own_start() const { return own_start_; }

 private:
  // Events by how late they came, of ten seconds.
  struct LateSlot {
    std::int64_t slot = -1;
    std::uint64_t events = 0;
    double sum_ms = 0;
    Duration greatest{0};
  };
  struct Meter {
    SourceTelemetry seen;
    std::array<LateSlot, 6> late;
    StallWatch stall;
  };

  void watch_stalls(const std::vector<SourceTime>& times);
  void feed_own_metrics(Engine& engine, const Telemetry& telemetry, EventTime clock);
  [[nodiscard]] std::optional<SourceTelemetry::Lateness> lateness_of(const Meter& meter) const;
  [[nodiscard]] Duration steady() const;

  const std::shared_ptr<const Plan> plan_;
  const Settings settings_;
  const std::function<void(const Note&)> note_;
  const WallTime configured_at_;
  const std::chrono::steady_clock::time_point origin_ = std::chrono::steady_clock::now();
  std::vector<Meter> meters_;  // of each source
  OwnMetricFeed own_;
  EventTime own_start_;
  EventTime own_frontier_;
  std::optional<Duration> last_step_;
  std::optional<Duration> last_process_;
  ProcessFacts process_;
  std::uint64_t state_bytes_ = 0;
};

}  // namespace tocsin::runtime
