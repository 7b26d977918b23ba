#include "engine/runtime/repeats.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

event::RawBatch batch_of(std::initializer_list<std::int64_t> offsets) {
  event::RawBatch batch;
  for (const std::int64_t offset : offsets) {
    event::RawRecord& record = batch.records.emplace_back();
    record.offset = offset;
  }
  if (offsets.size() > 0) batch.next_offset = *(offsets.end() - 1) + 1;
  return batch;
}

TEST(Repeats, WhatLiesBeforeTheNextOffsetIsDropped) {
  event::RawBatch batch = batch_of({5, 6, 8, 9});
  EXPECT_EQ(drop_repeats(batch, 7), 10);
  ASSERT_EQ(batch.records.size(), 2U);
  EXPECT_EQ(batch.records.front().offset, 8);
}

TEST(Repeats, ABatchThatIsAllKnownIsEmpty) {
  event::RawBatch batch = batch_of({1, 2});
  EXPECT_EQ(drop_repeats(batch, 100), 3);
  EXPECT_TRUE(batch.records.empty());
}

TEST(Repeats, DeadLettersAreNotCountedTwice) {
  event::RawBatch batch = batch_of({4});
  batch.dead.resize(2);
  batch.dead[0].offset = 3;
  batch.dead[0].reason = event::RejectReason::TooLarge;
  batch.dead[1].offset = 5;
  batch.dead[1].reason = event::RejectReason::TooLarge;
  batch.rejects.add(event::RejectReason::TooLarge, 2);
  EXPECT_EQ(drop_repeats(batch, 4), 6);
  EXPECT_EQ(batch.dead.size(), 1U);
  EXPECT_EQ(batch.rejects[event::RejectReason::TooLarge], 1U);
}

}  // namespace
}  // namespace tocsin::runtime
