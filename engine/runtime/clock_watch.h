// Watches the wall clock for jumps: somebody set it, or the machine slept. Says how far it is trusted.
//
// Compares what passed on it with what passed on a clock that nobody can set. A slow correction is no jump.
//
// A jump forward is believed once the clock has kept to it for a minute. Until then time is held back by it:
// after a sleep the sources have that long to answer with what they got meanwhile, and a clock that is wrong
// for a moment makes nothing missing.
//
// Pure: both clocks are parameters. Used by one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/base/time.h"

namespace tocsin::runtime {

class ClockWatch {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr Duration kJump = std::chrono::minutes(1);
  static constexpr Duration kSettling = std::chrono::minutes(1);

  struct Jump {
    Duration by{0};           // forwards (positive) or back; 0: none
    bool taken_back = false;  // it went back on a jump forward that was not believed yet
    explicit operator bool() const { return by != Duration{0}; }
  };

  // The jump since the last call, if it is one by more than kJump.
  [[nodiscard]] Jump look(WallTime wall, SteadyTime steady) {
    const Look before = std::exchange(last_, Look{wall, steady, true});
    if (steady >= settled_at_) held_ = Duration{0};
    if (!before.valid) return {};
    const Duration passed = std::chrono::duration_cast<Duration>(steady - before.steady);
    const Duration jump = wall - before.wall - passed;
    if (jump <= kJump && jump >= -kJump) return {};
    const bool taken_back = jump < Duration{0} && held_ > Duration{0};
    held_ = std::max(Duration{0}, held_ + jump);
    settled_at_ = steady + kSettling;
    return {jump, taken_back};
  }

  // How far time may go, as of the last look.
  [[nodiscard]] WallTime trusted() const { return last_.wall - held_; }
  // How far it is held back.
  [[nodiscard]] Duration held() const { return held_; }

 private:
  struct Look {
    WallTime wall{};
    SteadyTime steady{};
    bool valid = false;
  };
  Look last_;
  Duration held_{0};  // until `settled_at_`
  SteadyTime settled_at_{};
};

}  // namespace tocsin::runtime
