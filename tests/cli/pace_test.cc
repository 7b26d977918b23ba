#include "cli/pace.h"

#include <gtest/gtest.h>

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;

TEST(Pace, GivesTheRateHoweverOftenItIsAsked) {
  Pace::Clock::time_point now{};
  Pace pace(1000, now);
  std::uint64_t given = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += 700us;
    const auto allowed = pace.allowed(now);
    pace.take(allowed);
    given += allowed;
  }
  EXPECT_NEAR(static_cast<double>(given), 7000, 1);
}

TEST(Pace, MakesUpForAStallByASecondsWorthAtMost) {
  Pace::Clock::time_point now{};
  Pace pace(1000, now);
  EXPECT_EQ(pace.allowed(now), 0U);
  EXPECT_EQ(pace.allowed(now + 1h), 1000U);
}

TEST(Pace, ReachesOneWhenTheRateIsBelowIt) {
  Pace::Clock::time_point now{};
  Pace pace(0.5, now);
  EXPECT_EQ(pace.allowed(now + 1s), 0U);
  EXPECT_EQ(pace.allowed(now + 2s), 1U);
}

}  // namespace
}  // namespace tocsin::cli
