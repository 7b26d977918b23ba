// The two ports behind a shard's state: a log of records, and snapshots of what the records before one of
// them led to.
//
//   Journal --append()--> ShardLog        a record is applied once it is durable, and not before
//   Journal --put()-----> SnapshotStore   now and then, so that the log before it can go
//
// Recovery is the newest snapshot and the records after it. Bytes are opaque here: record.h and state_machine.h
// say what they mean, and check versions.
//
// Implementations: memory_log.h (tests, simulation), sqlite_state.h (`--state DIR`). Each is used by one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace tocsin::shard {

// Of a record in its log: from 1, without gaps, in the order of appending, for ever.
using Sequence = std::uint64_t;

class ShardLog {
 public:
  virtual ~ShardLog() = default;

  // Appends the records, all of them or, on an error, none; they are durable when it returns. Exhausted: the
  // disk is full, and the same call may succeed later. Any other error: what was stored before is as it was.
  [[nodiscard]] virtual Result<void> append(std::span<const std::string> records) = 0;

  // The sequence of the newest record ever appended; 0: none was. Trimming does not change it.
  [[nodiscard]] virtual Sequence last() const = 0;

  // Shows every record after `after`, in order, to `each`, whose error ends the reading and is returned. A
  // record that is damaged or missing is an error (Invalid) that names its sequence.
  using Each = std::function<Result<void>(Sequence sequence, std::string_view record)>;
  [[nodiscard]] virtual Result<void> read(Sequence after, const Each& each) const = 0;

  // Lets go of the records up to and with `through`, which a snapshot has made superfluous.
  [[nodiscard]] virtual Result<void> trim(Sequence through) = 0;
};

struct Snapshot {
  Sequence sequence = 0;  // of the last record that is in it
  std::string bytes;
};

class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;

  // Keeps the snapshot, durable when it returns, and the one before it; older ones go.
  [[nodiscard]] virtual Result<void> put(const Snapshot& snapshot) = 0;

  // The sequences of the kept snapshots, newest first.
  [[nodiscard]] virtual Result<std::vector<Sequence>> kept() const = 0;

  // One of them, whole and undamaged; else an error (Invalid) that says what is wrong with it.
  [[nodiscard]] virtual Result<Snapshot> get(Sequence sequence) const = 0;
};

}  // namespace tocsin::shard
