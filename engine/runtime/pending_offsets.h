// What one source has handed over and may not commit yet, and what has to happen before it may.
//
//   consumed --add()--> waits for time --judged()--> waits for deliveries --settled()--> Source::commit()
//
// An offset waits until time has come past its events' bucket, so that everything they lead to was submitted,
// and then until all of that is settled. Offsets of a partition are released in their order.
//
// Pure. Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "engine/base/time.h"
#include "engine/notify/delivery.h"

namespace tocsin::runtime {

class PendingOffsets {
 public:
  using Ticket = notify::Delivery::Ticket;

  // Everything before `next_offset` was consumed; the events since the last call are judged by `judged_by`.
  void add(std::uint32_t partition, std::int64_t next_offset, EventTime judged_by) {
    auto& waiting = waiting_[partition];
    if (!waiting.empty() && waiting.back().judged_by == judged_by && !waiting.back().ticket) {
      waiting.back().next_offset = next_offset;
    } else {
      waiting.push_back({next_offset, judged_by, std::nullopt});
    }
  }

  // Everything before `time` is judged, and what that led to has tickets up to `last`.
  void judged(EventTime time, Ticket last) {
    for (auto& [partition, waiting] : waiting_) {
      for (Pending& pending : waiting) {
        if (!pending.ticket && time >= pending.judged_by) pending.ticket = last;
      }
    }
  }

  // All tickets up to `ticket` are settled: passes on what may be committed now.
  void settled(Ticket ticket,
               const std::function<void(std::uint32_t partition, std::int64_t next_offset)>& commit) {
    for (auto& [partition, waiting] : waiting_) {
      while (!waiting.empty() && waiting.front().ticket && *waiting.front().ticket <= ticket) {
        commit(partition, waiting.front().next_offset);
        waiting.pop_front();
      }
    }
  }

 private:
  struct Pending {
    std::int64_t next_offset = 0;
    EventTime judged_by{};         // time has to come this far
    std::optional<Ticket> ticket;  // then everything submitted until then has to be settled
  };
  std::map<std::uint32_t, std::deque<Pending>> waiting_;  // of each of the source's partitions, in its order
};

}  // namespace tocsin::runtime
