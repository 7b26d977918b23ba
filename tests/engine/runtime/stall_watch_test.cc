#include "engine/runtime/stall_watch.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;
using Change = StallWatch::Change;

EventTime at(Duration since) { return EventTime{since}; }

TEST(StallWatch, AFrontierThatStandsStillIsToldOnceAndOnceMoreWhenItGoesOn) {
  StallWatch watch(5min, 0min);
  EXPECT_EQ(watch.observe(at(1h), 1min), Change::None);
  EXPECT_EQ(watch.observe(at(1h), 5min), Change::None);
  EXPECT_EQ(watch.observe(at(1h), 6min), Change::Stalled);
  EXPECT_EQ(watch.since(), 1min);
  EXPECT_EQ(watch.observe(at(1h), 20min), Change::None);
  EXPECT_EQ(watch.observe(at(2h), 21min), Change::GoesOn);
  EXPECT_EQ(watch.stood(), 20min);
  EXPECT_FALSE(watch.stalled());
  EXPECT_EQ(watch.observe(at(2h), 26min), Change::Stalled);
}

TEST(StallWatch, ASourceThatNeverSaidAnythingStallsToo) {
  StallWatch watch(5min, 0min);
  EXPECT_EQ(watch.observe(kNever, 1min), Change::None);
  EXPECT_EQ(watch.observe(kNever, 5min), Change::Stalled);
}

TEST(StallWatch, ASourceThatHasEndedDoesNot) {
  StallWatch watch(5min, 0min);
  EXPECT_EQ(watch.observe(kForever, 1min), Change::None);
  EXPECT_EQ(watch.observe(kForever, 1h), Change::None);
}

}  // namespace
}  // namespace tocsin::runtime
