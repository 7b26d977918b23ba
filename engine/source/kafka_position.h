// Where to go on in a partition, from what the group, the topic and this process remember of it. Pure.
//
// Positions and the topic may have parted: retention took records that were not read yet, the topic was
// deleted and created anew, its end was cut off. Each is told apart here, with the range it concerns, because
// each means another loss. Never is a jump passed over in silence.
#pragma once

#include <cstdint>
#include <optional>

namespace tocsin::source {

struct KafkaPositionFacts {
  std::optional<std::int64_t> committed;  // the group's position
  std::optional<std::int64_t> handed;     // everything before it was handed over by this process
  std::optional<std::int64_t> seen;       // the group's position when this process last knew it
  std::int64_t start = 0;                 // the topic's, as its leader answered
  std::int64_t end = 0;
  // The least end that was answered since the topic's end fell behind `handed`.
  std::optional<std::int64_t> least_end;
};

struct KafkaPosition {
  enum class Kind : std::uint8_t {
    None,       // nobody has read here: what the configuration says decides
    Known,      // go on where it stopped
    Gap,        // retention took [lost_from, lost_to); goes on at the earliest record
    Recreated,  // another topic of the same name: everything in it is new; what the old one still held is
                // unknown
    Truncated,  // the records [lost_from, lost_to) were read, and their offsets will be given to others
  };
  Kind kind = Kind::None;
  std::int64_t offset = 0;  // not for None
  std::int64_t lost_from = 0;
  std::int64_t lost_to = 0;
};

[[nodiscard]] KafkaPosition decide_position(const KafkaPositionFacts& facts);

}  // namespace tocsin::source
