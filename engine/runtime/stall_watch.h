// Whether a source's time stands still: what it feeds is not judged meanwhile, and somebody should know.
//
// Pure: the clock, one that nobody sets, is a parameter. Used by one thread.
#pragma once

#include <utility>

#include "engine/base/time.h"

namespace tocsin::runtime {

class StallWatch {
 public:
  enum class Change : unsigned char { None, Stalled, GoesOn };

  StallWatch(Duration limit, Duration now) : limit_(limit), moved_(now) {}

  // The frontier at `now`. Stalled is said once the frontier has stood still for the limit, GoesOn when it
  // moves after that. A frontier at kForever needs nothing more to come.
  [[nodiscard]] Change observe(EventTime frontier, Duration now) {
    if (frontier == frontier_ && frontier != kForever) {
      if (stalled_ || now - moved_ < limit_) return Change::None;
      stalled_ = true;
      return Change::Stalled;
    }
    frontier_ = frontier;
    stood_ = now - moved_;
    moved_ = now;
    return std::exchange(stalled_, false) ? Change::GoesOn : Change::None;
  }

  [[nodiscard]] bool stalled() const { return stalled_; }
  // Since when it stands still, by the clock given; after GoesOn, for how long it stood.
  [[nodiscard]] Duration since() const { return moved_; }
  [[nodiscard]] Duration stood() const { return stood_; }

 private:
  Duration limit_;
  EventTime frontier_ = kNever;
  Duration moved_;
  Duration stood_{0};
  bool stalled_ = false;
};

}  // namespace tocsin::runtime
