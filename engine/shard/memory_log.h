// Both ports of a shard's state in memory: for backtests, tests and the simulation. What another
// implementation does is measured against this one.
//
// A simulation may make it fail, damage what it holds, and take its power away: with `syncs_by_hand` set, a
// crash loses everything since the last sync(), as a disk does that promised more than it kept.
// Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/shard/shard_log.h"

namespace tocsin::shard {

class MemoryLog : public ShardLog, public SnapshotStore {
 public:
  [[nodiscard]] Result<void> append(std::span<const std::string> records) override;
  [[nodiscard]] Sequence last() const override { return contents_.last; }
  [[nodiscard]] Result<void> read(Sequence after, const Each& each) const override;
  [[nodiscard]] Result<void> trim(Sequence through) override;

  [[nodiscard]] Result<void> put(const Snapshot& snapshot) override;
  [[nodiscard]] Result<std::vector<Sequence>> kept() const override;
  [[nodiscard]] Result<Snapshot> get(Sequence sequence) const override;

  enum class Operation : std::uint8_t { Append, Read, Trim, Put, Kept, Get };
  // Asked before each operation; an error that it returns is the operation's, which then does nothing.
  using Fault = std::function<std::optional<Error>(Operation operation)>;
  void set_fault(Fault fault) { fault_ = std::move(fault); }

  // From now on only sync() makes durable what is stored.
  void set_syncs_by_hand();
  void sync();
  // Back to what was durable.
  void crash();

  // From now on the record, or the snapshot, is found damaged when it is read.
  void damage_record(Sequence sequence) { damaged_records_.insert(sequence); }
  void damage_snapshot(Sequence sequence) { damaged_snapshots_.insert(sequence); }

 private:
  // Values are shared between what is stored and what is durable, so that a sync copies none.
  struct Contents {
    Sequence last = 0;
    std::deque<std::shared_ptr<const std::string>> records;  // the newest ones, up to `last`
    std::vector<std::shared_ptr<const Snapshot>> snapshots;  // newest first
  };

  [[nodiscard]] Result<void> permit(Operation operation) const;

  Contents contents_;
  std::optional<Contents> durable_;  // set: synced by hand
  Fault fault_;
  std::set<Sequence> damaged_records_;
  std::set<Sequence> damaged_snapshots_;
};

}  // namespace tocsin::shard
