// A steady rate: a token bucket that holds at most a second's worth, so that a stall is made up for in part
// and never by a flood.
//
// Pure: the caller brings the time. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tocsin::cli {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  Pace(double per_second, Clock::time_point now) : per_second_(per_second), last_(now) {}

  // How many may go now.
  [[nodiscard]] std::uint64_t allowed(Clock::time_point now) {
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    tokens_ = std::min(tokens_ + passed.count() * per_second_, std::max(per_second_, 1.0));
    return static_cast<std::uint64_t>(tokens_);
  }
  void take(std::uint64_t count) { tokens_ -= static_cast<double>(count); }

 private:
  double per_second_;
  double tokens_ = 0;
  Clock::time_point last_;
};

}  // namespace tocsin::cli
