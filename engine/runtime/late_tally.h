// What the log says of values that came too late: at once, then their number once a minute while more come.
//
//   EngineCounts::rejects[Late] --see() now and then--> Note --> cli/log
//
// Pure: the clock comes in. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/note.h"
#include "engine/base/time.h"

namespace tocsin::runtime {

class LateTally {
 public:
  // `late`: all so far. A note if something is to be told now.
  [[nodiscard]] std::optional<Note> see(std::uint64_t late, WallTime now);

 private:
  std::uint64_t told_ = 0;
  std::optional<WallTime> told_at_;
};

}  // namespace tocsin::runtime
