#include "engine/store/sqlite_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/store/schema.h"

namespace tocsin::store {
namespace {

using shard::Sequence;
using shard::Snapshot;

// One process is one shard; the tables have room for more.
constexpr std::int64_t kShard = 0;

constexpr std::uint64_t kPiecesAtOnce = 8;  // in a transaction: what SQLite's own log grows by, at most
constexpr std::uint64_t kDroppedAtOnce = 64;
constexpr std::uint64_t kNoPiece = std::uint64_t{1} << 32;  // beyond every piece
constexpr Sequence kTrimmedAtOnce = 1000;
constexpr std::int64_t kLeastFreePages = 256;     // kept for what comes next, however little is stored
constexpr std::int64_t kFreedPagesAtOnce = 1024;  // given back to the disk in one call

// Without secure_delete, which Debian's SQLite has on, bytes of what goes are not overwritten: half the
// writing.
constexpr std::string_view kConnectionSettings =
    "PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; PRAGMA cell_size_check = ON; "
    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 256; PRAGMA "
    "journal_size_limit = 16777216;";

std::unexpected<Error> damaged(std::string what, const std::string& where) {
  return fail(ErrorCode::Invalid,
              fmt::format("{}: restore the state from a copy; `tocsin state verify` tells the extent", what),
              where);
}

Result<void> make_state(const StateDirectory& directory, std::string_view program) {
  directory.clear_unfinished();
  {
    auto database = Database::open(directory.unfinished(), Database::Access::Create);
    if (!database) return std::unexpected(database.error());
    if (auto made = create_schema(**database, program); !made) return made;
    const auto mode = (*database)->text("PRAGMA journal_mode = WAL");
    if (!mode) return std::unexpected(mode.error());
    if (*mode != "wal") {
      return fail(
          ErrorCode::Refused,
          "its file system cannot share memory between processes, which SQLite's log needs: name a directory "
          "on a local disk",
          directory.path());
    }
  }
  return directory.adopt_unfinished();
}

}  // namespace

Result<std::unique_ptr<SqliteState>> open_state(const std::string& path, std::string_view program) {
  const StateDirectory directory(path);
  // Before anything is written: a lock in somebody else's directory would be rude.
  if (auto seen = directory.look(); !seen) return std::unexpected(seen.error());
  if (auto made = directory.make(); !made) return std::unexpected(made.error());
  auto lock = directory.take_lock();
  if (!lock) return std::unexpected(lock.error());
  const auto is_there = directory.look();  // another process may have made it meanwhile
  if (!is_there) return std::unexpected(is_there.error());
  if (!*is_there) {
    if (auto made = make_state(directory, program); !made) return std::unexpected(made.error());
  }
  directory.clear_unfinished();

  auto database = Database::open(directory.database(), Database::Access::Write);
  if (!database) return std::unexpected(database.error());
  if (auto known = check_schema(**database); !known) return std::unexpected(known.error());
  const auto mode = (*database)->text("PRAGMA journal_mode");
  if (!mode) return std::unexpected(mode.error());
  if (*mode != "wal") return damaged("the file's header is damaged", directory.database());
  if (auto set = (*database)->execute(std::string(kConnectionSettings)); !set)
    return std::unexpected(set.error());

  const auto witnessed = NewestMark::read(directory);
  if (!witnessed) return std::unexpected(witnessed.error());
  auto mark = NewestMark::open(directory);
  if (!mark) return std::unexpected(mark.error());
  std::unique_ptr<SqliteState> state(
      new SqliteState(directory, std::move(*lock), std::move(*database), std::move(*mark)));
  if (auto prepared = state->prepare(); !prepared) return std::unexpected(prepared.error());
  if (auto recalled = state->recall(); !recalled) return std::unexpected(recalled.error());
  if (*witnessed && **witnessed > state->last_) {
    return fail(
        ErrorCode::Invalid,
        fmt::format(
            "records {} to {} are missing, the newest: state.sqlite-wal is damaged, or was left behind "
            "in copying. Restore the state from a copy; or remove `{}` to go on from record {} and "
            "read the sources again from there",
            state->last_ + 1, **witnessed, directory.newest(), state->last_),
        directory.path());
  }
  state->mark_->write(state->last_);

  const auto author = state->database_->text("SELECT value FROM meta WHERE name = 'written_by'");
  if (!author) return std::unexpected(author.error());
  if (*author != program) {
    auto update = state->database_->prepare("INSERT OR REPLACE INTO meta VALUES('written_by', ?)");
    if (!update) return std::unexpected(update.error());
    update->bind_text(1, program);
    if (auto updated = update->run(); !updated) return std::unexpected(updated.error());
  }
  return state;
}

Result<std::unique_ptr<SqliteState>> read_state(const std::string& path) {
  const StateDirectory directory(path);
  if (auto there = directory.require(); !there) return std::unexpected(there.error());
  auto database = Database::open(directory.database(), Database::Access::Read);
  if (!database) return std::unexpected(database.error());
  if (auto known = check_schema(**database); !known) return std::unexpected(known.error());
  if (auto begun = (*database)->execute("BEGIN"); !begun) return std::unexpected(begun.error());
  std::unique_ptr<SqliteState> state(new SqliteState(directory, File(), std::move(*database), std::nullopt));
  if (auto prepared = state->prepare(); !prepared) return std::unexpected(prepared.error());
  if (auto recalled = state->recall(); !recalled) return std::unexpected(recalled.error());
  return state;
}

Result<void> SqliteState::prepare() {
  const std::pair<Statement*, std::string_view> texts[] = {
      {&statements_.insert_record, "INSERT INTO log VALUES(?, ?, ?, ?)"},
      {&statements_.select_records,
       "SELECT sequence, checksum, record FROM log WHERE shard = ? AND sequence > ? ORDER BY sequence"},
      {&statements_.delete_records, "DELETE FROM log WHERE shard = ? AND sequence <= ?"},
      {&statements_.insert_trimmed, "INSERT OR REPLACE INTO trimmed VALUES(?, ?, ?)"},
      {&statements_.insert_piece, "INSERT OR REPLACE INTO snapshot_piece VALUES(?, ?, ?, ?, ?)"},
      {&statements_.select_pieces,
       "SELECT piece, checksum, bytes FROM snapshot_piece WHERE shard = ? AND sequence = ? ORDER BY piece"},
      {&statements_.delete_pieces,
       "DELETE FROM snapshot_piece WHERE shard = ? AND sequence = ? AND piece >= ? AND piece < ?"},
      {&statements_.insert_manifest,
       "INSERT OR REPLACE INTO snapshot(shard, sequence, pieces, size, checksum) VALUES(?, ?, ?, ?, ?)"},
      {&statements_.select_manifest,
       "SELECT pieces, size, checksum FROM snapshot WHERE shard = ? AND sequence = ?"},
      {&statements_.select_manifests, "SELECT sequence FROM snapshot WHERE shard = ? ORDER BY sequence DESC"},
      {&statements_.delete_manifests,
       "DELETE FROM snapshot WHERE shard = ?1 AND sequence NOT IN "
       "(SELECT sequence FROM snapshot WHERE shard = ?1 ORDER BY sequence DESC LIMIT 2)"},
      {&statements_.select_orphan,
       "SELECT sequence, piece FROM snapshot_piece WHERE shard = ?1 AND sequence NOT IN "
       "(SELECT sequence FROM snapshot WHERE shard = ?1) ORDER BY sequence, piece LIMIT 1"},
  };
  for (const auto& [statement, text] : texts) {
    auto prepared = database_->prepare(text);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

// Where the log begins and ends.
Result<void> SqliteState::recall() {
  auto trimmed = database_->prepare("SELECT through, checksum FROM trimmed WHERE shard = ?");
  if (!trimmed) return std::unexpected(trimmed.error());
  trimmed->bind(1, kShard);
  const auto row = trimmed->step();
  if (!row) return std::unexpected(row.error());
  if (*row) {
    trimmed_ = trimmed->number(0);
    if (trimmed->integer(1) != checksum(kShard, trimmed_, 0, {})) {
      return damaged("where the log begins is damaged", database_->path());
    }
  }
  auto newest = database_->prepare("SELECT sequence FROM log WHERE shard = ? ORDER BY sequence DESC LIMIT 1");
  if (!newest) return std::unexpected(newest.error());
  newest->bind(1, kShard);
  const auto last = newest->step();
  if (!last) return std::unexpected(last.error());
  last_ = std::max(trimmed_, *last ? newest->number(0) : 0);
  return {};
}

Result<void> SqliteState::may_write() const {
  if (mark_) return {};
  return fail(ErrorCode::Refused, "was opened for looking only", database_->path());
}

// --- the log -----------------------------------------------------------------------------------------------

Result<void> SqliteState::append(std::span<const std::string> records) {
  if (records.empty()) return {};
  if (auto permitted = may_write(); !permitted) return permitted;
  auto appended = database_->transaction([&]() -> Result<void> {
    Sequence sequence = last_;
    for (const std::string& record : records) {
      Statement& insert = statements_.insert_record;
      ++sequence;
      insert.bind(1, kShard);
      insert.bind(2, sequence);
      insert.bind(3, checksum(kShard, sequence, 0, record));
      insert.bind_blob(4, record);
      if (auto inserted = insert.run(); !inserted) return inserted;
    }
    return {};
  });
  if (!appended) return appended;
  last_ += records.size();
  mark_->write(last_);
  return {};
}

Result<void> SqliteState::read(Sequence after, const Each& each) const {
  Sequence expected = after + 1;
  const auto missing = [&] {
    return damaged(fmt::format("record {} is missing", expected), database_->path());
  };
  if (after < trimmed_) {
    return fail(ErrorCode::Invalid,
                fmt::format("record {} is missing: those up to {} were let go", expected, trimmed_),
                database_->path());
  }
  Statement& select = statements_.select_records;
  const Reading reading(select);
  select.bind(1, kShard);
  select.bind(2, after);
  for (;;) {
    const auto row = select.step();
    if (!row) {
      Error error = row.error();
      error.message = fmt::format("record {} cannot be read: {}", expected, error.message);
      return std::unexpected(std::move(error));
    }
    if (!*row) break;
    if (select.number(0) != expected) return missing();
    const std::string_view record = select.bytes(2);
    if (select.integer(1) != checksum(kShard, expected, 0, record)) {
      return damaged(fmt::format("record {} is damaged", expected), database_->path());
    }
    if (auto seen = each(expected, record); !seen) return seen;
    ++expected;
  }
  if (expected <= last_) return missing();
  return {};
}

Result<void> SqliteState::trim(Sequence through) {
  if (auto permitted = may_write(); !permitted) return permitted;
  through = std::min(through, last_);
  while (trimmed_ < through) {
    const Sequence step = std::min(through, trimmed_ + kTrimmedAtOnce);
    auto trimmed = database_->transaction([&]() -> Result<void> {
      statements_.insert_trimmed.bind(1, kShard);
      statements_.insert_trimmed.bind(2, step);
      statements_.insert_trimmed.bind(3, checksum(kShard, step, 0, {}));
      if (auto noted = statements_.insert_trimmed.run(); !noted) return noted;
      statements_.delete_records.bind(1, kShard);
      statements_.delete_records.bind(2, step);
      return statements_.delete_records.run();
    });
    if (!trimmed) return trimmed;
    trimmed_ = step;
  }
  (void)give_back_space();  // or with the next call
  return {};
}

// --- snapshots ---------------------------------------------------------------------------------------------

Result<void> SqliteState::put(const Snapshot& snapshot) {
  if (auto permitted = may_write(); !permitted) return permitted;
  const auto sequences = kept();
  if (!sequences) return std::unexpected(sequences.error());
  const Sequence newest = sequences->empty() ? 0 : sequences->front();
  if (newest > snapshot.sequence) {
    return fail(ErrorCode::Invalid,
                fmt::format("a snapshot of record {} is kept already, which is newer than {}", newest,
                            snapshot.sequence),
                database_->path());
  }
  if (auto dropped = drop_orphans(); !dropped) return dropped;
  auto written = write_snapshot(snapshot, !sequences->empty() && newest == snapshot.sequence);
  // What is left of one that failed, and of those that went. Housekeeping that does not succeed spoils
  // nothing that is kept, and comes again with the next snapshot.
  if (drop_orphans()) (void)give_back_space();
  return written;
}

Result<void> SqliteState::write_snapshot(const Snapshot& snapshot, bool replaces) {
  const std::uint64_t pieces = (snapshot.bytes.size() + kPieceBytes - 1) / kPieceBytes;
  if (replaces) {  // what is kept under the same key must be whole at any time
    return database_->transaction([&]() -> Result<void> {
      if (auto inserted = insert_pieces(snapshot, 0, pieces); !inserted) return inserted;
      return finish_snapshot(snapshot, pieces);
    });
  }
  for (std::uint64_t from = 0; from < pieces; from += kPiecesAtOnce) {
    auto inserted = database_->transaction(
        [&] { return insert_pieces(snapshot, from, std::min(pieces, from + kPiecesAtOnce)); });
    if (!inserted) return inserted;
  }
  return database_->transaction([&] { return finish_snapshot(snapshot, pieces); });
}

Result<void> SqliteState::insert_pieces(const Snapshot& snapshot, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t piece = from; piece < to; ++piece) {
    const auto bytes = std::string_view(snapshot.bytes).substr(piece * kPieceBytes, kPieceBytes);
    Statement& insert = statements_.insert_piece;
    insert.bind(1, kShard);
    insert.bind(2, snapshot.sequence);
    insert.bind(3, piece);
    insert.bind(4, checksum(kShard, snapshot.sequence, piece, bytes));
    insert.bind_blob(5, bytes);
    if (auto inserted = insert.run(); !inserted) return inserted;
  }
  return {};
}

Result<void> SqliteState::finish_snapshot(const Snapshot& snapshot, std::uint64_t pieces) {
  if (auto deleted = delete_pieces(snapshot.sequence, pieces, kNoPiece); !deleted) return deleted;
  Statement& insert = statements_.insert_manifest;
  insert.bind(1, kShard);
  insert.bind(2, snapshot.sequence);
  insert.bind(3, pieces);
  insert.bind(4, std::uint64_t{snapshot.bytes.size()});
  insert.bind(5, checksum(kShard, snapshot.sequence, Manifest{pieces, snapshot.bytes.size()}));
  if (auto inserted = insert.run(); !inserted) return inserted;
  statements_.delete_manifests.bind(1, kShard);
  return statements_.delete_manifests.run();
}

Result<void> SqliteState::delete_pieces(Sequence sequence, std::uint64_t from, std::uint64_t to) {
  Statement& remove = statements_.delete_pieces;
  remove.bind(1, kShard);
  remove.bind(2, sequence);
  remove.bind(3, from);
  remove.bind(4, to);
  return remove.run();
}

Result<void> SqliteState::drop_orphans() {
  Statement& select = statements_.select_orphan;
  for (;;) {
    Sequence sequence = 0;
    std::uint64_t piece = 0;
    {
      const Reading reading(select);
      select.bind(1, kShard);
      const auto row = select.step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      sequence = select.number(0);
      piece = select.number(1);
    }
    if (auto deleted = delete_pieces(sequence, piece, piece + kDroppedAtOnce); !deleted) return deleted;
  }
}

Result<std::vector<Sequence>> SqliteState::kept() const {
  const Reading reading(statements_.select_manifests);
  statements_.select_manifests.bind(1, kShard);
  std::vector<Sequence> sequences;
  for (;;) {
    const auto row = statements_.select_manifests.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return sequences;
    sequences.push_back(statements_.select_manifests.number(0));
  }
}

Result<Snapshot> SqliteState::get(Sequence sequence) const {
  const auto broken = [&](std::string_view what) {
    return damaged(fmt::format("the snapshot of record {} is damaged: {}", sequence, what),
                   database_->path());
  };
  Manifest manifest;
  {
    Statement& select = statements_.select_manifest;
    const Reading reading(select);
    select.bind(1, kShard);
    select.bind(2, sequence);
    const auto row = select.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) {
      return fail(ErrorCode::Invalid, fmt::format("there is no snapshot of record {}", sequence),
                  database_->path());
    }
    manifest = {select.number(0), select.number(1)};
    if (select.integer(2) != checksum(kShard, sequence, manifest)) return broken("its description");
  }
  Snapshot snapshot;
  snapshot.sequence = sequence;
  snapshot.bytes.reserve(manifest.size);
  Statement& select = statements_.select_pieces;
  const Reading reading(select);
  select.bind(1, kShard);
  select.bind(2, sequence);
  for (std::uint64_t piece = 0;; ++piece) {
    const auto row = select.step();
    if (!row) {
      Error error = row.error();
      error.message = fmt::format("piece {} of the snapshot of record {} cannot be read: {}", piece, sequence,
                                  error.message);
      return std::unexpected(std::move(error));
    }
    if (!*row) break;
    const std::string_view bytes = select.bytes(2);
    if (piece >= manifest.pieces || select.number(0) != piece ||
        select.integer(1) != checksum(kShard, sequence, piece, bytes)) {
      return broken(fmt::format("piece {}", piece));
    }
    snapshot.bytes.append(bytes);
  }
  if (snapshot.bytes.size() != manifest.size) return broken("pieces are missing");
  return snapshot;
}

// --- space -------------------------------------------------------------------------------------------------

// Free pages serve the next records and the next snapshot; those beyond what is in use go back to the disk,
// some at a time.
Result<void> SqliteState::give_back_space() {
  const auto free = database_->integer("PRAGMA freelist_count");
  if (!free) return std::unexpected(free.error());
  const auto pages = database_->integer("PRAGMA page_count");
  if (!pages) return std::unexpected(pages.error());
  const std::int64_t surplus = *free - std::max(*pages - *free, kLeastFreePages);
  if (surplus <= 0) return {};
  return database_->execute(
      fmt::format("PRAGMA incremental_vacuum({})", std::min(surplus, kFreedPagesAtOnce)));
}

}  // namespace tocsin::store
