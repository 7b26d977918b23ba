#include "engine/runtime/source_frontier.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

using std::chrono::minutes;

const WallTime kNow{Duration{1'800'000'000'000}};

EventTime at(Duration since) { return as_event_time(kNow) + since; }

source::SourceStatus status(std::vector<source::Progress> partitions) { return {std::move(partitions), {}}; }

TEST(SourceFrontier, KnowsNothingBeforeItsFirstStatus) {
  SourceFrontier frontier(Duration{0}, true);
  EXPECT_EQ(frontier.value(), kNever);
  frontier.on_status(status({}), kNow);
  EXPECT_EQ(frontier.value(), kNever);  // Kafka without partitions of its own
}

TEST(SourceFrontier, FilesThatAreNotThereYetAreSilent) {
  SourceFrontier frontier(Duration{0}, false);
  frontier.on_status(status({}), kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
}

TEST(SourceFrontier, ACaughtUpPartitionHasComeAsFarAsItsProofLessTheDelay) {
  SourceFrontier frontier(minutes(2), true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(2)));
}

TEST(SourceFrontier, ALaggingPartitionHoldsAllBackAtItsNewestRecord) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_data(1, at(-minutes(60)), at(-minutes(70)), kNow);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}, {.partition = 1}}), kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(60)));
}

TEST(SourceFrontier, APartitionOfWhichNothingIsKnownHoldsEverything) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}, {.partition = 1}}), kNow);
  EXPECT_EQ(frontier.value(), kNever);
}

TEST(SourceFrontier, APartitionThatWasMetHoldsEverythingUntilAStatusNamesIt) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  frontier.on_met();
  EXPECT_EQ(frontier.value(), kNever);
  EXPECT_FALSE(frontier.hold(kNow)) << "it takes a moment";
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow},
                             {.partition = 1, .caught_up = true, .at = kNow - minutes(1)}}),
                     kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(1)));
}

TEST(SourceFrontier, ATopicThatNobodyReadsHoldsAll) {
  SourceFrontier frontier(Duration{0}, true);
  source::SourceStatus answer = status({{.partition = 0, .caught_up = true, .at = kNow}});
  answer.unheard = {"audit"};
  frontier.on_status(answer, kNow);
  EXPECT_EQ(frontier.value(), kNever);
  const auto hold = frontier.hold(kNow);
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->reason, FrontierHold::Reason::NoPartitions);
  EXPECT_EQ(hold->topic, "audit");
  answer.unheard.clear();
  frontier.on_status(answer, kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
}

TEST(SourceFrontier, AClockOfAProducerDoesNotPushTime) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_data(0, at(-minutes(30)), at(-minutes(30)), kNow);
  frontier.on_data(0, at(minutes(90)), at(minutes(90)), kNow);
  frontier.on_status(status({{.partition = 0}}), kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(30)));
}

TEST(SourceFrontier, PartitionsThatCameToTheirEndHoldNothing) {
  SourceFrontier frontier(Duration{0}, false);
  frontier.on_status(
      status({{.partition = 0, .finished = true}, {.partition = 1, .caught_up = true, .at = kNow}}), kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
  frontier.on_status(status({{.partition = 0, .finished = true}, {.partition = 1, .finished = true}}), kNow);
  EXPECT_EQ(frontier.value(), kForever);
}

TEST(SourceFrontier, WhatWasProvenStaysTrueWhenThePartitionLagsAgain) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_data(0, at(-minutes(5)), kNever, kNow - minutes(5));
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  frontier.on_status(status({{.partition = 0}}), kNow + minutes(1));
  EXPECT_EQ(frontier.value(), at(Duration{0}));
  frontier.on_data(0, at(minutes(1)), kNever, kNow + minutes(2));
  EXPECT_EQ(frontier.value(), at(minutes(1)));
}

TEST(SourceFrontier, AnAnswerThatIsOldHoldsWhereItWasGiven) {
  SourceFrontier frontier(minutes(1), true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow + minutes(30));
  EXPECT_EQ(frontier.value(), at(-minutes(1)));
}

TEST(SourceFrontier, AClockThatWasSetBackTakesNothingBack) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  const WallTime back = kNow - minutes(60);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = back}}), back);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
}

TEST(SourceFrontier, APartitionThatComesBackStartsAnew) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_data(1, at(-minutes(1)), kNever, kNow);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}, {.partition = 1}}), kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(1)));
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}, {.partition = 1}}), kNow);
  EXPECT_EQ(frontier.value(), kNever);
}

TEST(SourceFrontier, WithoutRecordTimesTheEventsTellHowFarItIs) {
  // Files; and `time: arrival`, where an event's time is when it was read.
  SourceFrontier frontier(Duration{0}, false);
  frontier.on_data(0, kNever, at(-minutes(3)), kNow);
  frontier.on_status(status({{.partition = 0}}), kNow);
  EXPECT_EQ(frontier.value(), at(-minutes(3)));
}

TEST(SourceFrontier, TimeThatMovesWithTheClockIsNotHeld) {
  SourceFrontier frontier(minutes(10), true);
  frontier.on_status(status({{.partition = 0, .caught_up = true, .at = kNow}}), kNow);
  EXPECT_FALSE(frontier.hold(kNow + std::chrono::seconds(1)));
  SourceFrontier finished(Duration{0}, false);
  finished.on_status(status({{.partition = 0, .finished = true}}), kNow);
  EXPECT_FALSE(finished.hold(kNow + minutes(60)));
}

TEST(SourceFrontier, TellsWhyItIsHeldByWhomAndForHowLong) {
  using Reason = FrontierHold::Reason;
  SourceFrontier frontier(minutes(10), true);
  EXPECT_EQ(frontier.hold(kNow)->reason, Reason::Unanswered);
  frontier.on_status(status({}), kNow);
  EXPECT_EQ(frontier.hold(kNow + minutes(2))->reason, Reason::NoPartitions);
  EXPECT_EQ(frontier.hold(kNow + minutes(2))->still, minutes(2));

  const source::Progress caught_up{.partition = 0, .caught_up = true, .at = kNow + minutes(3)};
  frontier.on_status(status({caught_up}), kNow + minutes(3));
  frontier.on_status(status({caught_up}), kNow + minutes(7));
  const auto silent = frontier.hold(kNow + minutes(8));
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->reason, Reason::Unanswered);
  EXPECT_EQ(silent->behind, minutes(5));
  EXPECT_EQ(silent->still, minutes(5));

  frontier.on_status(
      status({{.partition = 0, .caught_up = true, .at = kNow + minutes(20)}, {.partition = 1}}),
      kNow + minutes(20));
  frontier.on_data(1, at(minutes(4)), kNever, kNow + minutes(20));
  const auto lagging = frontier.hold(kNow + minutes(21));
  ASSERT_TRUE(lagging);
  EXPECT_EQ(lagging->reason, Reason::Lagging);
  EXPECT_EQ(lagging->partition, 1U);
  EXPECT_EQ(lagging->behind, minutes(17));
  EXPECT_EQ(lagging->still, minutes(1));

  // Proven once, and behind since then.
  const source::Progress behind{
      .partition = 0, .caught_up = true, .at = kNow + minutes(20), .position = 7, .end = 9};
  SourceFrontier overtaken(Duration{0}, true);
  overtaken.on_status(status({behind}), kNow + minutes(20));
  EXPECT_EQ(overtaken.hold(kNow + minutes(21))->reason, Reason::Lagging);

  source::SourceStatus away = status({{.partition = 0}, {.partition = 1}});
  away.connected = false;
  frontier.on_status(away, kNow + minutes(22));
  EXPECT_EQ(frontier.hold(kNow + minutes(22))->reason, Reason::Unanswered);
}

}  // namespace
}  // namespace tocsin::runtime
