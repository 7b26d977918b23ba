#include "engine/runtime/source_frontier.h"

#include <algorithm>

namespace tocsin::runtime {
namespace {

// `caught_up` stays true once it was proven; what has come since then shows in the end.
bool lags(const source::Progress& partition) {
  if (partition.end && partition.position) return *partition.end > *partition.position;
  return !partition.caught_up;
}

}  // namespace

void SourceFrontier::on_data(std::uint32_t partition, EventTime newest_record, EventTime newest_event,
                             WallTime now) {
  if (partition >= reached_.size()) reached_.resize(partition + std::size_t{1});
  const EventTime newest = newest_record == kNever ? newest_event : newest_record;
  if (newest <= as_event_time(now)) reached_[partition].newest = std::max(reached_[partition].newest, newest);
  note_move(now);
}

void SourceFrontier::on_status(const source::SourceStatus& status, WallTime at) {
  progress_ = status.partitions;
  unnamed_ = false;
  unheard_ = status.unheard;
  connected_ = status.connected;
  status_at_ = at;
  std::vector<Reached> owned;  // what is owned no more is forgotten
  for (const source::Progress& partition : *progress_) {
    if (partition.partition >= owned.size()) owned.resize(partition.partition + std::size_t{1});
    Reached& reached = owned[partition.partition];
    if (partition.partition < reached_.size()) reached = reached_[partition.partition];
    // An answer from before the clock was set back says no more than it would say now.
    const EventTime proven = as_event_time(std::min(partition.at, at));
    if (partition.caught_up) reached.proven = std::max(reached.proven, proven);
  }
  reached_ = std::move(owned);
  note_move(at);
}

void SourceFrontier::on_clock_taken_back(WallTime now) {
  const EventTime latest = as_event_time(now);
  for (Reached& reached : reached_) {
    reached.newest = std::min(reached.newest, latest);
    reached.proven = std::min(reached.proven, latest);
  }
  status_at_ = std::min(status_at_, now);
  furthest_ = std::min(furthest_, least().time);
  moved_at_ = now;
}

SourceFrontier::Least SourceFrontier::least() const {
  if (!progress_ || unnamed_ || !unheard_.empty()) return {};
  if (progress_->empty()) return {needs_partitions_ ? kNever : as_event_time(status_at_) - delay_, nullptr};
  Least least{kForever, nullptr};
  for (const source::Progress& partition : *progress_) {
    if (partition.finished) continue;
    const Reached& reached = reached_[partition.partition];
    const EventTime time = std::max(reached.newest, reached.proven);
    if (time < least.time) least = {time, &partition};
  }
  if (least.time != kNever && least.time != kForever) least.time -= delay_;
  return least;
}

std::optional<FrontierHold> SourceFrontier::hold(WallTime now) const {
  const Least least = this->least();
  if (least.time == kForever || unnamed_) return std::nullopt;  // the status comes at once
  FrontierHold hold;
  hold.still = moved_at_ ? std::max(Duration{0}, now - *moved_at_) : Duration{0};
  hold.behind = least.time == kNever ? hold.still : as_event_time(now) - (least.time + delay_);
  if (least.time != kNever && hold.behind <= kInTime) return std::nullopt;
  if (least.partition != nullptr) hold.partition = least.partition->partition;
  if (!unheard_.empty()) hold.topic = unheard_.front();
  const bool none = progress_ && progress_->empty() && needs_partitions_;
  if (connected_ && (none || !unheard_.empty())) {
    hold.reason = FrontierHold::Reason::NoPartitions;
  } else if (connected_ && least.partition != nullptr && lags(*least.partition)) {
    hold.reason = FrontierHold::Reason::Lagging;
  }
  return hold;
}

void SourceFrontier::note_move(WallTime now) {
  const EventTime time = least().time;
  if (moved_at_ && time <= furthest_) return;
  furthest_ = std::max(furthest_, time);
  moved_at_ = now;
}

}  // namespace tocsin::runtime
