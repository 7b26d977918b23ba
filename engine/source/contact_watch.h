// Whether the outside world answers a source, and how long it did not: an absence begins with the last answer
// before the silence and ends with the first one after it.
//
// Pure: the clocks are parameters. Used by one thread.
#pragma once

#include <chrono>
#include <optional>

#include "engine/base/time.h"

namespace tocsin::source {

struct Absence {
  WallTime from{};     // when the last question was asked that got an answer
  WallTime to{};       // when the first one was that got an answer again
  Duration length{0};  // by the clock that nobody sets, which `from` and `to` may contradict
};

class ContactWatch {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  struct Moment {
    Steady steady;
    WallTime wall;
  };
  enum class Change : unsigned char { None, Lost, Back };

  explicit ContactWatch(Duration limit) : limit_(limit) {}

  // `heard`: when the newest question was asked that got an answer. Contact is lost once that is longer ago
  // than the limit, or when `refused` says so; it is back with an answer to a question asked since then.
  [[nodiscard]] Change observe(Steady heard, bool refused, Moment now) {
    if (!from_) {
      if (!refused && now.steady - heard <= limit_) return Change::None;
      from_ = at(heard, now);
      noticed_ = now.steady;
      return Change::Lost;
    }
    if (heard <= noticed_) return Change::None;
    const Moment to = at(heard, now);
    absence_ = {from_->wall, to.wall, std::chrono::floor<Duration>(to.steady - from_->steady)};
    from_.reset();
    return Change::Back;
  }

  [[nodiscard]] bool is_away() const { return from_.has_value(); }
  // The one that is over, after Back.
  [[nodiscard]] const Absence& absence() const { return absence_; }

 private:
  // Both clocks at an earlier moment of the steady one.
  static Moment at(Steady steady, Moment now) {
    return {steady, now.wall - std::chrono::floor<Duration>(now.steady - steady)};
  }

  Duration limit_;
  std::optional<Moment> from_;
  Steady noticed_{};
  Absence absence_;
};

}  // namespace tocsin::source
