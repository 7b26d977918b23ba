#include "engine/runtime/memory_shares.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

constexpr std::uint64_t kMebi = 1024 * 1024;

std::uint64_t sum_of(const MemoryShares& shares, const MemoryUsers& users) {
  return shares.ahead * users.kafka_sources + shares.queue * (users.subscriptions + users.letter_lanes) +
         shares.outbox * users.subscriptions;
}

TEST(MemoryShares, AreWhatServesWhereThereIsEnough) {
  const MemoryShares shares = shares_of(512 * kMebi, {1, 2, 1});
  EXPECT_EQ(shares.ahead, 64 * kMebi);
  EXPECT_EQ(shares.queue, 16 * kMebi);
  EXPECT_EQ(shares.outbox, 64 * kMebi);
}

TEST(MemoryShares, LeaveAQuarterForWhatIsInHandHoweverManyShare) {
  for (const std::uint64_t memory : {64 * kMebi, 512 * kMebi, 4096 * kMebi}) {
    for (const MemoryUsers users : {MemoryUsers{1, 1, 1}, MemoryUsers{4, 20, 4}, MemoryUsers{16, 50, 4}}) {
      EXPECT_LE(sum_of(shares_of(memory, users), users), memory / 4 * 3);
    }
  }
}

TEST(MemoryShares, RulesMakeNoMoreAtOnceThanAllOutboxesHold) {
  EXPECT_EQ(shares_of(512 * kMebi, {1, 2, 1}).events, 128 * kMebi);
  EXPECT_EQ(shares_of(64 * kMebi, {1, 20, 1}).events, 16 * kMebi);
}

TEST(MemoryShares, OfNobodyAreNotDividedByZero) { EXPECT_EQ(shares_of(64 * kMebi, {}).outbox, 16 * kMebi); }

}  // namespace
}  // namespace tocsin::runtime
