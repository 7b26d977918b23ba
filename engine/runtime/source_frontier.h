// Where one source's time stands: the moment before which everything has been seen, from what its partitions
// tell.
//
// A partition that is caught up, proven by an answer from its source, has come as far as that proof; one that
// lags has come as far as its newest record, or its last proof if that is later; one that came to its end
// holds nothing back. A topic that nobody reads may hold anything. The least of them, less the source's
// `delay`, is the source's frontier, which alarms are judged up to. Silence is heard that way, and lag is
// never mistaken for it; nor is a source that does not answer.
//
// A partition that is given up and comes back starts anew. The frontier may go back with it, and with one
// that is added; the shard keeps the furthest that it was ever told.
//
// Pure: the clock is a parameter. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

// Why a source's time stands behind the clock.
struct FrontierHold {
  enum class Reason : std::uint8_t {
    Unanswered,    // the source does not answer, or nothing has been heard of it yet
    NoPartitions,  // it owns none, or none of `topic`: others have them all, or nothing there has its name
    Lagging,       // more is there than has been read
  };
  Reason reason = Reason::Unanswered;
  std::string topic;                       // of which nothing is heard; empty: it is not for that
  std::optional<std::uint32_t> partition;  // the source's number of the one that is furthest behind
  Duration behind{0};  // the clock less what the frontier has come to, `delay` not counted; `still` where
                       // nothing is known
  Duration still{0};   // for how long the frontier has not moved
};

class SourceFrontier {
 public:
  // `needs_partitions`: a source that owns no partition knows nothing (Kafka), rather than that there is
  // nothing (files).
  SourceFrontier(Duration delay, bool needs_partitions)
      : delay_(delay), needs_partitions_(needs_partitions) {}

  // A partition was met that no status has named: nothing is known until one does.
  void on_met() { unnamed_ = true; }
  // Data of a partition was consumed: its newest record's and event's times.
  // What lies after `now` tells nothing: a producer's clock must not push time.
  void on_data(std::uint32_t partition, EventTime newest_record, EventTime newest_event, WallTime now);
  void on_status(const source::SourceStatus& status, WallTime at);
  // The clock was wrongly ahead and is back at `now`: what was proven beyond that was not.
  void on_clock_taken_back(WallTime now);

  // kNever while nothing is known; kForever when every partition has come to its end.
  [[nodiscard]] EventTime value() const { return least().time; }

  // Nothing while time moves with the clock: answers take a moment, and `kInTime` is not behind.
  [[nodiscard]] std::optional<FrontierHold> hold(WallTime now) const;
  static constexpr Duration kInTime = std::chrono::seconds(5);

 private:
  struct Reached {
    EventTime newest = kNever;  // of what was consumed
    EventTime proven = kNever;  // when the partition was last caught up
  };
  struct Least {
    EventTime time = kNever;  // less the delay
    const source::Progress* partition = nullptr;
  };
  [[nodiscard]] Least least() const;
  void note_move(WallTime now);

  Duration delay_;
  bool needs_partitions_;
  std::vector<Reached> reached_;                           // of each partition met
  std::optional<std::vector<source::Progress>> progress_;  // of those owned now
  std::vector<std::string> unheard_;                       // topics
  bool unnamed_ = false;                                   // somebody was met that `progress_` does not have
  bool connected_ = true;
  WallTime status_at_{};
  EventTime furthest_ = kNever;       // that value() ever was
  std::optional<WallTime> moved_at_;  // when it came to that
};

}  // namespace tocsin::runtime
