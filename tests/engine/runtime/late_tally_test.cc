#include "engine/runtime/late_tally.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

constexpr WallTime kNoon{std::chrono::hours(12)};

TEST(LateTally, TellsTheFirstAtOnceAndTheOthersOnceAMinute) {
  LateTally tally;
  EXPECT_FALSE(tally.see(0, kNoon));
  const auto first = tally.see(1, kNoon);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->code, "values_late");
  EXPECT_EQ(first->text,
            "a value matched, but came when no alarm looked at its time any more: it does not count");
  EXPECT_FALSE(tally.see(40, kNoon + std::chrono::seconds(59)));
  const auto others = tally.see(41, kNoon + std::chrono::seconds(60));
  ASSERT_TRUE(others);
  EXPECT_EQ(others->text,
            "40 values matched, but came when no alarm looked at their time any more: they do not count");
  EXPECT_FALSE(tally.see(41, kNoon + std::chrono::minutes(9))) << "no more have come";
}

TEST(LateTally, AClockThatWasSetBackSilencesNobody) {
  LateTally tally;
  EXPECT_TRUE(tally.see(1, kNoon));
  EXPECT_TRUE(tally.see(2, kNoon - std::chrono::seconds(1)));
}

}  // namespace
}  // namespace tocsin::runtime
