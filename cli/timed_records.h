// The records of many files in the order of their times: what `tocsin produce` sends.
//
//   HistoryPartitions --readers, Decoder--> TimedRecords --next()--> one record after the other
//
// As in a backtest the file whose last event is the oldest goes next, so that the order within a file stays.
// A record's time is the latest of its events'; a record without one (no time in its text, not to be decoded)
// has that of the record before it. Memory does not grow with the input. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/decode.h"
#include "engine/runtime/replay.h"

namespace tocsin::cli {

struct TimedRecord {
  std::string_view value;   // until the next call
  EventTime time = kNever;  // kNever: no time is known yet
  bool own_time = false;    // the record says so itself
  std::uint32_t input = 0;
};

// The latest time of the events that a single record holds; kInheritTime if none has one.
class RecordTime {
 public:
  // Age limits do not hold, `accounts` let everybody in, and `time: arrival` means the time that the event
  // says, for arrival is what producing makes of it.
  explicit RecordTime(event::DecodeSettings settings);
  [[nodiscard]] EventTime of(std::string_view record);
  // Of each record.
  void of(event::RawBatch& batch, std::vector<EventTime>& times);

 private:
  event::DecodeSettings settings_;
  event::Decoder decoder_;
  event::RawBatch one_;
  event::EventBatch events_;
  std::vector<EventTime> times_;
};

class TimedRecords {
 public:
  // Both must outlive it. The inputs are opened anew, so a file can be read twice.
  TimedRecords(const std::vector<source::SourceSettings>& sources,
               const std::vector<runtime::ReplayInput>& inputs);

  [[nodiscard]] Result<std::optional<TimedRecord>> next();
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_; }
  [[nodiscard]] std::uint64_t refused_by_reader() const {
    return refused_;
  }  // over-long lines, damaged compression

 private:
  struct Cursor {
    std::unique_ptr<source::PartitionReader> reader;
    event::RawBatch batch;
    std::vector<EventTime> times;
    std::size_t at = 0;
    bool read_to_end = false;
    EventTime last = kNever;
  };
  using Key = std::pair<EventTime, std::uint32_t>;

  Result<bool> ensure_record(std::uint32_t index);

  const std::vector<runtime::ReplayInput>& inputs_;
  std::vector<RecordTime> times_;  // by source
  std::vector<Cursor> cursors_;
  std::priority_queue<Key, std::vector<Key>, std::greater<>> order_;
  std::uint64_t bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tocsin::cli
