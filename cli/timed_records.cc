#include "cli/timed_records.h"

#include <algorithm>
#include <numeric>

namespace tocsin::cli {

RecordTime::RecordTime(event::DecodeSettings settings) : settings_(std::move(settings)) {
  settings_.age_limits = false;
  settings_.accounts.clear();
  if (settings_.log_group.empty()) settings_.log_group = "produce";
  if (settings_.time.from == event::TimeRule::From::Arrival)
    settings_.time.from = event::TimeRule::From::Default;
}

EventTime RecordTime::of(std::string_view record) {
  one_.records.assign(1, {.value = record, .timestamp = {}, .offset = 0});
  of(one_, times_);
  return times_.front();
}

void RecordTime::of(event::RawBatch& batch, std::vector<EventTime>& times) {
  batch.read_at = wall_now();
  times.assign(batch.records.size(), event::kInheritTime);
  for (std::size_t i = 0; i < batch.records.size();) {
    const std::size_t end = decoder_.decode(batch, settings_, events_, i);
    auto event = events_.events.begin();
    for (; i < end; ++i) {
      for (; event != events_.events.end() && event->position.offset == batch.records[i].offset; ++event)
        times[i] = std::max(times[i], event->time);
    }
  }
}

TimedRecords::TimedRecords(const std::vector<source::SourceSettings>& sources,
                           const std::vector<runtime::ReplayInput>& inputs)
    : inputs_(inputs), cursors_(inputs.size()) {
  for (const source::SourceSettings& source : sources) times_.emplace_back(source.decode);
  for (std::uint32_t i = 0; i < inputs.size(); ++i) order_.push({kNever, i});
}

Result<std::optional<TimedRecord>> TimedRecords::next() {
  while (!order_.empty()) {
    const std::uint32_t index = order_.top().second;
    order_.pop();
    const auto more = ensure_record(index);
    if (!more) return std::unexpected(more.error());
    if (!*more) continue;
    Cursor& cursor = cursors_[index];
    const EventTime time = cursor.times[cursor.at];
    const std::string_view value = cursor.batch.records[cursor.at].value;
    ++cursor.at;
    if (time != event::kInheritTime) cursor.last = time;
    order_.push({cursor.last, index});
    bytes_ += value.size();
    return TimedRecord{value, cursor.last, time != event::kInheritTime, index};
  }
  return std::nullopt;
}

// The next record of a partition, in `times[at]`; false at its end.
Result<bool> TimedRecords::ensure_record(std::uint32_t index) {
  Cursor& cursor = cursors_[index];
  while (cursor.at == cursor.times.size()) {
    if (cursor.read_to_end) {
      cursor = Cursor{};
      cursor.read_to_end = true;
      return false;
    }
    if (!cursor.reader) {
      auto reader = inputs_[index].partition.open();
      if (!reader) return std::unexpected(reader.error());
      cursor.reader = std::move(*reader);
    }
    auto batch = cursor.reader->read();
    if (!batch) return std::unexpected(batch.error());
    cursor.batch = std::move(*batch);
    cursor.read_to_end = cursor.batch.last;
    cursor.at = 0;
    const auto& refused = cursor.batch.rejects.counts;
    refused_ += std::accumulate(std::begin(refused), std::end(refused), std::uint64_t{0});
    times_[inputs_[index].source].of(cursor.batch, cursor.times);
  }
  return true;
}

}  // namespace tocsin::cli
