// What a state directory holds, looked at without the engine and without touching it: in a copy.
//
// Recovery is done from every snapshot there is, each with the records after it; all must come to the same
// digest (the records' own digests are checked on the way).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/shard/state_machine.h"
#include "tests/crash/history.h"

namespace tocsin::crash_test {

struct KeptState {
  Hash128 digest;
  std::uint64_t records = 0;   // ever written
  std::size_t recoveries = 0;  // that agree
  std::vector<shard::PartitionState> partitions;
  std::map<std::string, std::uint64_t> ledger;
  std::uint64_t outbox_entries = 0;  // ever made
  std::size_t to_deliver = 0;
  std::size_t untold = 0;
  std::uint64_t repeated_chunks = 0;  // that were not taken in a second time
  std::uint64_t bytes = 0;            // on the disk
  shard::Counts counts;
  PeriodSums sums;    // of every bucket; only where nothing is untold
  std::string notes;  // what recovery had to say: a snapshot that was passed over

  [[nodiscard]] std::int64_t next_offsets() const;  // of all partitions together
  [[nodiscard]] std::uint64_t counted(const std::string& name) const;
};

[[nodiscard]] Result<KeptState> look_at_state(const std::filesystem::path& directory);

}  // namespace tocsin::crash_test
