#include "tests/crash/kept_state.h"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>

#include "engine/base/wire.h"
#include "engine/shard/journal.h"
#include "engine/store/sqlite_state.h"

namespace tocsin::crash_test {
namespace {

namespace fs = std::filesystem;

// A directory that is gone with its owner.
class Copy {
 public:
  explicit Copy(const fs::path& original) {
    std::string name = (fs::temp_directory_path() / "tocsin-kept-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = name;
    for (const char* file : {"state.sqlite", "state.sqlite-wal", "newest"}) {
      if (fs::exists(original / file)) fs::copy_file(original / file, path_ / file);
    }
  }
  ~Copy() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// As if the newer snapshots had never been written.
class Until : public shard::SnapshotStore {
 public:
  Until(shard::SnapshotStore& store, shard::Sequence newest) : store_(store), newest_(newest) {}
  Result<void> put(const shard::Snapshot& snapshot) override { return store_.put(snapshot); }
  Result<std::vector<shard::Sequence>> kept() const override {
    auto kept = store_.kept();
    if (kept) std::erase_if(*kept, [&](shard::Sequence sequence) { return sequence > newest_; });
    return kept;
  }
  Result<shard::Snapshot> get(shard::Sequence sequence) const override { return store_.get(sequence); }

 private:
  shard::SnapshotStore& store_;
  shard::Sequence newest_;
};

PeriodSums sums_of(const shard::StateMachine& machine) {
  PeriodSums sums;
  // Once more, as one that reports what it closes.
  std::string saved;
  WireWriter writer(saved);
  machine.shard().save(writer);
  WireReader reader(saved);
  const auto definitions = std::make_shared<const shard::Definitions>(machine.shard().definitions());
  auto loaded = shard::Shard::load(reader, *definitions, definitions, true);
  if (!loaded)
    throw std::runtime_error("a shard that was saved cannot be loaded: " + describe(loaded.error()));
  shard::Output out;
  loaded->close_all(out);
  for (const shard::ClosedBucket& bucket : out.closed) {
    if (definitions->metrics[bucket.metric].metric_namespace != "Storm") continue;  // the engine's own
    const std::string account = bucket.dimensions.empty() ? std::string() : bucket.dimensions.front().second;
    Sums& one = sums[{account, floor_to(bucket.start, kPeriod)}];
    one.count += static_cast<std::int64_t>(bucket.statistics.count);
    one.sum += static_cast<std::int64_t>(bucket.statistics.sum);
  }
  return sums;
}

}  // namespace

std::int64_t KeptState::next_offsets() const {
  std::int64_t sum = 0;
  for (const shard::PartitionState& partition : partitions) sum += partition.next_offset;
  return sum;
}

std::uint64_t KeptState::counted(const std::string& name) const {
  const auto at = ledger.find(name);
  return at == ledger.end() ? 0 : at->second;
}

Result<KeptState> look_at_state(const fs::path& directory) {
  const Copy copy(directory);
  auto store = store::open_state(copy.path().string(), "crash tests");
  if (!store) return std::unexpected(store.error());
  auto snapshots = (*store)->kept();
  if (!snapshots) return std::unexpected(snapshots.error());
  KeptState kept;
  const auto note = [&](const Note& one) { kept.notes += one.text + "\n"; };
  auto journal = shard::Journal::open(**store, **store, {}, {}, note);
  if (!journal) return std::unexpected(journal.error());
  const shard::StateMachine& machine = journal->machine();
  kept.digest = machine.digest();
  kept.recoveries = 1;
  for (std::size_t older = 1; older < snapshots->size(); ++older) {
    Until until(**store, (*snapshots)[older]);
    auto other = shard::Journal::open(**store, until, {}, {}, note);
    if (!other) return std::unexpected(other.error());
    if (other->machine().digest() != kept.digest) {
      return fail(ErrorCode::Invalid,
                  fmt::format("recovery from snapshot {} comes to another state than from snapshot {}",
                              (*snapshots)[older], snapshots->front()));
    }
    ++kept.recoveries;
  }
  kept.records = (*store)->last();
  kept.partitions = machine.partitions();
  kept.ledger = machine.ledger();
  kept.outbox_entries = machine.next_number() - 1;
  kept.to_deliver = machine.outbox().size();
  kept.untold = machine.untold().size();
  kept.repeated_chunks = machine.repeated();
  kept.counts = machine.shard().counts();
  for (const auto& file : fs::directory_iterator(directory)) kept.bytes += file.file_size();
  if (kept.untold == 0) kept.sums = sums_of(machine);
  return kept;
}

}  // namespace tocsin::crash_test
