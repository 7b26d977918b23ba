// A shard's state on the disk: both of its ports over one SQLite file in a directory of its own (`--state
// DIR`).
//
//   Journal --append()--> log             one transaction, synced when it returns
//   Journal --put()-----> snapshot        in pieces, then the row that makes it one
//
// Bytes leave as they came or not at all: each row carries a checksum, sequences have no gaps, and the newest
// sequence has a witness outside the file (state_directory.h). The file keeps to about twice what is in it;
// SQLite's own log beside it to tens of megabytes, unless another program keeps a reading open.
//
// After an error that is no damage the same call may be repeated. Used by one thread; programs beside it may
// read the file at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/shard/shard_log.h"
#include "engine/store/sqlite.h"
#include "engine/store/state_directory.h"

namespace tocsin::store {

class SqliteState;

// Opens the state in `directory`, or makes an empty one where there is nothing. `program` is who does it,
// with its version. Any error leaves what is there as it is, and says what to do.
[[nodiscard]] Result<std::unique_ptr<SqliteState>> open_state(const std::string& directory,
                                                              std::string_view program);

// For looking: the state at one moment, also beside the engine that runs on it, whose work it does not hold
// up. An error where there is none. What writes is refused.
[[nodiscard]] Result<std::unique_ptr<SqliteState>> read_state(const std::string& directory);

class SqliteState : public shard::ShardLog, public shard::SnapshotStore {
 public:
  [[nodiscard]] Result<void> append(std::span<const std::string> records) override;
  [[nodiscard]] shard::Sequence last() const override { return last_; }
  [[nodiscard]] Result<void> read(shard::Sequence after, const Each& each) const override;
  [[nodiscard]] Result<void> trim(shard::Sequence through) override;

  [[nodiscard]] Result<void> put(const shard::Snapshot& snapshot) override;
  [[nodiscard]] Result<std::vector<shard::Sequence>> kept() const override;
  [[nodiscard]] Result<shard::Snapshot> get(shard::Sequence sequence) const override;

  // Of its files on the disk.
  [[nodiscard]] std::uint64_t bytes() const { return directory_.bytes(); }

 private:
  friend Result<std::unique_ptr<SqliteState>> open_state(const std::string& directory,
                                                         std::string_view program);
  friend Result<std::unique_ptr<SqliteState>> read_state(const std::string& directory);

  // Prepared once, each for the methods of its group.
  struct Statements {
    Statement insert_record, select_records, delete_records, insert_trimmed;
    Statement insert_piece, select_pieces, delete_pieces, insert_manifest, select_manifest, select_manifests,
        delete_manifests, select_orphan;
  };

  SqliteState(StateDirectory directory, File lock, std::unique_ptr<Database> database,
              std::optional<NewestMark> mark)
      : directory_(std::move(directory)),
        lock_(std::move(lock)),
        database_(std::move(database)),
        mark_(std::move(mark)) {}

  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> recall();
  [[nodiscard]] Result<void> may_write() const;
  [[nodiscard]] Result<void> insert_pieces(const shard::Snapshot& snapshot, std::uint64_t from,
                                           std::uint64_t to);
  [[nodiscard]] Result<void> finish_snapshot(const shard::Snapshot& snapshot, std::uint64_t pieces);
  [[nodiscard]] Result<void> write_snapshot(const shard::Snapshot& snapshot, bool replaces);
  [[nodiscard]] Result<void> delete_pieces(shard::Sequence sequence, std::uint64_t from, std::uint64_t to);
  // Pieces without the row that makes them a snapshot.
  [[nodiscard]] Result<void> drop_orphans();
  [[nodiscard]] Result<void> give_back_space();

  StateDirectory directory_;
  File lock_;
  std::unique_ptr<Database> database_;
  std::optional<NewestMark> mark_;  // none: it was opened for looking
  mutable Statements statements_;   // a reading steps through one; it shows nothing of it
  shard::Sequence trimmed_ = 0;
  shard::Sequence last_ = 0;
};

}  // namespace tocsin::store
