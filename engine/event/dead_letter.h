// A dead letter: an item that could not become an event, kept so that a person can look at it, mend it and have it read again.
//
//   Source, Decoder --DeadLetter--> runtime::Live --> the `dead_letters:` destination --> `run --replay-dead-letters`
//
// It owns its bytes: what it came from is long gone when somebody looks. Plain values.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/event/reject.h"

namespace tocsin::event {

// What a letter's value is: the whole record, or which piece of it.
enum class Part : std::uint8_t { Record, Document, CloudTrailRecord, FirehoseRecord, LogEvent, Message };
inline constexpr std::array<std::string_view, 6> kPartNames = {
    "record", "document", "cloudtrail_record", "firehose_record", "log_event", "message"};

[[nodiscard]] constexpr std::string_view to_string(Part part) {
  return kPartNames[static_cast<std::size_t>(part)];
}

struct DeadLetter {
  RejectReason reason = RejectReason::NotJson;
  std::int64_t offset = 0;             // as RawRecord::offset
  std::uint32_t index = 0;             // among the items of one record
  std::optional<EventTime>
      timestamp;  // the Kafka record's own, or the one that the envelope gave the element
  std::string value;                   // the bytes as they stood: the record's, or the element's of an envelope
  std::uint64_t cut_bytes = 0;         // how many of them were let go because they were too many: it cannot be read again then

  Part part = Part::Record;
  bool carried = false;  // in a carrier, like SNS or Kinesis: the source's pinned format is not for it

  // What the envelope around a piece said; empty if there was none.
  struct Envelope {
    std::string account;
    std::string log_group;
    std::string log_stream;
  };
  std::optional<Envelope> envelope;
};

// What the letters of one batch may hold: garbage by the million must not become memory. Beyond the bounds
// the letters come all the same, with the start of their value only.
class LetterBudget {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  static constexpr std::size_t kStartBytes = 64;  // kept of a value in any case

  // Gives `letter` the value `bytes`, or as much of it as there is room for.
  void fill(DeadLetter& letter, std::string_view bytes) {
    const bool room = bytes.size() <= kMaxBytes - bytes_;
    const std::size_t kept = room ? bytes.size() : std::min(bytes.size(), kStartBytes);
    letter.value = bytes.substr(0, kept);
    letter.cut_bytes += bytes.size() - kept;
    if (room) bytes_ += kept;
  }

 private:
  std::size_t bytes_ = 0;
};

}  // namespace tocsin::event
