// What chunks have taken in of each partition, at some record of the log; and whether time had come further
// than that allows.
//
// The truth about time, from outside: a partition of which nothing is missing holds nothing back, and one
// that lags has come as far as the first record that is missing. What lags may be taken for as old as its
// newest record says (SourceFrontier): its producers' word is all there is.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/topic.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

class Coverage {
 public:
  // Both outlive it.
  Coverage(const World& world, const std::deque<Topic>& topics) : world_(world), topics_(topics) {}

  // The first offset that is not taken in.
  [[nodiscard]] std::int64_t next(const Partition& partition) const;
  void take(const Partition& partition, std::int64_t offset);
  void pass_over(const Partition& partition, std::int64_t offset) { taken_[&partition].next = offset + 1; }

  // What was missing of topic `topic` from before `time`, in a record of the log that was written as number
  // `sequence` at `written`. Nothing: nothing was.
  [[nodiscard]] std::optional<std::string> missing(std::size_t topic, EventTime time, std::uint64_t sequence,
                                                   Duration written) const;

 private:
  struct Taken {
    std::int64_t next = 0;
    EventTime newest = kNever;  // record
  };

  const World& world_;
  const std::deque<Topic>& topics_;
  std::map<const Partition*, Taken> taken_;
};

}  // namespace tocsin::simulation
