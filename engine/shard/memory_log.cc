#include "engine/shard/memory_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::shard {

Result<void> MemoryLog::permit(Operation operation) const {
  if (!fault_) return {};
  if (std::optional<Error> error = fault_(operation)) return std::unexpected(std::move(*error));
  return {};
}

Result<void> MemoryLog::append(std::span<const std::string> records) {
  if (auto permitted = permit(Operation::Append); !permitted) return permitted;
  for (const std::string& record : records) {
    contents_.records.push_back(std::make_shared<const std::string>(record));
    damaged_records_.erase(++contents_.last);
  }
  return {};
}

Result<void> MemoryLog::read(Sequence after, const Each& each) const {
  if (auto permitted = permit(Operation::Read); !permitted) return permitted;
  const Sequence trimmed = contents_.last - contents_.records.size();
  if (after < trimmed) {
    return fail(ErrorCode::Invalid,
                fmt::format("record {} is missing: those up to {} were let go", after + 1, trimmed));
  }
  for (Sequence sequence = after + 1; sequence <= contents_.last; ++sequence) {
    if (damaged_records_.contains(sequence)) {
      return fail(ErrorCode::Invalid, fmt::format("record {} is damaged", sequence));
    }
    if (auto seen = each(sequence, *contents_.records[sequence - trimmed - 1]); !seen) return seen;
  }
  return {};
}

Result<void> MemoryLog::trim(Sequence through) {
  if (auto permitted = permit(Operation::Trim); !permitted) return permitted;
  while (!contents_.records.empty() && contents_.last - contents_.records.size() < through) {
    contents_.records.pop_front();
  }
  return {};
}

Result<void> MemoryLog::put(const Snapshot& snapshot) {
  if (auto permitted = permit(Operation::Put); !permitted) return permitted;
  auto& kept = contents_.snapshots;
  if (!kept.empty() && kept.front()->sequence > snapshot.sequence) {
    return fail(ErrorCode::Invalid,
                fmt::format("a snapshot of record {} is kept already, which is newer than {}",
                            kept.front()->sequence, snapshot.sequence));
  }
  if (!kept.empty() && kept.front()->sequence == snapshot.sequence) kept.erase(kept.begin());
  damaged_snapshots_.erase(snapshot.sequence);
  kept.insert(kept.begin(), std::make_shared<const Snapshot>(snapshot));
  if (kept.size() > 2) kept.resize(2);
  return {};
}

Result<std::vector<Sequence>> MemoryLog::kept() const {
  if (auto permitted = permit(Operation::Kept); !permitted) return std::unexpected(permitted.error());
  std::vector<Sequence> sequences;
  for (const auto& snapshot : contents_.snapshots) sequences.push_back(snapshot->sequence);
  return sequences;
}

Result<Snapshot> MemoryLog::get(Sequence sequence) const {
  if (auto permitted = permit(Operation::Get); !permitted) return std::unexpected(permitted.error());
  const auto found = std::ranges::find(contents_.snapshots, sequence,
                                       [](const auto& snapshot) { return snapshot->sequence; });
  if (found == contents_.snapshots.end()) {
    return fail(ErrorCode::Invalid, fmt::format("there is no snapshot of record {}", sequence));
  }
  if (damaged_snapshots_.contains(sequence)) {
    return fail(ErrorCode::Invalid, fmt::format("the snapshot of record {} is damaged", sequence));
  }
  return **found;
}

void MemoryLog::set_syncs_by_hand() { durable_ = contents_; }

void MemoryLog::sync() {
  TOCSIN_CHECK(durable_.has_value());
  durable_ = contents_;
}

void MemoryLog::crash() {
  if (durable_) contents_ = *durable_;
}

}  // namespace tocsin::shard
