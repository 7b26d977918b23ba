// A state machine and where it is kept: every record is durable before it is applied.
//
//   runtime::Engine --commit(records)--> Journal --append()--> ShardLog
//                                           │ ──apply()──────> StateMachine --> Output
//                                           └ ──put(), now and then──> SnapshotStore
//
// open() recovers: the newest whole snapshot, then the log's records after it, to the state and the untold
// transitions of the run before. Nothing that was damaged is used: a snapshot that is, is told and the one
// before it taken, whose records are still there; a damaged or missing record is an error.
//
// Without a log (the other constructor) records are applied and forgotten: history, and engines that keep
// nothing.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/shard/shard_log.h"
#include "engine/shard/state_machine.h"

namespace tocsin::shard {

struct JournalSettings {
  // A snapshot is due after so many records, or so many bytes of them, but never before the log is twice as
  // large as the snapshot. Two snapshots and the log since the older one are kept: that bounds the disk.
  std::uint64_t snapshot_records = 16'384;
  std::uint64_t snapshot_bytes = std::uint64_t{32} << 20;
  std::uint64_t hash_records = 4'096;  // a Hash record after so many others
};

class Journal {
 public:
  // Keeps nothing.
  explicit Journal(std::shared_ptr<const Definitions> definitions, bool report_closed = false);

  // Goes on where the log and the snapshots end; with empty ones, from the beginning, with `definitions`.
  // Where the state has others its transitions are told first (StateMachine::untold()), then a Config record
  // changes them: that is the caller's. `log` and `snapshots` outlive the journal.
  [[nodiscard]] static Result<Journal> open(ShardLog& log, SnapshotStore& snapshots,
                                            const Definitions& definitions, JournalSettings settings,
                                            const std::function<void(const Note&)>& note);

  // All records are durable, then applied; or, on an error, none is: Exhausted and Unavailable may pass, and
  // the same call be made again.
  [[nodiscard]] Result<void> commit(const std::vector<Record>& records, Output& out,
                                    SetStateOutcome* outcome = nullptr);

  // Writes a snapshot if one is due, and lets go of what it makes superfluous. An error leaves everything as
  // it was. Only while no transition is untold.
  [[nodiscard]] Result<void> snapshot_if_due();
  [[nodiscard]] Result<void> snapshot();
  // Why what the newest snapshot made superfluous is still there; it goes with the next one. Nothing: it is
  // not.
  [[nodiscard]] const std::optional<Error>& trim_failure() const { return trim_failure_; }

  [[nodiscard]] const StateMachine& machine() const { return machine_; }
  [[nodiscard]] StateMachine& machine() { return machine_; }
  [[nodiscard]] bool keeps() const { return log_ != nullptr; }
  [[nodiscard]] std::uint64_t replayed() const { return replayed_; }  // records read by open()

 private:
  Journal(StateMachine machine, ShardLog* log, SnapshotStore* snapshots, JournalSettings settings)
      : machine_(std::move(machine)), log_(log), snapshots_(snapshots), settings_(settings) {}
  [[nodiscard]] Result<void> replay(Sequence after);

  StateMachine machine_;
  ShardLog* log_ = nullptr;
  SnapshotStore* snapshots_ = nullptr;
  JournalSettings settings_;
  Sequence snapshot_at_ = 0;  // of the newest one
  std::uint64_t snapshot_size_ = 0;
  std::uint64_t bytes_since_ = 0;  // of records since
  std::uint64_t hashed_at_ = 0;    // the log's last sequence when a Hash record was written last
  std::uint64_t replayed_ = 0;
  std::optional<Error> trim_failure_;
};

}  // namespace tocsin::shard
