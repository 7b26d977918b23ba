#include "engine/shard/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::shard {
namespace {

struct Found {
  std::optional<StateMachine> machine;
  Sequence sequence = 0;
  std::uint64_t bytes = 0;
};

// The newest snapshot that is whole. None at all is no error.
Result<Found> newest_whole(SnapshotStore& snapshots, const std::function<void(const Note&)>& note) {
  const auto kept = snapshots.kept();
  if (!kept) return std::unexpected(kept.error());
  for (const Sequence sequence : *kept) {
    auto snapshot = snapshots.get(sequence);
    if (!snapshot && snapshot.error().code != ErrorCode::Invalid) return std::unexpected(snapshot.error());
    std::optional<Error> error;
    if (snapshot) {
      auto machine = StateMachine::load(snapshot->bytes);
      if (machine) return Found{std::move(*machine), sequence, snapshot->bytes.size()};
      error = machine.error();
    } else {
      error = snapshot.error();
    }
    note({Severity::Error,
          "snapshot_damaged",
          fmt::format("the snapshot of record {} cannot be used: {}", sequence, describe(*error)),
          "what is before it and the log go as far, if they are whole; look after the disk",
          {{"sequence", std::to_string(sequence)}}});
  }
  // Before the second snapshot the log is whole from its first record on; later, reading it says what is
  // missing.
  return Found{};
}

}  // namespace

Journal::Journal(std::shared_ptr<const Definitions> definitions, bool report_closed)
    : machine_(std::move(definitions), report_closed) {}

Result<Journal> Journal::open(ShardLog& log, SnapshotStore& snapshots, const Definitions& definitions,
                              JournalSettings settings, const std::function<void(const Note&)>& note) {
  auto found = newest_whole(snapshots, note);
  if (!found) return std::unexpected(found.error());
  const bool is_new = !found->machine && log.last() == 0;
  if (!found->machine) found->machine.emplace(std::make_shared<const Definitions>(Definitions{}));
  Journal journal(std::move(*found->machine), &log, &snapshots, settings);
  journal.snapshot_at_ = found->sequence;
  journal.snapshot_size_ = found->bytes;
  if (is_new) {
    Output out;
    if (auto begun = journal.commit({Config{encode(definitions)}}, out); !begun) {
      return std::unexpected(begun.error());
    }
    return journal;
  }
  if (auto read = journal.replay(found->sequence); !read) return std::unexpected(read.error());
  return journal;
}

Result<void> Journal::replay(Sequence after) {
  return log_->read(after, [&](Sequence sequence, std::string_view bytes) -> Result<void> {
    Output out;
    auto record = decode_record(bytes);
    Result<void> done;
    if (record) {
      done = machine_.apply(*record, out);
    } else {
      done = std::unexpected(record.error());
    }
    if (!done) {
      return fail(done.error().code, fmt::format("record {} of the log: {}", sequence, done.error().message));
    }
    if (type_of(*record) == RecordType::Hash) hashed_at_ = sequence;
    bytes_since_ += bytes.size();
    ++replayed_;
    return {};
  });
}

Result<void> Journal::commit(const std::vector<Record>& records, Output& out, SetStateOutcome* outcome) {
  if (log_ != nullptr) {
    // A tick or other definitions may let go of a series: what comes after them names it again.
    bool may_be_gone = false;
    const Knows knows = [&](const Hash128& series) { return !may_be_gone && machine_.shard().knows(series); };
    std::vector<std::string> encoded;
    const bool with_hash = log_->last() >= hashed_at_ + settings_.hash_records;
    if (with_hash) encoded.push_back(encode(Hash{machine_.digest()}, knows));
    for (const Record& record : records) {
      encoded.push_back(encode(record, knows));
      const RecordType type = type_of(record);
      may_be_gone |= type == RecordType::Tick || type == RecordType::Config;
    }
    if (auto appended = log_->append(encoded); !appended) return appended;
    for (const std::string& bytes : encoded) bytes_since_ += bytes.size();
    if (with_hash) hashed_at_ = log_->last();
  }
  for (const Record& record : records) {
    const auto applied = machine_.apply(record, out, outcome);
    TOCSIN_CHECK(applied.has_value());
  }
  return {};
}

Result<void> Journal::snapshot_if_due() {
  if (log_ == nullptr || !machine_.untold().empty()) return {};
  const std::uint64_t records = log_->last() - snapshot_at_;
  const bool is_due = records >= settings_.snapshot_records || bytes_since_ >= settings_.snapshot_bytes;
  if (!is_due || bytes_since_ < 2 * snapshot_size_) {
    if (records < 8 * settings_.snapshot_records) return {};
  }
  return snapshot();
}

Result<void> Journal::snapshot() {
  TOCSIN_CHECK(log_ != nullptr);
  if (log_->last() == snapshot_at_) return {};
  Snapshot snapshot{log_->last(), machine_.save()};
  if (auto put = snapshots_->put(snapshot); !put) return put;
  const Sequence before = std::exchange(snapshot_at_, snapshot.sequence);
  snapshot_size_ = snapshot.bytes.size();
  bytes_since_ = 0;
  trim_failure_.reset();
  if (before == 0) return {};
  if (auto trimmed = log_->trim(before); !trimmed) trim_failure_ = trimmed.error();
  return {};
}

}  // namespace tocsin::shard
