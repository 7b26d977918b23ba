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

TEST(SourceFrontier, AClockOfAProducerDoesNotPushTime) {
  SourceFrontier frontier(Duration{0}, true);
  frontier.on_data(0, at(minutes(90)), at(minutes(90)), kNow);
  frontier.on_status(status({{.partition = 0}}), kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
}

TEST(SourceFrontier, PartitionsThatCameToTheirEndHoldNothing) {
  SourceFrontier frontier(Duration{0}, false);
  frontier.on_status(
      status({{.partition = 0, .finished = true}, {.partition = 1, .caught_up = true, .at = kNow}}), kNow);
  EXPECT_EQ(frontier.value(), at(Duration{0}));
  frontier.on_status(status({{.partition = 0, .finished = true}, {.partition = 1, .finished = true}}), kNow);
  EXPECT_EQ(frontier.value(), kForever);
}

}  // namespace
}  // namespace tocsin::runtime
