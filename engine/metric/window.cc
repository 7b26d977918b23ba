#include "engine/metric/window.h"

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::metric {
namespace {

constexpr auto kByStart = [](const Bucket& bucket, EventTime time) { return bucket.start < time; };

}  // namespace

bool Window::add(EventTime start, const StatisticSet& statistics, const EvidenceSample& evidence) {
  // Data mostly comes in order: the newest bucket first.
  auto at = buckets_.end();
  const auto begin = buckets_.begin() + static_cast<std::ptrdiff_t>(head_);
  if (at != begin && (at - 1)->start >= start) at = std::lower_bound(begin, buckets_.end(), start, kByStart);
  if (at != buckets_.end() && at->start == start) {
    at->statistics.merge(statistics);
    at->evidence.merge(evidence);
    return false;
  }
  buckets_.insert(at, Bucket{start, statistics, evidence});
  return true;
}

void Window::periods(EventTime end, Duration period, std::uint32_t count,
                     std::vector<StatisticSet>& out) const {
  out.assign(count, {});
  const EventTime from = end - period * count;
  const auto begin = buckets_.begin() + static_cast<std::ptrdiff_t>(head_);
  // Forwards, so that a sum of doubles is folded in the order of time.
  for (auto at = std::lower_bound(begin, buckets_.end(), from, kByStart);
       at != buckets_.end() && at->start < end; ++at) {
    out[static_cast<std::size_t>((at->start - from) / period)].merge(at->statistics);
  }
}

void Window::collect_evidence(EventTime from, EventTime to, std::size_t limit,
                              std::vector<Evidence>& out) const {
  const auto begin = buckets_.begin() + static_cast<std::ptrdiff_t>(head_);
  for (auto at = std::lower_bound(begin, buckets_.end(), from, kByStart);
       at != buckets_.end() && at->start < to; ++at) {
    for (const Evidence& evidence : at->evidence.events()) {
      if (out.size() >= limit) return;
      out.push_back(evidence);
    }
  }
}

std::optional<EventTime> Window::next_change(EventTime end, Duration period, std::uint32_t count,
                                             Duration bucket) const {
  std::optional<EventTime> next;
  const auto begin = buckets_.begin() + static_cast<std::ptrdiff_t>(head_);
  for (auto at = std::lower_bound(begin, buckets_.end(), end - period * count, kByStart);
       at != buckets_.end(); ++at) {
    // The bucket enters at start + bucket and passes a border every `period` after that.
    const EventTime enters = at->start + bucket;
    const EventTime change = enters > end ? enters : enters + ((end - enters) / period + 1) * period;
    if (!next || change < *next) next = change;
    if (enters > end || *next == end + bucket)
      break;  // later buckets come later, and nothing is sooner than one bucket
  }
  return next;
}

void Window::evict(EventTime before, const std::function<void(const Bucket&)>& dropped) {
  while (head_ < buckets_.size() && buckets_[head_].start < before) {
    dropped(buckets_[head_]);
    ++head_;
  }
  if (head_ == buckets_.size()) {
    buckets_ = std::vector<Bucket>();  // an idle series keeps no memory
    head_ = 0;
  } else if (head_ > buckets_.size() / 2) {
    buckets_.erase(buckets_.begin(), buckets_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace tocsin::metric
