// What is in a state directory, for people: sizes, sequences, and whether all of it is whole.
//
// Looks without changing anything, also beside a running engine, whose work it does not hold up: what it sees
// is the state at one moment. Only compact_state() writes, and only where no engine runs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/shard/shard_log.h"

namespace tocsin::store {

struct SnapshotFacts {
  shard::Sequence sequence = 0;
  std::uint64_t pieces = 0;
  std::uint64_t bytes = 0;
  std::string written_at;
};

struct ShardFacts {
  std::int64_t shard = 0;
  shard::Sequence first = 0;  // of the log; after `last` if it is empty
  shard::Sequence last = 0;
  std::uint64_t records = 0;
  std::uint64_t record_bytes = 0;
  std::vector<SnapshotFacts> snapshots;  // newest first
};

struct StateReport {
  std::uint64_t bytes = 0;       // on the disk
  std::uint64_t free_bytes = 0;  // of them, for what comes next
  std::int64_t schema = 0;
  std::string created_by;
  std::string created_at;
  std::string written_by;
  std::optional<pid_t> engine;  // that runs on it; 0: its process id is not known
  std::vector<ShardFacts> shards;

  bool verified = false;
  std::vector<std::string> faults;  // the first kMostFaults of them
  std::uint64_t more_faults = 0;
};
inline constexpr std::size_t kMostFaults = 20;

enum class Depth : std::uint8_t {
  Sizes,   // reads keys and lengths only
  Verify,  // reads every byte: the file's structure, checksums, gaps, whether snapshots are whole
};

// An error where there is no state, or none that can be read at all; damage is in `faults`.
[[nodiscard]] Result<StateReport> inspect_state(const std::string& directory, Depth depth);

struct Compacted {
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

// Writes the state anew without its free space, beside the old one, which it then replaces: a crash leaves
// one or the other. `progress` is shown the bytes written and about how many there will be.
using CompactProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;
[[nodiscard]] Result<Compacted> compact_state(const std::string& directory, const CompactProgress& progress);

}  // namespace tocsin::store
