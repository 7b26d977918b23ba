// The records of a shard's log: everything that a shard ever learns.
//
//   runtime::Engine --Record--> Journal --encode()--> ShardLog
//                                  └────────────────> StateMachine::apply()
//
// A record is durable before it is applied, and applying the same records gives the same state and the same
// outputs, byte for byte, in every process. Clocks, threads and orders of hash maps stay outside.
//
// Wire form: a byte of version, a byte of type, then the content (base/wire.h). A reader takes kWireVersion
// and the one before it and refuses any other; the golden files of the tests hold one record of each type and
// version. The numbers of types that only several processes need (4 FORWARD, 6 OWNER) stay free.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/base/hash.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/metric/evidence.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"

namespace tocsin::shard {

inline constexpr std::uint8_t kWireVersion = 1;

enum class RecordType : std::uint8_t {
  Chunk = 1,
  Tick = 2,
  Config = 3,
  Ack = 5,
  Hash = 7,
  Start = 8,
  SetState = 9,
  Outbox = 10,
  Forget = 11,
};
[[nodiscard]] std::string_view to_string(RecordType type);

struct ChunkSeries {
  Hash128 hash;
  std::uint32_t metric = 0;
  metric::Dimensions dimensions;
  bool named = true;  // else the state knows the hash: metric and dimensions are left out
};

struct ChunkEntry {
  std::uint32_t series = 0;  // index into Chunk::series
  EventTime bucket{};        // its start, aligned to the metric's bucket size
  metric::StatisticSet statistics;
  metric::EvidenceSample evidence;
  EventTime newest{};  // the time of the newest event in it
};

// Events were there for a filter with a default value.
struct ChunkSeen {
  std::uint32_t default_index = 0;  // index into Definitions::defaults
  EventTime minute{};
  bool matched = false;
};

// Which of a partition's offsets a chunk has taken in: [from, to).
struct Covered {
  std::uint32_t partition = 0;  // by the order in which partitions were met
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string place;              // source::Resume::place
  EventTime last_event = kNever;  // the time of the last event before `to`, for those without one
};

// Contributions of matched events, folded, and the offsets they came from. It is taken whole or, where it
// covers an offset that was covered before, not at all: so that what is read twice counts once.
struct Chunk {
  std::vector<ChunkSeries> series;
  std::vector<ChunkEntry> entries;  // one for each series and bucket
  std::vector<ChunkSeen> seen;
  std::vector<std::string> new_partitions;  // names of those met first here, as PartitionState::name
  std::vector<Covered> covers;              // one for each partition
  std::vector<std::pair<std::string, std::uint64_t>> counts;  // what to add to the ledger, by name

  [[nodiscard]] bool empty() const {
    return entries.empty() && seen.empty() && new_partitions.empty() && covers.empty() && counts.empty();
  }
};

struct Tick {
  std::vector<EventTime> frontier;  // one for each source; never goes back (what does is ignored)
  EventTime now = kNever;           // the clock, as far as alarms may ring early; kNever: none does
};

// Other definitions from here on. What stays the same keeps its windows and states.
struct Config {
  std::string definitions;  // encoded
};

// The moment at which the alarms come into being; once, before the first tick.
struct Start {
  EventTime time{};
  // Metrics that only `source` feeds have their alarms come into being at its own, later moment.
  struct Later {
    std::uint32_t source = 0;
    EventTime time{};
  };
  std::optional<Later> later;
};

// Somebody sets an alarm's state by hand. The next judgement may change it back.
struct SetState {
  std::uint32_t alarm = 0;
  metric::Dimensions dimensions;  // of the series, as AlarmState::dimensions has them
  alarm::State state = alarm::State::InsufficientData;
  std::string reason;  // at most kMaxReason bytes
  EventTime time{};    // when it was asked for: the transition's
};

// Something that is to be delivered: the bytes of a notification or dead letter, as every attempt sends them.
struct OutboxEntry {
  std::uint64_t number = 0;  // of this entry, from 1 upwards in the order of the log; 0: apply() gives it
  std::string topic;
  std::vector<std::string> subscriptions;  // of the topic, that do not have it yet; none twice
  std::string content;                     // notify::encode()
};

// What is to be told: of the transitions that are named, and dead letters. From here on a transition counts
// as told, even if nobody subscribes to it.
struct Outbox {
  std::vector<std::string> told;  // transition ids
  std::vector<OutboxEntry> entries;
};

// A subscription has an entry, or never will.
struct Ack {
  struct Settled {
    std::uint64_t number = 0;
    std::string subscription;
    bool delivered = true;  // else given up
  };
  std::vector<Settled> settled;
};

// Partitions that nothing will ever come of again. Their numbers stay theirs.
struct Forget {
  std::vector<std::uint32_t> partitions;
};

// The digest of the state that all records before this one led to.
struct Hash {
  Hash128 digest;
};

using Record = std::variant<Chunk, Tick, Config, Start, SetState, Outbox, Ack, Hash, Forget>;

[[nodiscard]] RecordType type_of(const Record& record);

// `knows` says whether the state knows a series when the record is applied: its name is then left out.
using Knows = std::function<bool(const Hash128& series)>;
[[nodiscard]] std::string encode(const Record& record, const Knows& knows);

// Any bytes: what is no record of a version this reader knows is an error that says so.
[[nodiscard]] Result<Record> decode_record(std::string_view bytes);

}  // namespace tocsin::shard
