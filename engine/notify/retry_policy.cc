#include "engine/notify/retry_policy.h"

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::notify {

std::optional<Duration> next_pause(const RetryPolicy& policy, std::uint32_t attempts, Duration elapsed,
                                   const Attempt& last, double random) {
  TOCSIN_CHECK(attempts >= 1 && last.outcome != Attempt::Outcome::Delivered);
  TOCSIN_CHECK(random >= 0 && random < 1);
  if (last.outcome == Attempt::Outcome::Rejected || attempts >= policy.max_attempts) return std::nullopt;

  Duration ceiling = std::min(policy.base, policy.cap);
  for (std::uint32_t doubled = 1; doubled < attempts && ceiling < policy.cap; ++doubled) {
    ceiling = ceiling > policy.cap / 2 ? policy.cap : ceiling * 2;
  }
  Duration pause{static_cast<Duration::rep>(static_cast<double>(ceiling.count()) * random)};
  if (last.retry_after) pause = std::max(pause, *last.retry_after);
  // Written as a difference: a destination may ask for any pause, even one near the largest number.
  if (pause > policy.give_up_after - elapsed) return std::nullopt;
  return pause;
}

}  // namespace tocsin::notify
