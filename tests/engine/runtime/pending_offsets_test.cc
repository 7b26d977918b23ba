#include "engine/runtime/pending_offsets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tocsin::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

EventTime minute(int number) { return EventTime{std::chrono::minutes(number)}; }

class PendingOffsetsTest : public testing::Test {
 protected:
  std::vector<std::pair<std::uint32_t, std::int64_t>> settled(PendingOffsets::Ticket ticket) {
    std::vector<std::pair<std::uint32_t, std::int64_t>> committed;
    offsets_.settled(ticket, [&](std::uint32_t partition, std::int64_t next_offset) {
      committed.emplace_back(partition, next_offset);
    });
    return committed;
  }

  PendingOffsets offsets_;
};

TEST_F(PendingOffsetsTest, AnOffsetWaitsForItsMinuteAndThenForWhatThatLedTo) {
  offsets_.add(0, 10, minute(1));
  offsets_.add(0, 20, minute(1));
  offsets_.add(0, 30, minute(2));
  EXPECT_THAT(settled(100), IsEmpty());
  offsets_.judged(minute(1), 5);
  EXPECT_THAT(settled(4), IsEmpty());
  EXPECT_THAT(settled(5), ElementsAre(Pair(0, 20)));
  offsets_.judged(minute(2), 5);
  EXPECT_THAT(settled(5), ElementsAre(Pair(0, 30)));
  EXPECT_THAT(settled(5), IsEmpty());
}

TEST_F(PendingOffsetsTest, APartitionsOffsetsAreReleasedInTheirOrder) {
  offsets_.add(0, 10, minute(5));
  offsets_.add(0, 20, minute(1));  // older events that came later
  offsets_.add(1, 7, minute(1));
  offsets_.judged(minute(1), 0);
  EXPECT_THAT(settled(0), ElementsAre(Pair(1, 7)));
  offsets_.judged(minute(5), 0);
  EXPECT_THAT(settled(0), ElementsAre(Pair(0, 10), Pair(0, 20)));
}

TEST_F(PendingOffsetsTest, WhatComesAfterItsMinuteWasJudgedWaitsForTheNextJudgement) {
  offsets_.add(0, 10, minute(1));
  offsets_.judged(minute(1), 3);
  offsets_.add(0, 20, minute(1));
  EXPECT_THAT(settled(9), ElementsAre(Pair(0, 10)));
  offsets_.judged(minute(1), 4);
  EXPECT_THAT(settled(9), ElementsAre(Pair(0, 20)));
}

}  // namespace
}  // namespace tocsin::runtime
