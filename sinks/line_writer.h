// Whole lines into a file descriptor: a line is there with its end, or not at all.
//
// One write() a line of a file, so that several writers do not mix theirs (the file is opened with O_APPEND).
// Writing to a pipe or a terminal that nobody reads is given up after some seconds. When a disk fills up in
// the middle of a line, the piece is cut off again; where that is impossible (a pipe, a terminal) the next
// line starts on a new one. Not thread-safe: a sink has one thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace tocsin::sinks {

class LineWriter {
 public:
  // Does not own the descriptor. `broken`: what is there already ends in the middle of a line.
  explicit LineWriter(int descriptor, bool broken = false) : descriptor_(descriptor), broken_(broken) {}

  // `line` has no end and no line break inside. Exhausted: the disk or quota is full; Unavailable: try again
  // later; Invalid: nobody will ever read from the other end.
  [[nodiscard]] Result<void> append(std::string_view line);

 private:
  void cut_off(std::size_t piece);

  int descriptor_;
  bool broken_;
};

}  // namespace tocsin::sinks
