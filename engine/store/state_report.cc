#include "engine/store/state_report.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/store/schema.h"
#include "engine/store/sqlite.h"
#include "engine/store/state_directory.h"

namespace tocsin::store {
namespace {

using shard::Sequence;

std::uint64_t file_size(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// One look at a state, in one reading transaction.
class Inspection {
 public:
  Inspection(Database& database, StateReport& report) : database_(database), report_(report) {}

  Result<void> sizes() {
    for (const auto& [name, into] : {std::pair{"created_by", &report_.created_by},
                                     {"created_at", &report_.created_at},
                                     {"written_by", &report_.written_by}}) {
      auto value = database_.text(fmt::format("SELECT value FROM meta WHERE name = '{}'", name));
      if (!value) return std::unexpected(value.error());
      *into = std::move(*value);
    }
    const auto page = database_.integer("PRAGMA page_size");
    if (!page) return std::unexpected(page.error());
    const auto free = database_.integer("PRAGMA freelist_count");
    if (!free) return std::unexpected(free.error());
    report_.free_bytes = static_cast<std::uint64_t>(*free * *page);

    auto shards = database_.prepare(
        "SELECT shard FROM trimmed UNION SELECT shard FROM log UNION SELECT shard FROM snapshot ORDER BY "
        "shard");
    if (!shards) return std::unexpected(shards.error());
    for (;;) {
      const auto row = shards->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      auto facts = shard_sizes(shards->integer(0));
      if (!facts) return std::unexpected(facts.error());
      report_.shards.push_back(std::move(*facts));
    }
  }

  void verify(std::optional<Sequence> witnessed) {
    report_.verified = true;
    check_structure();
    for (const ShardFacts& facts : report_.shards) {
      check_trimmed(facts);
      check_log(facts);
      for (const SnapshotFacts& snapshot : facts.snapshots) check_snapshot(facts.shard, snapshot);
    }
    const Sequence last = report_.shards.empty() ? 0 : report_.shards.front().last;
    if (witnessed && *witnessed > last) {
      fault(fmt::format(
          "records {} to {} are missing, the newest: state.sqlite-wal is damaged, or was left behind in "
          "copying",
          last + 1, *witnessed));
    }
  }

 private:
  void fault(std::string text) {
    if (report_.faults.size() < kMostFaults) {
      report_.faults.push_back(std::move(text));
    } else {
      ++report_.more_faults;
    }
  }

  // A row, or none once the reason is among the faults.
  bool next_row(Statement& statement, std::string_view what) {
    const auto row = statement.step();
    if (row) return *row;
    fault(fmt::format("{} cannot be read: {}", what, row.error().message));
    return false;
  }

  // Prepared and bound; nothing once the reason is among the faults.
  std::optional<Statement> select(std::string_view sql, std::int64_t shard) {
    auto statement = database_.prepare(sql);
    if (!statement) {
      fault(describe(statement.error()));
      return std::nullopt;
    }
    statement->bind(1, shard);
    return std::move(*statement);
  }

  Result<ShardFacts> shard_sizes(std::int64_t shard) {
    ShardFacts facts;
    facts.shard = shard;
    auto log = database_.prepare(
        "SELECT count(*), sum(length(record)), max(sequence), "
        "(SELECT through FROM trimmed WHERE shard = ?1) FROM log WHERE shard = ?1");
    if (!log) return std::unexpected(log.error());
    log->bind(1, shard);
    if (const auto row = log->step(); !row) return std::unexpected(row.error());
    facts.records = log->number(0);
    facts.record_bytes = log->number(1);
    facts.first = log->number(3) + 1;
    facts.last = std::max(log->number(2), log->number(3));
    auto snapshots = database_.prepare(
        "SELECT sequence, pieces, size, written_at FROM snapshot WHERE shard = ? ORDER BY sequence DESC");
    if (!snapshots) return std::unexpected(snapshots.error());
    snapshots->bind(1, shard);
    for (;;) {
      const auto row = snapshots->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return facts;
      facts.snapshots.push_back({snapshots->number(0), snapshots->number(1), snapshots->number(2),
                                 std::string(snapshots->bytes(3))});
    }
  }

  void check_structure() {
    auto check = database_.prepare("PRAGMA integrity_check");
    if (!check) return fault(describe(check.error()));
    while (next_row(*check, "the file's structure")) {
      if (check->bytes(0) != "ok") fault(fmt::format("the file's structure: {}", check->bytes(0)));
    }
  }

  void check_trimmed(const ShardFacts& facts) {
    auto rows = select("SELECT through, checksum FROM trimmed WHERE shard = ?", facts.shard);
    if (!rows || !next_row(*rows, "where the log begins")) return;
    if (rows->integer(1) != checksum(facts.shard, rows->number(0), 0, {}))
      fault("where the log begins is damaged");
  }

  void check_log(const ShardFacts& facts) {
    auto rows =
        select("SELECT sequence, checksum, record FROM log WHERE shard = ? ORDER BY sequence", facts.shard);
    Sequence expected = facts.first;
    while (rows && next_row(*rows, fmt::format("record {}", expected))) {
      const Sequence sequence = rows->number(0);
      if (sequence < expected) {
        fault(fmt::format("record {} is there, and was let go", sequence));
        continue;
      }
      if (sequence > expected) {
        fault(sequence == expected + 1 ? fmt::format("record {} is missing", expected)
                                       : fmt::format("records {} to {} are missing", expected, sequence - 1));
      }
      if (rows->integer(1) != checksum(facts.shard, sequence, 0, rows->bytes(2))) {
        fault(fmt::format("record {} is damaged", sequence));
      }
      expected = sequence + 1;
    }
    // Where reading broke off, this says how much is behind it.
    if (expected <= facts.last) fault(fmt::format("records {} to {} are missing", expected, facts.last));
  }

  void check_snapshot(std::int64_t shard, const SnapshotFacts& facts) {
    const std::string name = fmt::format("the snapshot of record {}", facts.sequence);
    {
      auto rows = select("SELECT checksum FROM snapshot WHERE shard = ?1 AND sequence = ?2", shard);
      if (!rows) return;
      rows->bind(2, facts.sequence);
      if (!next_row(*rows, name)) return;
      if (rows->integer(0) != checksum(shard, facts.sequence, Manifest{facts.pieces, facts.bytes})) {
        return fault(fmt::format("{} is damaged: its description", name));
      }
    }
    auto rows = select(
        "SELECT piece, checksum, bytes FROM snapshot_piece WHERE shard = ?1 AND sequence = ?2 ORDER BY piece",
        shard);
    if (!rows) return;
    rows->bind(2, facts.sequence);
    std::uint64_t pieces = 0;
    std::uint64_t bytes = 0;
    while (next_row(*rows, fmt::format("{}, piece {}", name, pieces))) {
      const std::string_view piece = rows->bytes(2);
      if (rows->integer(1) != checksum(shard, facts.sequence, rows->number(0), piece)) {
        fault(fmt::format("{} is damaged: piece {}", name, rows->integer(0)));
      }
      ++pieces;
      bytes += piece.size();
    }
    if (pieces != facts.pieces || bytes != facts.bytes) {
      fault(fmt::format("{} is not whole: {} of {} pieces, {} of {} bytes", name, pieces, facts.pieces, bytes,
                        facts.bytes));
    }
  }

  Database& database_;
  StateReport& report_;
};

}  // namespace

Result<StateReport> inspect_state(const std::string& path, Depth depth) {
  const StateDirectory directory(path);
  if (auto there = directory.require(); !there) return std::unexpected(there.error());
  StateReport report;
  report.engine = directory.lock_holder();
  // Before the state: an engine that writes meanwhile is ahead of it then, and not behind.
  const auto witnessed = NewestMark::read(directory);
  if (!witnessed && depth == Depth::Sizes) return std::unexpected(witnessed.error());

  auto database = Database::open(directory.database(), Database::Access::Read);
  if (!database) return std::unexpected(database.error());
  if (auto known = check_schema(**database); !known) return std::unexpected(known.error());
  report.schema = kSchemaVersion;
  report.bytes = directory.bytes();
  if (auto begun = (*database)->execute("BEGIN"); !begun) return std::unexpected(begun.error());
  Inspection inspection(**database, report);
  if (auto sized = inspection.sizes(); !sized) {
    if (depth == Depth::Sizes || sized.error().code != ErrorCode::Invalid)
      return std::unexpected(sized.error());
    report.faults.push_back(describe(sized.error()));
  }
  if (depth == Depth::Verify) {
    inspection.verify(witnessed ? *witnessed : std::nullopt);
    if (!witnessed) report.faults.push_back(describe(witnessed.error()));
  }
  return report;
}

Result<Compacted> compact_state(const std::string& path, const CompactProgress& progress) {
  const StateDirectory directory(path);
  if (auto there = directory.require(); !there) return std::unexpected(there.error());
  const auto lock = directory.take_lock();
  if (!lock) return std::unexpected(lock.error());
  directory.clear_unfinished();
  Compacted compacted;
  compacted.bytes_before = directory.bytes();

  const auto write_anew = [&]() -> Result<void> {
    auto database = Database::open(directory.database(), Database::Access::Write);
    if (!database) return std::unexpected(database.error());
    if (auto known = check_schema(**database); !known) return known;
    const auto busy = (*database)->integer("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!busy) return std::unexpected(busy.error());
    const auto used = (*database)->integer(
        "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, "
        "pragma_page_size");
    if (!used) return std::unexpected(used.error());
    (*database)->on_progress(
        [&] { progress(file_size(directory.unfinished()), static_cast<std::uint64_t>(*used)); });
    auto copy = (*database)->prepare("VACUUM INTO ?");
    if (!copy) return std::unexpected(copy.error());
    const std::string target = directory.unfinished();
    copy->bind_text(1, target);
    auto copied = copy->run();
    (*database)->on_progress({});
    if (!copied) return copied;
    auto fresh = Database::open(target, Database::Access::Write);
    if (!fresh) return std::unexpected(fresh.error());
    const auto mode = (*fresh)->text("PRAGMA journal_mode = WAL");
    if (!mode) return std::unexpected(mode.error());
    return check_schema(**fresh);
  };
  if (auto written = write_anew(); !written) {
    directory.clear_unfinished();
    return std::unexpected(written.error());
  }
  // SQLite's log of the old file must not be taken for the new one's.
  const std::string wal = directory.database() + "-wal";
  if (file_size(wal) != 0) {
    directory.clear_unfinished();
    return fail(ErrorCode::Unavailable, "another program has it open: end that, then compact it",
                directory.database());
  }
  ::unlink(wal.c_str());
  ::unlink((directory.database() + "-shm").c_str());
  if (auto adopted = directory.adopt_unfinished(); !adopted) return std::unexpected(adopted.error());
  compacted.bytes_after = directory.bytes();
  return compacted;
}

}  // namespace tocsin::store
