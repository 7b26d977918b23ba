#include "engine/runtime/clock_watch.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow{Duration{1'800'000'000'000}};
const ClockWatch::SteadyTime kSteady{};

TEST(ClockWatch, TimePassingAlikeOnBothClocksIsNoJump) {
  ClockWatch watch;
  EXPECT_FALSE(watch.look(kNow, kSteady));
  EXPECT_FALSE(watch.look(kNow + hours(5), kSteady + hours(5)));
}

TEST(ClockWatch, TellsAJumpOnceAndByHowMuch) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  EXPECT_EQ(watch.look(kNow + hours(1) + seconds(2), kSteady + seconds(2)), hours(1));
  EXPECT_FALSE(watch.look(kNow + hours(1) + seconds(3), kSteady + seconds(3)));
  EXPECT_EQ(watch.look(kNow + seconds(4), kSteady + seconds(4)), -hours(1));
}

TEST(ClockWatch, ACorrectionOfUpToAMinuteIsNoJump) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  EXPECT_FALSE(watch.look(kNow + minutes(1), kSteady));
  EXPECT_FALSE(watch.look(kNow, kSteady));
}

}  // namespace
}  // namespace tocsin::runtime
