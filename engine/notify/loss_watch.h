// Which notifications that a destination will never have are told one by one: a receiver that refuses
// everything must not fill the log with a line for each. The others are counted, and told each minute.
//
// Used by one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/base/time.h"

namespace tocsin::notify {

class LossWatch {
 public:
  static constexpr Duration kInterval = std::chrono::minutes(1);

  // Another is lost, of an alarm or the event of a rule. Whether to tell which.
  [[nodiscard]] bool add(bool is_event, Duration now) {
    if (!has_begun_ || now - since_ >= kInterval) {
      has_begun_ = true;
      since_ = now;
      named_ = {};
    }
    const std::size_t kind = is_event ? 1 : 0;
    if (named_[kind] < kNamed[kind]) {
      ++named_[kind];
      return true;
    }
    ++untold_;
    return false;
  }

  [[nodiscard]] bool has_untold() const { return untold_ > 0; }
  // How many to tell of now: of an interval that is over, or `all`.
  [[nodiscard]] std::uint64_t take_untold(Duration now, bool all) {
    if (!all && now - since_ < kInterval) return 0;
    return std::exchange(untold_, 0);
  }

 private:
  static constexpr std::array<std::uint32_t, 2> kNamed{100, 1};  // in an interval

  bool has_begun_ = false;
  Duration since_{0};
  std::array<std::uint32_t, 2> named_{};
  std::uint64_t untold_ = 0;
};

}  // namespace tocsin::notify
