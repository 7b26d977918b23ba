// Who asked for a reload, and what came of it: SIGHUP and the control socket end in the same place.
//
// request() may be called by any thread, the others by the one that reloads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::cli {

class Reloads {
 public:
  struct Outcome {
    bool taken = false;               // the new configuration is good and being taken up
    std::vector<std::string> errors;  // else why not, one line each
  };

  // Asks, and waits for what comes of it; nothing when that takes longer than `wait`.
  [[nodiscard]] std::optional<Outcome> request(Duration wait) {
    std::unique_lock lock(mutex_);
    const std::uint64_t mine = ++asked_;
    changed_.wait_for(lock, wait, [&] { return closed_ || settled_ >= mine; });
    return settled_ >= mine ? std::optional(outcome_) : std::nullopt;
  }

  // Nobody will reload any more.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] bool wanted() {
    std::lock_guard lock(mutex_);
    return settled_ < asked_;
  }

  void settle(Outcome outcome) {
    std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    settled_ = asked_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards everything here
  std::condition_variable changed_;
  std::uint64_t asked_ = 0;
  std::uint64_t settled_ = 0;
  bool closed_ = false;
  Outcome outcome_;
};

}  // namespace tocsin::cli
