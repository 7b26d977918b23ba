// Watches the wall clock for jumps: somebody set it, or the machine slept.
//
// Compares what passed on it with what passed on a clock that nobody can set. A slow correction is no jump.
// Pure: both clocks are parameters. Used by one thread.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "engine/base/time.h"

namespace tocsin::runtime {

class ClockWatch {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr Duration kJump = std::chrono::minutes(1);

  // By how much the wall clock has jumped since the last call, forwards (positive) or back; nothing if it has
  // not by more than kJump.
  [[nodiscard]] std::optional<Duration> look(WallTime wall, SteadyTime steady) {
    const Look before = std::exchange(last_, Look{wall, steady, true});
    if (!before.valid) return std::nullopt;
    const Duration passed = std::chrono::duration_cast<Duration>(steady - before.steady);
    const Duration jump = wall - before.wall - passed;
    return jump > kJump || jump < -kJump ? std::optional(jump) : std::nullopt;
  }

 private:
  struct Look {
    WallTime wall{};
    SteadyTime steady{};
    bool valid = false;
  };
  Look last_;
};

}  // namespace tocsin::runtime
