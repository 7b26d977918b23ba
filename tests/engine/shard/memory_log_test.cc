#include "engine/shard/memory_log.h"

#include <gtest/gtest.h>

#include "tests/engine/shard/log_contract.h"

namespace tocsin::shard {
namespace {

// Memory survives no restart; what a simulation restarts is what stands on it.
struct MemoryStore {
  MemoryLog memory;
  ShardLog& log() { return memory; }
  SnapshotStore& snapshots() { return memory; }
  void reopen() {}
};

TEST(MemoryLog, ACrashLosesWhatWasNotSynced) {
  MemoryLog memory;
  ASSERT_TRUE(append(memory, {"a", "b"}));
  ASSERT_TRUE(memory.put({1, "one"}));
  memory.set_syncs_by_hand();
  ASSERT_TRUE(append(memory, {"c"}));
  memory.sync();
  ASSERT_TRUE(append(memory, {"d"}));
  ASSERT_TRUE(memory.put({4, "four"}));
  ASSERT_TRUE(memory.trim(2));
  memory.crash();
  EXPECT_EQ(memory.last(), 3U);
  EXPECT_EQ(*read_all(memory), (Records{{1, "a"}, {2, "b"}, {3, "c"}}));
  EXPECT_EQ(*memory.kept(), (std::vector<Sequence>{1}));
  ASSERT_TRUE(append(memory, {"e"}));
  EXPECT_EQ(*read_all(memory, 3), (Records{{4, "e"}}));
}

TEST(MemoryLog, ACrashOfWhatIsSyncedByItselfLosesNothing) {
  MemoryLog memory;
  ASSERT_TRUE(append(memory, {"a"}));
  memory.crash();
  EXPECT_EQ(*read_all(memory), (Records{{1, "a"}}));
}

TEST(MemoryLog, AFaultIsTheOperationsAndChangesNothing) {
  MemoryLog memory;
  ASSERT_TRUE(append(memory, {"a"}));
  ASSERT_TRUE(memory.put({1, "one"}));
  memory.set_fault([](MemoryLog::Operation) { return Error{ErrorCode::Exhausted, "full", {}}; });
  EXPECT_EQ(append(memory, {"b"}).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(memory.trim(1).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(memory.put({2, "two"}).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(memory.get(1).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(memory.kept().error().code, ErrorCode::Exhausted);
  EXPECT_EQ(read_all(memory).error().code, ErrorCode::Exhausted);
  memory.set_fault({});
  EXPECT_EQ(*read_all(memory), (Records{{1, "a"}}));
  EXPECT_EQ(*memory.kept(), (std::vector<Sequence>{1}));
}

TEST(MemoryLog, WhatIsDamagedIsNeverShown) {
  MemoryLog memory;
  ASSERT_TRUE(append(memory, {"a", "b"}));
  ASSERT_TRUE(memory.put({2, "two"}));
  memory.damage_record(2);
  memory.damage_snapshot(2);
  EXPECT_EQ(read_all(memory).error().message, "record 2 is damaged");
  EXPECT_EQ(memory.get(2).error().message, "the snapshot of record 2 is damaged");
}

TEST(MemoryLog, WhatIsWrittenInPlaceOfSomethingDamagedIsWhole) {
  MemoryLog memory;
  memory.set_syncs_by_hand();
  ASSERT_TRUE(append(memory, {"a"}));
  memory.damage_record(1);
  memory.crash();
  ASSERT_TRUE(append(memory, {"b"}));
  EXPECT_EQ(*read_all(memory), (Records{{1, "b"}}));
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LogContract, MemoryStore);

}  // namespace tocsin::shard
