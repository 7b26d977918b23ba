// Where one source's time stands: the moment before which everything has been seen, from what its partitions
// tell.
//
// A partition that is caught up, proven by an answer from its source, has come as far as that proof; one that
// lags has come as far as its newest record; one that came to its end holds nothing back. The least of them,
// less the source's `delay`, is the source's frontier, which alarms are judged up to. Silence is heard that
// way, and lag is never mistaken for it.
//
// Pure: the clock is a parameter. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/time.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

class SourceFrontier {
 public:
  // `needs_partitions`: a source that owns no partition knows nothing (Kafka), rather than that there is
  // nothing (files).
  SourceFrontier(Duration delay, bool needs_partitions)
      : delay_(delay), needs_partitions_(needs_partitions) {}

  // Data of a partition was consumed: its newest record's and event's times.
  // What lies after `now` counts as `now`: a producer's clock must not push time.
  void on_data(std::uint32_t partition, EventTime newest_record, EventTime newest_event, WallTime now);
  void on_status(const source::SourceStatus& status, WallTime at);

  // kNever while nothing is known; kForever when every partition has come to its end.
  [[nodiscard]] EventTime value() const;

 private:
  Duration delay_;
  bool needs_partitions_;
  std::vector<EventTime> newest_;                          // of each partition met
  std::optional<std::vector<source::Progress>> progress_;  // of those owned now
  WallTime status_at_{};
};

}  // namespace tocsin::runtime
