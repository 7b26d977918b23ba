#include "engine/runtime/memory_shares.h"

#include <algorithm>

namespace tocsin::runtime {
namespace {

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMebi = 1024 * kKibi;
// Half a second of a topic's peak and more.
constexpr std::uint64_t kMostAhead = 64 * kMebi;
constexpr std::uint64_t kMostQueued = 16 * kMebi;
// However many there are: one record, one notification with room to spare.
constexpr std::uint64_t kLeastAhead = kMebi;
constexpr std::uint64_t kLeastQueued = 256 * kKibi;

std::uint64_t part_of(std::uint64_t bytes, std::size_t users) {
  return bytes / std::max<std::size_t>(users, 1);
}

}  // namespace

MemoryShares shares_of(std::uint64_t memory, const MemoryUsers& users) {
  const std::uint64_t quarter = memory / 4;
  MemoryShares shares;
  shares.ahead = std::clamp(part_of(quarter, users.kafka_sources), kLeastAhead, kMostAhead);
  shares.queue =
      std::clamp(part_of(quarter, users.subscriptions + users.letter_lanes), kLeastQueued, kMostQueued);
  shares.outbox = std::max(part_of(quarter, users.subscriptions), kLeastQueued);
  shares.events = std::max(quarter, kLeastAhead);
  return shares;
}

}  // namespace tocsin::runtime
