// What `run` does, but for threads, clocks and the outside world: sources' messages come in, notifications
// and offsets to commit go out, time is a parameter. Live runs it with real parts, the simulation with
// others.
//
//   SourceMessage --handle()--> Worker, Engine, Journal --> notify::Deliverer
//                 --step()----> time, telemetry, requests ─┘   offsets to commit
//
// In each step either a message is handled, if ready() says so, or time passes; then step() does what is due.
// Nothing here waits. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/live.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/source_reader.h"
#include "engine/runtime/telemetry.h"
#include "engine/shard/journal.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

class LiveCore {
 public:
  // Everything before `next_offset` of the source's partition may be committed.
  using Commit = std::function<void(std::uint32_t source, std::uint32_t partition, std::int64_t next_offset)>;

  // References outlive the core.
  LiveCore(std::shared_ptr<const Plan> plan, shard::Journal& journal, notify::Deliverer& delivery,
           const LiveOptions& options, std::function<void(const Note&)> note, Commit commit);
  ~LiveCore();

  // First of all: where each source of the plan goes on, by what the journal holds. Changes nothing yet.
  [[nodiscard]] Result<std::vector<std::vector<source::Resume>>> resume();
  // Once the sources are open: tells what was still to be told, and takes on the plan's definitions. Where
  // the journal cannot keep that now it waits, as everything else does, and ready() says no.
  [[nodiscard]] Result<void> begin();

  // Whether a message may be handled: else the journal cannot keep anything, or a dead letter or a rule's
  // event finds no room, and whoever reads waits.
  [[nodiscard]] bool ready() const;

  // An error is the source's, which has ended with it.
  [[nodiscard]] std::optional<Error> handle(SourceMessage message);

  // After each message and at least a few times a second. `reading`: time goes on.
  void step(bool reading);

  // Every source has ended.
  [[nodiscard]] bool all_ended() const;
  // The journal has failed for good.
  [[nodiscard]] const std::optional<Error>& failure() const;

  // A stop: from now on it is always ready, and what cannot be kept is left to the next run.
  void give_up();
  // The last judgement, and what waits is kept and handed over. `stopped`: what time has come to; else, or where
  // all was read by then, to the end of the last event's minute.
  void finish(bool stopped);
  // Then: puts what has no room in a queue where there is room now; how many are left.
  [[nodiscard]] std::uint64_t put_more();
  // After the delivery was drained: what was settled then is kept, and a snapshot. The last commits.
  void close();

  [[nodiscard]] EngineCounts counts() const;
  // After close(): notifications and dead letters that were in no queue when the delivery ended.
  [[nodiscard]] std::uint64_t left() const;
  // Notifications that were rejected, given up or gave way.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace tocsin::runtime
