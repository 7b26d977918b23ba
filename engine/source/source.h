// Where records come from. Every source ends in the same two questions: which partitions are there, and what comes next.
//
// Two ways to read, one for each end of the engine:
//   live (`run`):          Source::poll() gives the next batch of any partition; commit() says that it was handed over.
//   history (`backtest`):  History lists the partitions; each is read on its own, in whatever order the replay wants.
//
// A source or reader is used by one thread at a time. Batches carry `partition` as index into `partitions()` of their own
// source or history; the engine renumbers them into its table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/event/record.h"

namespace tocsin::source {

// What a person calls a partition. Exactly one of `topic` and `file` is set; stdin is file "-".
struct PartitionName {
  std::string source;        // the source's name in the configuration
  std::string topic;         // Kafka
  std::int32_t number = 0;   // Kafka partition
  std::string file;
  bool by_line = true;       // file: offsets are line numbers (else indexes into Records); RawBatch::by_line knows better,
                             // for only reading the file tells
  // What has this name now and is not what had it before: a topic created anew, a file rotated or truncated.
  // Offsets count within an incarnation. Opaque to everybody but the source; the same after a restart.
  std::string incarnation;
};

// Where the reading of a partition goes on after a restart: everything before `next_offset` is known.
struct Resume {
  PartitionName name;
  std::int64_t next_offset = 0;
  std::string place;  // RawBatch::place of the last batch handed over; opaque to everybody but the source
  // Whether `next_offset` outlives the process. Else a restart has only what is committed, which must not get ahead of
  // what commit() is told.
  bool is_durable = true;
};

// How far a partition is known to be complete, for live sources.
struct Progress {
  std::uint32_t partition = 0;
  bool caught_up = false;    // everything that was there at `at` has been polled: silence since then is real silence
  bool finished = false;     // nothing will ever come again
  WallTime at{};             // when caught_up was proven by an answer from the outside
  std::optional<std::int64_t> position;   // the next offset to be handed over
  std::optional<std::int64_t> end;        // the newest answered end; the lag is end - position
  std::optional<std::int64_t> committed;  // the position that the group has, as far as this process knows
};

struct SourceStatus {
  std::vector<Progress> partitions;  // of every partition now owned
  std::vector<Note> notes;           // what a person should see, once each
  // Read to their end, and of what is there now none is what they were: nothing will come of them again. Once each.
  std::vector<std::uint32_t> gone;
  std::vector<std::string> unheard;  // configured topics that nobody reads: silence of theirs is none
  bool connected = true;             // the outside world answers
  std::uint64_t rebalances = 0;      // how often the partitions were dealt out anew
  std::uint64_t queued_bytes = 0;    // read ahead, not handed over yet
};

class Source {
 public:
  virtual ~Source() = default;

  // Connects or opens. An error here stops the start; what may come right later (a broker away, a topic not there yet) is
  // retried inside poll() and told in status().
  //
  // `from` is where an earlier run came to, of each partition it met; a partition that is not in it is read as its source's
  // settings say. The partitions of `from` are the first of partitions(), in the same order, so that their numbers stay.
  // Records before a partition's `next_offset` may be handed over again: whoever keeps the offsets drops them.
  virtual Result<void> open(const std::vector<Resume>& from) = 0;

  // The next batch of any partition, waiting at most `wait`. Nothing: none came in time.
  virtual Result<std::optional<event::RawBatch>> poll(Duration wait) = 0;

  // All partitions met so far, in a fixed order; grows only.
  [[nodiscard]] virtual const std::vector<PartitionName>& partitions() const = 0;

  [[nodiscard]] virtual SourceStatus status() = 0;

  // Everything before `next_offset` of `partition` has been handed over. Kept by Kafka's group; a no-op elsewhere.
  virtual void commit(std::uint32_t partition, std::int64_t next_offset) = 0;

  // Stops reading and gives up ownership. Bounded in time whatever the outside world does.
  virtual void close() = 0;
};

// One partition of history, read from its start to its end.
class PartitionReader {
 public:
  virtual ~PartitionReader() = default;
  // The next batch; `last` is set on the final one, which may be empty. Not called again after that.
  virtual Result<event::RawBatch> read() = 0;
};

// A partition of history, not opened yet.
struct HistoryPartition {
  PartitionName name;
  std::function<Result<std::unique_ptr<PartitionReader>>()> open;
  std::uint64_t bytes = 0;  // to read, for the progress bar; 0 when unknown
};

// How much is read at once, which tests vary to show that it changes nothing; and what besides the records.
struct ReadLimits {
  std::size_t batch_bytes = 256 * 1024;
  std::size_t batch_records = 4096;
  bool headers = false;  // Kafka's history: keep the records' headers
};

}  // namespace tocsin::source
