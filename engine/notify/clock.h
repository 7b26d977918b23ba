// The time that delivery needs: how long something took, and waiting. A port, so that tests wait for nothing.
#pragma once

#include <stop_token>

#include "engine/base/time.h"

namespace tocsin::notify {

// Any number of threads use one clock.
class Clock {
 public:
  virtual ~Clock() = default;

  // Since some fixed moment; never goes back, whatever is done to the clock on the wall.
  [[nodiscard]] virtual Duration now() = 0;

  // Returns after `pause`, or earlier once `stop` is requested.
  virtual void sleep(Duration pause, const std::stop_token& stop) = 0;
};

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] Duration now() override;
  void sleep(Duration pause, const std::stop_token& stop) override;
};

}  // namespace tocsin::notify
