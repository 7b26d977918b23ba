// A log event: the first of the engine's three waists. Every source and envelope ends here, every filter starts here.
//
// An event does not own its texts: they live in the batch that holds it. Plain values, no thread rule of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/dead_letter.h"
#include "engine/event/reject.h"

namespace tocsin::event {

enum class Kind : std::uint8_t {
  Text,            // a line
  Json,            // a JSON object of no known kind
  CloudTrail,      // a CloudTrail record
  BusEvent,        // an EventBridge event
  S3Notification,  // one record of an S3 event notification
  BackupNotice,    // what AWS Backup tells the SNS topic of a vault, as JSON (docs/semantics.md)
  AlarmMessage,    // a CloudWatch alarm's message
  VpcFlow,         // a line of VPC Flow Logs, or the object of its fields
  LambdaPlatform,  // what Lambda itself logs: START, END, REPORT, platform.*
};

// Where an event came from, so that a person can find it again.
struct Position {
  std::uint32_t partition = 0;  // index into the engine's partition table
  std::int64_t offset = 0;      // as RawRecord::offset
  std::uint32_t index = 0;      // among the items of one record, from 0
  auto operator<=>(const Position&) const = default;
};

// The time of an event that has none of its own and takes that of the event before it in its partition; where there is none
// before, the event is rejected as no_time. Only the consumer of the batches knows the event before the first of a batch.
inline constexpr EventTime kInheritTime = kNever;

struct Event {
  EventTime time = kInheritTime;
  Kind kind = Kind::Text;
  bool enveloped = false;       // log group and stream, perhaps the account are what an envelope said
  std::string_view message;     // what filters match: the text, or the JSON of the record as it stood
  std::string_view account;     // 12 digits, or empty when the event does not say
  std::string_view region;
  std::string_view log_group;   // never empty
  std::string_view log_stream;
  Position position;
};

struct EventBatch {
  std::uint32_t partition = 0;
  std::vector<Event> events;                       // in the partition's order
  RejectCounts rejects;                            // records and events refused before any filter saw them
  ItemCounts items;                                // what became of everything that was read
  std::vector<DeadLetter> dead;                    // one for each of items.dead
  std::vector<DeadLetter> untimed;                 // of the events before the batch's first that has a time: what is left of
                                                   // them if nothing before the batch has one either
  std::vector<std::unique_ptr<std::string>> owned; // texts that had to be inflated or unescaped
  std::shared_ptr<void> bytes;                     // the raw batch's bytes

  // Empties the batch and keeps its memory for the next one.
  void clear() {
    events.clear();
    rejects = {};
    items = {};
    dead.clear();
    untimed.clear();
    owned.clear();
    bytes.reset();
  }
};

}  // namespace tocsin::event
