// A dead letter: an item that could not become an event, kept so that a person can look at it, mend it and have it read again.
//
//   Source, Decoder --DeadLetter--> runtime::Live --> the `dead_letters:` destination --> `run --replay-dead-letters`
//
// It owns its bytes: what it came from is long gone when somebody looks. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/time.h"
#include "engine/event/reject.h"

namespace tocsin::event {

struct DeadLetter {
  RejectReason reason = RejectReason::NotJson;
  std::int64_t offset = 0;             // as RawRecord::offset
  std::uint32_t index = 0;             // among the items of one record
  std::optional<EventTime> timestamp;  // the Kafka record's own
  std::string value;                   // the bytes as they stood: the record's, or the element's of an envelope
  std::uint64_t cut_bytes = 0;         // how many of them were let go because they were too many: it cannot be read again then

  // Of an element of an envelope, what the envelope said; empty for a whole record.
  struct Envelope {
    std::string account;
    std::string log_group;
    std::string log_stream;
  };
  std::optional<Envelope> envelope;
};

}  // namespace tocsin::event
