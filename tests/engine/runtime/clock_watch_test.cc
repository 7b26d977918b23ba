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
  EXPECT_EQ(watch.trusted(), kNow + hours(5));
}

TEST(ClockWatch, TellsAJumpOnceAndByHowMuch) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  EXPECT_EQ(watch.look(kNow + hours(1) + seconds(2), kSteady + seconds(2)).by, hours(1));
  EXPECT_FALSE(watch.look(kNow + hours(1) + seconds(3), kSteady + seconds(3)));
  EXPECT_EQ(watch.look(kNow + seconds(4), kSteady + seconds(4)).by, -hours(1));
}

TEST(ClockWatch, ACorrectionOfUpToAMinuteIsNoJump) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  EXPECT_FALSE(watch.look(kNow + minutes(1), kSteady));
  EXPECT_FALSE(watch.look(kNow, kSteady));
}

TEST(ClockWatch, AJumpForwardIsBelievedOnceTheClockHasKeptToItForAMinute) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  (void)watch.look(kNow + hours(1), kSteady);
  EXPECT_EQ(watch.trusted(), kNow);
  (void)watch.look(kNow + hours(1) + seconds(59), kSteady + seconds(59));
  EXPECT_EQ(watch.trusted(), kNow + seconds(59));
  (void)watch.look(kNow + hours(1) + seconds(60), kSteady + seconds(60));
  EXPECT_EQ(watch.trusted(), kNow + hours(1) + seconds(60));
}

TEST(ClockWatch, AJumpForwardThatIsTakenBackWithinTheMinuteChangesNothing) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  (void)watch.look(kNow + hours(1), kSteady);
  const ClockWatch::Jump back = watch.look(kNow + seconds(30), kSteady + seconds(30));
  EXPECT_TRUE(back.taken_back);
  EXPECT_EQ(watch.trusted(), kNow + seconds(30));
  EXPECT_FALSE(watch.look(kNow + hours(1), kSteady + hours(1)));
  EXPECT_EQ(watch.trusted(), kNow + hours(1));
}

TEST(ClockWatch, TwoJumpsForwardAddUpAndAJumpBackFromASettledClockHoldsNothing) {
  ClockWatch watch;
  (void)watch.look(kNow, kSteady);
  (void)watch.look(kNow + hours(1), kSteady);
  (void)watch.look(kNow + hours(3), kSteady + seconds(1));
  EXPECT_EQ(watch.trusted(), kNow + seconds(1));
  (void)watch.look(kNow + hours(3) + minutes(2), kSteady + seconds(1) + minutes(2));
  EXPECT_EQ(watch.trusted(), kNow + hours(3) + minutes(2));
  EXPECT_FALSE(watch.look(kNow, kSteady + seconds(1) + minutes(2)).taken_back);
  EXPECT_EQ(watch.trusted(), kNow);
}

}  // namespace
}  // namespace tocsin::runtime
