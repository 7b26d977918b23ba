#include "tests/simulation/disk.h"

#include <algorithm>
#include <utility>

#include "engine/shard/record.h"
#include "engine/shard/state_machine.h"

namespace tocsin::simulation {
namespace {

std::unexpected<Error> full() { return fail(ErrorCode::Exhausted, "the simulated disk is full"); }

std::string without_outbox(const std::string& bytes) {
  auto machine = shard::StateMachine::load(bytes);
  shard::Ack ack;
  for (const auto& [number, entry] : machine->outbox()) {
    for (const std::string& subscription : entry.subscriptions) ack.settled.push_back({number, subscription});
  }
  shard::Output none;
  (void)machine->apply(ack, none);
  return machine->save();
}

bool is(shard::RecordType type, const std::string& record) {
  return static_cast<std::uint8_t>(record[1]) == static_cast<std::uint8_t>(type);
}

}  // namespace

Disk::Disk(World& world) : world_(world) {
  if (world_.ablation == Ablation::AppendBeforeStoring) log_.set_syncs_by_hand();
}

Result<void> Disk::append(std::span<const std::string> records) {
  world_.reach(Point::BeforeAppend);
  if (is_full()) {
    if (world_.ablation == Ablation::AppendHalf && records.size() > 1) {
      (void)log_.append(records.first(1));
      remember(records.front());
    }
    if (world_.ablation == Ablation::AppendStoresAndFails) {
      (void)log_.append(records);
      for (const std::string& record : records) remember(record);
    }
    return full();
  }
  std::vector<std::string> stored(records.begin(), records.end());
  const auto lose = [&](shard::RecordType type, const shard::Record& empty) {
    for (std::string& record : stored) {
      if (is(type, record) && history_.size() > 1) record = shard::encode(empty, {});
    }
  };
  if (world_.ablation == Ablation::AckLost) lose(shard::RecordType::Ack, shard::Ack{});
  if (world_.ablation == Ablation::ConfigLost) lose(shard::RecordType::Config, shard::Ack{});
  if (auto appended = log_.append(stored); !appended) return appended;
  for (std::string& record : stored) {
    world_.trace(record);
    remember(std::move(record));
  }
  if (world_.ablation == Ablation::AppendBeforeStoring && ++appends_ % 4 == 0) log_.sync();
  world_.reach(Point::AfterAppend);
  return {};
}

void Disk::remember(std::string record) {
  history_.push_back(std::move(record));
  stored_at_.push_back(world_.passed);
}

Result<void> Disk::trim(shard::Sequence through) {
  world_.reach(Point::BeforeTrim);
  if (is_full()) return full();
  if (world_.ablation == Ablation::TrimTooFar) through = log_.kept()->front();
  if (auto trimmed = log_.trim(through); !trimmed) return trimmed;
  trimmed_ = std::max(trimmed_, through);
  world_.reach(Point::AfterTrim);
  return {};
}

Result<void> Disk::put(const shard::Snapshot& snapshot) {
  world_.reach(Point::BeforePut);
  if (is_full()) return full();
  shard::Snapshot stored = snapshot;
  if (world_.ablation == Ablation::SnapshotWithoutOutbox) stored.bytes = without_outbox(stored.bytes);
  if (world_.ablation == Ablation::SnapshotStale && put_before_) stored.bytes = put_before_->bytes;
  put_before_ = snapshot;
  if (auto put = log_.put(stored); !put) return put;
  world_.trace(stored.bytes);
  world_.reach(Point::AfterPut);
  return {};
}

Result<shard::Snapshot> Disk::get(shard::Sequence sequence) const {
  if (world_.ablation == Ablation::DamageUnseen && damaged_ == sequence) {
    auto older = log_.get(log_.kept()->back());
    older->sequence = sequence;
    return older;
  }
  return log_.get(sequence);
}

bool Disk::damage_newest_snapshot() {
  const std::vector<shard::Sequence> kept = *log_.kept();
  // A log that was never trimmed goes as far back as the state itself.
  if (kept.size() < 2) return false;
  // Nor is it promised that both may be damaged.
  if (std::ranges::any_of(kept, [&](shard::Sequence sequence) { return sequence == damaged_; })) return false;
  damaged_ = kept.front();
  if (world_.ablation != Ablation::DamageUnseen) log_.damage_snapshot(kept.front());
  return true;
}

void Disk::crash() {
  log_.crash();
  history_.resize(log_.last());
  stored_at_.resize(log_.last());
}

}  // namespace tocsin::simulation
