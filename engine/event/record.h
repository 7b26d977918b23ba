// What a source hands over: records as they were stored, before anybody looked inside.
//
//   source::Source --RawBatch--> event::Decoder --EventBatch--> runtime::Matcher
//
// A batch belongs to one partition (a Kafka partition, a file, stdin) and keeps the bytes its records point into. Plain values;
// a batch is moved from thread to thread, never shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/dead_letter.h"
#include "engine/event/reject.h"

namespace tocsin::event {

// One Kafka message, one line, or one element of a CloudTrail file's Records.
struct RawRecord {
  std::string_view value;              // without its line end; points into RawBatch::bytes
  std::optional<EventTime> timestamp;  // the Kafka record's own timestamp
  std::int64_t offset = 0;             // Kafka offset, line number from 1, or index in Records from 0
  // Of a dead letter that is read again, as in DeadLetter: which piece of its record it is, and what the
  // envelope around it said (in RawBatch::bytes, too). Its timestamp is the envelope's then.
  std::uint32_t index = 0;
  Part part = Part::Record;
  bool carried = false;
  const DeadLetter::Envelope* envelope = nullptr;
};

struct RawBatch {
  std::uint32_t partition = 0;          // index into the engine's partition table
  std::uint64_t sequence = 0;           // of this batch in its partition, from 0, without gaps
  WallTime read_at{};                   // when it was read, for age limits
  std::shared_ptr<void> bytes;          // keeps what `value` points into
  std::vector<RawRecord> records;       // in the partition's order
  // Kafka, where a reader was asked for them: the headers of each record.
  std::vector<std::vector<std::pair<std::string, std::string>>> headers;
  RejectCounts rejects;                 // what the source itself had to refuse: over-long lines, damaged compression
  std::vector<DeadLetter> dead;         // one for each of them
  std::int64_t next_offset = 0;         // the first offset after this batch: of Kafka, what to commit once it was handed over
  std::string place;                    // where the source goes on reading after it (source::Resume); may be empty
  bool by_line = true;                  // file: offsets are line numbers (else indexes into Records)
  bool last = false;                    // nothing more will come from this partition
};

}  // namespace tocsin::event
