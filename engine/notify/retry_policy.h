// When a failed delivery is tried again, and when no more: a pure function of what has happened so far.
//
//   Sink::deliver() --Attempt--> next_pause() --pause or give up--> Delivery
//
// Exponential back-off with full jitter: the n-th pause is anything up to base * 2^(n-1), so that many
// installations which lost the same destination do not come back in step. A destination that names its own
// pause gets at least that.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/time.h"
#include "engine/notify/sink.h"

namespace tocsin::notify {

struct RetryPolicy {
  Duration base = std::chrono::milliseconds(200);
  Duration cap = std::chrono::seconds(30);         // of one pause
  Duration give_up_after = std::chrono::hours(1);  // from the submission to the start of the last attempt
  std::uint32_t max_attempts = 1000;               // holds even where every jittered pause comes out short
};

// The pause before the next attempt; none: give up. `attempts` (from 1) have been made, `elapsed` since the
// submission, the last of them came out as `last`, which was not Delivered; `random` is in [0, 1).
[[nodiscard]] std::optional<Duration> next_pause(const RetryPolicy& policy, std::uint32_t attempts,
                                                 Duration elapsed, const Attempt& last, double random);

}  // namespace tocsin::notify
