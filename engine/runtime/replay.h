// Replay: history through the engine, as fast as it goes.
//
//   HistoryPartitions --HistoryWorkers--> MatchedBatch --merge--> Engine
//
// The events of all partitions are merged one by one: the partition whose last event is the oldest goes next.
// Time is the minimum, over the partitions that are not finished, of their largest event time less the
// lateness; at the end it runs to `to`, or to the end of the last event's minute. Both are functions of the
// events alone, so that neither the size of batches nor the number of workers changes a byte of the result.
// Memory does not grow with the size of the input, but with the number of partitions whose times overlap.
//
// replay() returns when the history is through; it starts and joins its own threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/partition_table.h"
#include "engine/runtime/plan.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

struct ReplayInput {
  std::uint32_t source = 0;  // index into Plan::sources
  source::HistoryPartition partition;
};

struct ReplayOptions {
  Duration lateness = std::chrono::minutes(15);
  std::optional<EventTime> from;  // events before are passed over; time starts here
  std::optional<EventTime> to;    // events from here on are passed over; time ends here
  unsigned workers = 1;           // the calling thread is one of them
  bool report_closed = false;
  bool age_limits = false;  // those of live sources
  Duration run_on{0};       // how long time goes on after the last event's minute, so that its periods end,
  EventTime present = kForever;  // but not beyond here
};

struct ReplayProgress {
  std::uint64_t records_bytes = 0;  // of the records that the merge has come to
  std::uint64_t events = 0;
  EventTime time = kNever;  // how far time has come
  std::size_t partitions_done = 0;
};

struct ReplayResult {
  EngineCounts counts;
  EventTime first_event = kForever;
  EventTime last_event = kNever;
  EventTime end = kNever;  // where time ended; kNever if there was no event
  bool stopped = false;    // input was left
};

// `partitions` gets the partitions in the order of `inputs`. `progress` is called now and then; `stop` ends
// the replay early (what the merge has come to is judged).
[[nodiscard]] Result<ReplayResult> replay(std::shared_ptr<const Plan> plan, std::vector<ReplayInput> inputs,
                                          const ReplayOptions& options, PartitionTable& partitions,
                                          Listener& listener,
                                          const std::function<void(const ReplayProgress&)>& progress,
                                          const std::atomic<bool>& stop);

}  // namespace tocsin::runtime
