#include "engine/runtime/source_frontier.h"

#include <algorithm>

namespace tocsin::runtime {

void SourceFrontier::on_data(std::uint32_t partition, EventTime newest_record, EventTime newest_event,
                             WallTime now) {
  if (partition >= newest_.size()) newest_.resize(partition + std::size_t{1}, kNever);
  const EventTime newest = newest_record == kNever ? newest_event : newest_record;
  newest_[partition] = std::max(newest_[partition], std::min(newest, as_event_time(now)));
}

void SourceFrontier::on_status(const source::SourceStatus& status, WallTime at) {
  progress_ = status.partitions;
  status_at_ = at;
}

EventTime SourceFrontier::value() const {
  if (!progress_) return kNever;
  if (progress_->empty()) return needs_partitions_ ? kNever : as_event_time(status_at_) - delay_;
  EventTime least = kForever;
  for (const source::Progress& partition : *progress_) {
    if (partition.finished) continue;
    EventTime reached = kNever;
    if (partition.caught_up) {
      reached = as_event_time(partition.at);
    } else if (partition.partition < newest_.size()) {
      reached = newest_[partition.partition];
    }
    least = std::min(least, reached);
  }
  return least == kNever || least == kForever ? least : least - delay_;
}

}  // namespace tocsin::runtime
