// A line that shows how far long work has come: on a terminal only, redrawn at most ten times a second, gone
// when it is done.
//
//   ████████████░░░░░░░░  62 %  242 MB of 390 MB  71,400 events/s  at 09:14  2 s left
//
// Call erase() before anything else is written to the same terminal; the next update() draws again. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "cli/text_style.h"
#include "engine/base/time.h"

namespace tocsin::cli {

struct ProgressFacts {
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: unknown
  std::uint64_t events = 0;
  EventTime reached = kNever;  // event time; kNever and kForever are not shown
};

// The line, without an end, at most `style.columns` - 1 columns wide: what does not fit is left out from the
// right.
[[nodiscard]] std::string render(const ProgressFacts& facts, std::chrono::milliseconds elapsed,
                                 const TextStyle& style);

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // Silent unless `style.terminal`. The stream must outlive the progress.
  Progress(std::FILE* stream, const TextStyle& style, Clock::time_point now = Clock::now());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const ProgressFacts& facts, Clock::time_point now = Clock::now());
  void erase();

 private:
  std::FILE* stream_;
  TextStyle style_;
  Clock::time_point started_;
  std::optional<Clock::time_point> drawn_;  // when the line was last written
  bool visible_ = false;
};

}  // namespace tocsin::cli
