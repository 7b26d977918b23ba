#include "engine/source/kafka_position.h"

#include <gtest/gtest.h>

#include <vector>

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

TEST(KafkaRestart, TheStateIsRightWhereTheGroupLiesAtItOrBehindItWithOurMark) {
  using enum KafkaDispute;
  struct Row {
    const char* name;
    KafkaRestartFacts facts;
    KafkaDispute dispute;
    Kind kind;
    std::int64_t offset;
  };
  const std::vector<Row> rows{
      {"behind with our mark",
       {.position = 50, .committed = 40, .mark = 1, .end = 90},
       None,
       Kind::Known,
       50},
      {"the same without", {.position = 50, .committed = 50, .end = 90}, None, Kind::Known, 50},
      {"behind without", {.position = 50, .committed = 40, .end = 90}, Reset, Kind::Known, 50},
      {"ahead with our mark",
       {.position = 50, .committed = 60, .mark = 1, .end = 90},
       Ahead,
       Kind::Known,
       50},
      {"ahead with our mark, past what retention took",
       {.position = 50, .committed = 60, .mark = 1, .start = 60, .end = 90},
       None,
       Kind::Gap,
       60},
      {"ahead without", {.position = 50, .committed = 60, .end = 90}, Ahead, Kind::Known, 50},
      {"none", {.position = 50, .end = 90}, Expired, Kind::Known, 50},
      {"none, and behind the start", {.position = 50, .start = 60, .end = 90}, Expired, Kind::Gap, 60},
      {"gone meanwhile", {.position = 50, .was_gone = true, .end = 90}, None, Kind::Recreated, 0},
      {"away for a moment",
       {.position = 50, .committed = 50, .mark = 1, .was_gone = true, .end = 90},
       None,
       Kind::Known,
       50},
      {"a later mark", {.position = 50, .committed = 5, .mark = 2, .end = 90}, None, Kind::Recreated, 5},
      {"beyond the end", {.position = 50, .end = 7}, None, Kind::Recreated, 0},
      {"beyond an end that was cut",
       {.position = 50, .committed = 50, .mark = 1, .start = 3, .end = 40},
       None,
       Kind::Truncated,
       40},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(find_dispute(row.facts), row.dispute) << row.name;
    EXPECT_EQ(decide_restart(row.facts).kind, row.kind) << row.name;
    EXPECT_EQ(decide_restart(row.facts).offset, row.offset) << row.name;
  }
}

TEST(KafkaRestart, ByTheGroupWhatIsPassedOverIsNamed) {
  const auto ahead = decide_restart_by_group({.position = 50, .committed = 60, .start = 5, .end = 90}, 5);
  EXPECT_EQ(ahead.kind, Kind::Skipped);
  EXPECT_EQ(ahead.offset, 60);
  EXPECT_EQ(ahead.lost_from, 50);
  EXPECT_EQ(ahead.lost_to, 60);
  const auto behind = decide_restart_by_group({.position = 50, .committed = 2, .start = 5, .end = 90}, 5);
  EXPECT_EQ(behind.kind, Kind::Known);
  EXPECT_EQ(behind.offset, 5);
  EXPECT_EQ(decide_restart_by_group({.position = 50, .start = 5, .end = 90}, 90).lost_to, 90);
}

TEST(KafkaIncarnation, OfAPartitionThatIsMetForTheFirstTimeIsTheOneThatWasCommitted) {
  EXPECT_EQ(decide_incarnation({.is_known = false}), 1U);
  EXPECT_EQ(decide_incarnation({.is_known = false, .mark = 2}), 2U) << "a restart without a state";
  EXPECT_EQ(decide_incarnation({.is_known = false, .mark = 2, .renewed = true}), 3U)
      << "and meanwhile renewed";
}

TEST(KafkaIncarnation, OfAPartitionThatIsKnownChangesWhenItIsRenewedOnly) {
  EXPECT_EQ(decide_incarnation({.own = 2, .mark = 2}), 2U);
  EXPECT_EQ(decide_incarnation({.own = 2, .mark = 0}), 2U) << "another one's commit";
  EXPECT_EQ(decide_incarnation({.own = 2, .mark = 2, .renewed = true}), 3U);
  EXPECT_EQ(decide_incarnation({.own = 2, .mark = 0, .renewed = true}), 3U);
  EXPECT_EQ(decide_incarnation({.own = 2, .mark = 3, .renewed = true}), 3U) << "another member was quicker";
}

TEST(KafkaRestart, OnlyOurOwnMarkIsReadAsOne) {
  EXPECT_EQ(commit_mark(7), "tocsin 7");
  EXPECT_EQ(read_commit_mark(commit_mark(7)), 7U);
  for (const char* other : {"", "7", "tocsin", "tocsin ", "tocsin x", "tocsin 7 ", "NOTTOCSIN 7"})
    EXPECT_EQ(read_commit_mark(other), 0U) << other;
}

}  // namespace
}  // namespace tocsin::source
