// The window of one series: its base buckets, as far back as some alarm still looks.
//
//   shard::Chunk entries --add()--> Window --points()--> alarm::evaluate()
//
// Buckets are aligned to their size from the epoch; one exists only if it has data. A window never looks at a
// clock and knows no lateness: its owner says what is evicted. Owned by one shard, used by its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/time.h"
#include "engine/metric/evidence.h"
#include "engine/metric/statistic.h"

namespace tocsin::metric {

struct Bucket {
  EventTime start{};
  StatisticSet statistics;
  EvidenceSample evidence;
};

class Window {
 public:
  // Merges into the bucket that starts at `start`; true if that is a new bucket.
  bool add(EventTime start, const StatisticSet& statistics, const EvidenceSample& evidence);

  // The `count` periods of length `period` that end at `end`, oldest first: [end - count * period, end).
  void periods(EventTime end, Duration period, std::uint32_t count, std::vector<StatisticSet>& out) const;

  // Evidence of the buckets in [from, to), at most `limit`, in order.
  void collect_evidence(EventTime from, EventTime to, std::size_t limit, std::vector<Evidence>& out) const;

  // When the content of those periods next changes if no more data comes: the earliest moment after `end` at
  // which a bucket enters the newest period, passes from one period to the next, or leaves the last. Nothing:
  // never.
  [[nodiscard]] std::optional<EventTime> next_change(EventTime end, Duration period, std::uint32_t count,
                                                     Duration bucket) const;

  // Drops the buckets that start before `before`; each is shown to `dropped` first, oldest first.
  void evict(EventTime before, const std::function<void(const Bucket&)>& dropped);

  // All of them, by start.
  [[nodiscard]] std::span<const Bucket> buckets() const { return std::span(buckets_).subspan(head_); }

  [[nodiscard]] bool empty() const { return head_ == buckets_.size(); }
  // The start of the oldest bucket; the window must not be empty.
  [[nodiscard]] EventTime oldest() const { return buckets_[head_].start; }

 private:
  // buckets_[head_ …] sorted by start; the part before head_ is evicted and reclaimed when it is half of the
  // vector.
  std::vector<Bucket> buckets_;
  std::size_t head_ = 0;
};

}  // namespace tocsin::metric
