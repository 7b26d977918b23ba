// Live: sources read as they grow, time as it passes, notifications delivered.
//
//   source threads --batches, status--> mailbox --> this thread: Worker, Engine --> notify::Delivery
//         ▲                                              │
//         └──────────── offsets to commit ◄──────────────┘ (once their bucket, a minute mostly, is judged
//                                                        │  and what that led to is settled)
//                                                        └──► LiveTelemetry: what other threads may see
//
// What is known stands in the journal. One that keeps it (`--state`) makes a restart a pause: sources go on
// where the journal's chunks end, and what they hand over twice is dropped by its offset; offsets are
// committed, for people to see, once a chunk is kept. While the journal cannot keep anything (a full disk)
// nothing is read, judged or told. Without one, windows and alarm states end with the process: an offset is
// committed once its bucket is judged and what that led to is settled, and another process counts a period's
// first minutes anew.
//
// Time of a source is a frontier (shards are judged up to it): a partition that is caught up, proven by an
// answer from its source, has come as far as the clock less the source's `delay`, so that silence is heard;
// one that lags has come as far as its newest record; one that does not answer has stopped. The least of its
// partitions is the source's. What a lagging source feeds is not judged meanwhile.
//
// Time never goes back, whatever the wall clock does: a source's time goes on when it answers later than ever
// before. A jump of the clock is told, and one forward is believed once the clock has kept to it
// (clock_watch.h).
//
// What could not be decoded goes to the dead letters' destination, by the same delivery as notifications, and
// its offset waits likewise: nothing that was read is forgotten before it is kept.
//
// run() returns when it is asked to stop (what was read is judged and delivered, within the drain limit),
// when every source has come to its end (then for as long as the destinations take something), or when a
// source fails for good. It starts and joins its own threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/dead_letter_route.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/outbox_feed.h"
#include "engine/runtime/partition_table.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/requests.h"
#include "engine/runtime/telemetry.h"
#include "engine/shard/journal.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

struct LiveOptions {
  Duration drain_limit = std::chrono::seconds(10);
  std::function<WallTime()> now = wall_now;
  // A clock that nobody can set: shows where `now` jumps.
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
  Duration stall_limit = std::chrono::minutes(5);  // a source whose time stands still for so long is told of
  TelemetryBoard* board = nullptr;                 // gets a snapshot a few times a second; may be null
  Requests* requests = nullptr;                    // answered between two steps; may be null
  std::optional<DeadLetterRoute> dead_letters;     // none: they are counted and told, not kept
  OutboxLimits outbox;                             // of each subscription
  std::uint64_t most_events = std::uint64_t{128} << 20;  // bytes of notifications that rules make at once
  std::function<std::uint64_t()> state_bytes;  // of what the journal keeps, on the disk; may be empty
};

struct LiveResult {
  EngineCounts counts;
  std::uint64_t undelivered = 0;  // notifications and dead letters that the drain limit left behind
  std::uint64_t lost = 0;         // notifications that were rejected, given up or gave way
  bool asked_to_stop = false;     // else every source came to its end
};

class Live {
 public:
  // `sources[i]` reads plan->sources[i]. `note` gets what people should see, from any thread. The journal may
  // come from another session or process, with another plan.
  Live(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
       shard::Journal& journal, notify::Delivery& delivery, LiveOptions options,
       std::function<void(const Note&)> note);
  ~Live();

  // `should_stop` is asked a few times a second, on the calling thread.
  [[nodiscard]] Result<LiveResult> run(const std::function<bool()>& should_stop);

 private:
  class Session;
  std::unique_ptr<Session> session_;
};

}  // namespace tocsin::runtime
