// Where to go on in a partition, from what the group, the topic and this process remember of it. Pure.
//
// Positions and the topic may have parted: retention took records that were not read yet, the topic was
// deleted and created anew, its end was cut off. Each is told apart here, with the range it concerns, because
// each means another loss. Never is a jump passed over in silence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
    Skipped,    // [lost_from, lost_to) is not read, because a person said so
    Elsewhere,  // the topic of another cluster: begins where the group is there, else as configured
  };
  Kind kind = Kind::None;
  std::int64_t offset = 0;  // not for None
  std::int64_t lost_from = 0;
  std::int64_t lost_to = 0;
};

[[nodiscard]] KafkaPosition decide_position(const KafkaPositionFacts& facts);

// What the engine's state knows of a partition when it is met for the first time after a restart, and the
// group and the topic beside it.
struct KafkaRestartFacts {
  std::int64_t position = 0;              // of the state: everything before it is known
  std::uint64_t incarnation = 1;          // in which that offset counts
  std::optional<std::int64_t> committed;  // the group's position
  std::uint64_t mark = 0;  // the incarnation that was committed with it; 0: another one's commit
  bool was_gone = false;   // the topic was not there when this process first looked
  std::int64_t start = 0;  // the topic's, as its leader answered
  std::int64_t end = 0;
};

// The state is right, as long as nobody says otherwise: the group's position lies at it or behind it, with
// the engine's own mark. Anything else has to be decided by a person.
enum class KafkaDispute : std::uint8_t {
  None,
  Expired,  // the group has no position: it was away for too long, or the topic was created anew meanwhile
  Reset,    // it was set back by somebody else
  Ahead,    // it is further than the state: set by somebody else, or this state is an old one
};

// Whether it is for a person to decide. A topic that ends before the position, or was seen to be another one,
// is none: that is what decide_restart() says.
[[nodiscard]] KafkaDispute find_dispute(const KafkaRestartFacts& facts);

// Where to go on as the state says.
[[nodiscard]] KafkaPosition decide_restart(const KafkaRestartFacts& facts);

// Where to go on as the group says; `otherwise` where it says nothing.
[[nodiscard]] KafkaPosition decide_restart_by_group(const KafkaRestartFacts& facts, std::int64_t otherwise);

// Where to begin in the same topic of another cluster than the state's.
[[nodiscard]] KafkaPosition decide_elsewhere(const KafkaRestartFacts& facts, std::int64_t otherwise);

// In which incarnation of the topic a partition's offsets count, from 1.
struct KafkaIncarnationFacts {
  std::uint64_t own = 1;   // as this process, or the state, knew it; else 1
  bool is_known = true;    // one of them did
  std::uint64_t mark = 0;  // as in KafkaRestartFacts
  bool renewed = false;    // its offsets mean other records from now on
};

// Events are known by it: it must be the same when they are read again, and another one once they are others.
[[nodiscard]] std::uint64_t decide_incarnation(const KafkaIncarnationFacts& facts);

// What is committed beside an offset: it says that the engine did it, and in which incarnation of the
// topic the offset counts. 0 where the text is another one's.
[[nodiscard]] std::string commit_mark(std::uint64_t incarnation);
[[nodiscard]] std::uint64_t read_commit_mark(std::string_view metadata);

// RawBatch::place of a Kafka partition: the cluster that it was read from. Empty where that is not known, and
// for what is no such text.
[[nodiscard]] std::string cluster_place(std::string_view cluster);
[[nodiscard]] std::string read_cluster_place(std::string_view place);

}  // namespace tocsin::source
