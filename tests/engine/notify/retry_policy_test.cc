#include "engine/notify/retry_policy.h"

#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using namespace std::chrono_literals;

const Attempt kFailed = {.outcome = Attempt::Outcome::Retry, .detail = "away"};
constexpr double kNearlyOne = 0.999999999;

TEST(RetryPolicy, CeilingDoublesUpToTheCap) {
  const RetryPolicy policy{.base = 200ms, .cap = 30s};
  const auto pause = [&](std::uint32_t attempts) {
    return next_pause(policy, attempts, 0ms, kFailed, 0.5).value();
  };
  EXPECT_EQ(pause(1), 100ms);
  EXPECT_EQ(pause(2), 200ms);
  EXPECT_EQ(pause(3), 400ms);
  EXPECT_EQ(pause(8), 12'800ms);
  EXPECT_EQ(pause(9), 15s);
  EXPECT_EQ(pause(150), 15s);
}

TEST(RetryPolicy, JitterIsFull) {
  const RetryPolicy policy{.base = 1s};
  EXPECT_EQ(next_pause(policy, 1, 0ms, kFailed, 0), 0ms);
  EXPECT_EQ(next_pause(policy, 1, 0ms, kFailed, kNearlyOne), 999ms);
}

TEST(RetryPolicy, DestinationsOwnPauseIsTheLeast) {
  Attempt busy = kFailed;
  busy.retry_after = 5s;
  const RetryPolicy policy;
  EXPECT_EQ(next_pause(policy, 1, 0ms, busy, 0.5), 5s);
  EXPECT_EQ(next_pause(policy, 9, 0ms, busy, 0.5), 15s);
}

TEST(RetryPolicy, DestinationThatWantsMoreTimeThanThereIsIsGivenUp) {
  Attempt busy = kFailed;
  busy.retry_after = Duration::max();
  EXPECT_EQ(next_pause({}, 1, 1s, busy, 0.5), std::nullopt);
}

TEST(RetryPolicy, GivesUpWhenTheNextAttemptWouldComeTooLate) {
  const RetryPolicy policy{.base = 2s, .give_up_after = 1min};
  EXPECT_EQ(next_pause(policy, 1, 59s, kFailed, 0.5), 1s);
  EXPECT_EQ(next_pause(policy, 1, 59s + 1ms, kFailed, 0.5), std::nullopt);
  EXPECT_EQ(next_pause(policy, 1, 2min, kFailed, 0), std::nullopt);
}

TEST(RetryPolicy, GivesUpAfterTheLastAttempt) {
  const RetryPolicy policy{.max_attempts = 3};
  EXPECT_TRUE(next_pause(policy, 2, 0ms, kFailed, 0));
  EXPECT_EQ(next_pause(policy, 3, 0ms, kFailed, 0), std::nullopt);
}

TEST(RetryPolicy, RejectionIsFinal) {
  const Attempt rejected = {.outcome = Attempt::Outcome::Rejected, .retry_after = 1s};
  EXPECT_EQ(next_pause({}, 1, 0ms, rejected, 0), std::nullopt);
}

}  // namespace
}  // namespace tocsin::notify
