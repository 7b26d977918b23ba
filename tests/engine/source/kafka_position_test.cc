#include "engine/source/kafka_position.h"

#include <gtest/gtest.h>

namespace tocsin::source {
namespace {

using Kind = KafkaPosition::Kind;

TEST(KafkaPosition, IsNoneWhereNobodyHasRead) {
  EXPECT_EQ(decide_position({.start = 5, .end = 9}).kind, Kind::None);
}

TEST(KafkaPosition, GoesOnWhereTheGroupIsOrThisProcessWasFurther) {
  EXPECT_EQ(decide_position({.committed = 7, .start = 5, .end = 9}).offset, 7);
  EXPECT_EQ(decide_position({.committed = 7, .handed = 8, .start = 5, .end = 9}).offset, 8);
  EXPECT_EQ(decide_position({.committed = 8, .handed = 7, .start = 5, .end = 9}).offset, 8);
  for (const std::int64_t edge : {5, 9}) {
    const auto position = decide_position({.committed = edge, .start = 5, .end = 9});
    EXPECT_EQ(position.kind, Kind::Known);
    EXPECT_EQ(position.offset, edge);
  }
}

TEST(KafkaPosition, NamesWhatRetentionTook) {
  const auto position = decide_position({.committed = 2, .handed = 3, .start = 50, .end = 90});
  EXPECT_EQ(position.kind, Kind::Gap);
  EXPECT_EQ(position.offset, 50);
  EXPECT_EQ(position.lost_from, 3);
  EXPECT_EQ(position.lost_to, 50);
}

TEST(KafkaPosition, TakesATopicThatEndsBeforeThePositionForANewOne) {
  const auto position = decide_position({.committed = 100, .start = 0, .end = 7});
  EXPECT_EQ(position.kind, Kind::Recreated);
  EXPECT_EQ(position.offset, 0);
  EXPECT_EQ(position.lost_from, 100);
}

TEST(KafkaPosition, TakesATopicWhosePositionsAreForgottenForANewOneHoweverLongItIs) {
  const auto position = decide_position({.handed = 100, .seen = 90, .start = 0, .end = 700});
  EXPECT_EQ(position.kind, Kind::Recreated);
  EXPECT_EQ(position.offset, 0);
}

TEST(KafkaPosition, GoesOnWhereAnotherMemberIsInTheNewTopic) {
  const auto position = decide_position({.committed = 20, .handed = 100, .seen = 90, .start = 0, .end = 700});
  EXPECT_EQ(position.kind, Kind::Recreated);
  EXPECT_EQ(position.offset, 20);
}

TEST(KafkaPosition, TakesATopicThatHasLostItsEndButNotItsBeginningForTheSame) {
  const auto position = decide_position({.committed = 100, .seen = 90, .start = 40, .end = 97});
  EXPECT_EQ(position.kind, Kind::Truncated);
  EXPECT_EQ(position.offset, 97);
  EXPECT_EQ(position.lost_from, 97);
  EXPECT_EQ(position.lost_to, 100);
}

TEST(KafkaPosition, GoesBackToTheLeastEndThatWasSeen) {
  const auto position = decide_position({.committed = 100, .start = 40, .end = 120, .least_end = 95});
  EXPECT_EQ(position.kind, Kind::Truncated);
  EXPECT_EQ(position.offset, 95);
}

}  // namespace
}  // namespace tocsin::source
