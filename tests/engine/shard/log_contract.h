// What every ShardLog and SnapshotStore owes. A test program names a `Store`: both ports over one state that
// survives reopen(), as a restart of the process would find it.
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LogContract, MemoryStore);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/shard/shard_log.h"

namespace tocsin::shard {

using Records = std::vector<std::pair<Sequence, std::string>>;

inline Result<Records> read_all(const ShardLog& log, Sequence after = 0) {
  Records records;
  auto read = log.read(after, [&](Sequence sequence, std::string_view record) -> Result<void> {
    records.emplace_back(sequence, record);
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return records;
}

inline Result<void> append(ShardLog& log, const std::vector<std::string>& records) {
  return log.append(records);
}

// `size` bytes of every value, which tell where they are.
inline std::string some_bytes(std::size_t size, std::uint64_t seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

template <typename Store>
class LogContract : public testing::Test {
 protected:
  ShardLog& log() { return store_.log(); }
  SnapshotStore& snapshots() { return store_.snapshots(); }

  Store store_;
};
TYPED_TEST_SUITE_P(LogContract);

TYPED_TEST_P(LogContract, IsEmptyAtFirst) {
  EXPECT_EQ(this->log().last(), 0U);
  EXPECT_EQ(*read_all(this->log()), Records{});
  EXPECT_EQ(*this->snapshots().kept(), std::vector<Sequence>{});
}

TYPED_TEST_P(LogContract, GivesRecordsBackInOrderAndToTheByte) {
  const std::string zeroes("\0a\0", 3);
  const std::string large = some_bytes(900'000);
  ASSERT_TRUE(append(this->log(), {"first", ""}));
  ASSERT_TRUE(append(this->log(), {zeroes, large}));
  const Records all{{1, "first"}, {2, ""}, {3, zeroes}, {4, large}};
  EXPECT_EQ(*read_all(this->log()), all);
  this->store_.reopen();
  EXPECT_EQ(this->log().last(), 4U);
  EXPECT_EQ(*read_all(this->log()), all);
  EXPECT_EQ(*read_all(this->log(), 2), (Records{{3, zeroes}, {4, large}}));
  EXPECT_EQ(*read_all(this->log(), 4), Records{});
}

TYPED_TEST_P(LogContract, AppendingNothingChangesNothing) {
  ASSERT_TRUE(append(this->log(), {}));
  EXPECT_EQ(this->log().last(), 0U);
}

TYPED_TEST_P(LogContract, ReadingEndsWithTheReadersError) {
  ASSERT_TRUE(append(this->log(), {"a", "b", "c"}));
  Sequence seen = 0;
  const auto read = this->log().read(0, [&](Sequence sequence, std::string_view) -> Result<void> {
    seen = sequence;
    if (sequence == 2) return fail(ErrorCode::Refused, "enough");
    return {};
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "enough");
  EXPECT_EQ(seen, 2U);
  EXPECT_EQ(read_all(this->log())->size(), 3U);
}

TYPED_TEST_P(LogContract, TrimmingLetsGoOfTheOldestAndKeepsTheCount) {
  ASSERT_TRUE(append(this->log(), {"a", "b", "c"}));
  ASSERT_TRUE(this->log().trim(2));
  EXPECT_EQ(*read_all(this->log(), 2), (Records{{3, "c"}}));
  ASSERT_TRUE(this->log().trim(1));  // done before
  ASSERT_TRUE(this->log().trim(3));
  EXPECT_EQ(this->log().last(), 3U);
  this->store_.reopen();
  EXPECT_EQ(this->log().last(), 3U);
  EXPECT_EQ(*read_all(this->log(), 3), Records{});
  ASSERT_TRUE(append(this->log(), {"d"}));
  EXPECT_EQ(*read_all(this->log(), 3), (Records{{4, "d"}}));
}

TYPED_TEST_P(LogContract, ReadingWhatWasTrimmedIsAnErrorThatNamesIt) {
  ASSERT_TRUE(append(this->log(), {"a", "b", "c"}));
  ASSERT_TRUE(this->log().trim(2));
  this->store_.reopen();
  const auto read = read_all(this->log(), 1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Invalid);
  EXPECT_THAT(read.error().message, testing::HasSubstr("record 2 "));
}

TYPED_TEST_P(LogContract, TrimmingBeyondTheEndTakesWhatIsThere) {
  ASSERT_TRUE(append(this->log(), {"a"}));
  ASSERT_TRUE(this->log().trim(99));
  ASSERT_TRUE(append(this->log(), {"b"}));
  EXPECT_EQ(*read_all(this->log(), 1), (Records{{2, "b"}}));
}

TYPED_TEST_P(LogContract, KeepsTheNewestSnapshotAndTheOneBefore) {
  for (const Sequence sequence : {3U, 5U, 8U, 13U}) {
    ASSERT_TRUE(this->snapshots().put({sequence, "state at " + std::to_string(sequence)}));
  }
  this->store_.reopen();
  EXPECT_EQ(*this->snapshots().kept(), (std::vector<Sequence>{13, 8}));
  EXPECT_EQ(this->snapshots().get(13)->bytes, "state at 13");
  EXPECT_EQ(this->snapshots().get(8)->bytes, "state at 8");
  EXPECT_EQ(this->snapshots().get(8)->sequence, 8U);
}

TYPED_TEST_P(LogContract, ASnapshotThatWasNeverPutIsAnError) {
  ASSERT_TRUE(this->snapshots().put({3, "three"}));
  const auto unknown = this->snapshots().get(4);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::Invalid);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("record 4"));
}

TYPED_TEST_P(LogContract, SnapshotsOfAnySizeComeBackWhole) {
  const std::size_t mebibyte = std::size_t{1} << 20;
  Sequence sequence = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, mebibyte - 1, mebibyte, mebibyte + 1, 9 * mebibyte + 7}) {
    const std::string bytes = some_bytes(size, size + 1);
    ASSERT_TRUE(this->snapshots().put({++sequence, bytes}));
    this->store_.reopen();
    ASSERT_EQ(this->snapshots().get(sequence)->bytes, bytes);
  }
}

TYPED_TEST_P(LogContract, ASnapshotOfTheSameRecordReplacesIt) {
  ASSERT_TRUE(this->snapshots().put({3, "old"}));
  ASSERT_TRUE(this->snapshots().put({7, some_bytes(3'000'000)}));
  ASSERT_TRUE(this->snapshots().put({7, "new"}));
  this->store_.reopen();
  EXPECT_EQ(*this->snapshots().kept(), (std::vector<Sequence>{7, 3}));
  EXPECT_EQ(this->snapshots().get(7)->bytes, "new");
}

TYPED_TEST_P(LogContract, AnOlderSnapshotThanTheNewestIsRefused) {
  ASSERT_TRUE(this->snapshots().put({7, "seven"}));
  const auto older = this->snapshots().put({6, "six"});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::Invalid);
  EXPECT_EQ(*this->snapshots().kept(), (std::vector<Sequence>{7}));
}

REGISTER_TYPED_TEST_SUITE_P(LogContract, IsEmptyAtFirst, GivesRecordsBackInOrderAndToTheByte,
                            AppendingNothingChangesNothing, ReadingEndsWithTheReadersError,
                            TrimmingLetsGoOfTheOldestAndKeepsTheCount,
                            ReadingWhatWasTrimmedIsAnErrorThatNamesIt, TrimmingBeyondTheEndTakesWhatIsThere,
                            KeepsTheNewestSnapshotAndTheOneBefore, ASnapshotThatWasNeverPutIsAnError,
                            SnapshotsOfAnySizeComeBackWhole, ASnapshotOfTheSameRecordReplacesIt,
                            AnOlderSnapshotThanTheNewestIsRefused);

}  // namespace tocsin::shard
