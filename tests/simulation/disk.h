// The disk of a simulated process: the log and the snapshots of a shard's state, and a copy of every record
// that was ever durable, which the checker reads.
//
// Used by one thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/shard/memory_log.h"
#include "engine/shard/shard_log.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

class Disk final : public shard::ShardLog, public shard::SnapshotStore {
 public:
  explicit Disk(World& world);

  [[nodiscard]] Result<void> append(std::span<const std::string> records) override;
  [[nodiscard]] shard::Sequence last() const override { return log_.last(); }
  [[nodiscard]] Result<void> read(shard::Sequence after, const Each& each) const override {
    return log_.read(after, each);
  }
  [[nodiscard]] Result<void> trim(shard::Sequence through) override;

  [[nodiscard]] Result<void> put(const shard::Snapshot& snapshot) override;
  [[nodiscard]] Result<std::vector<shard::Sequence>> kept() const override { return log_.kept(); }
  [[nodiscard]] Result<shard::Snapshot> get(shard::Sequence sequence) const override;

  void set_full_until(Duration moment) { full_until_ = moment; }
  [[nodiscard]] bool is_full() const { return world_.passed < full_until_; }
  // The newest snapshot, if there is one before it that can be used.
  bool damage_newest_snapshot();
  void damage_record(shard::Sequence sequence) { log_.damage_record(sequence); }
  void crash();

  // Record n of the log is history()[n - 1].
  [[nodiscard]] const std::vector<std::string>& history() const { return history_; }
  // When it was stored: since the start of the run.
  [[nodiscard]] Duration stored_at(shard::Sequence sequence) const { return stored_at_.at(sequence - 1); }
  [[nodiscard]] shard::Sequence trimmed() const { return trimmed_; }

 private:
  void remember(std::string record);

  World& world_;
  shard::MemoryLog log_;
  std::vector<std::string> history_;
  std::vector<Duration> stored_at_;
  shard::Sequence trimmed_ = 0;
  Duration full_until_{0};
  std::optional<shard::Sequence> damaged_;
  std::optional<shard::Snapshot> put_before_;
  std::uint64_t appends_ = 0;
};

}  // namespace tocsin::simulation
