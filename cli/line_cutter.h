// Cuts bytes into lines and keeps their ends, for a program that hands them on byte for byte.
//
//   ByteReader --room(), filled()--> LineCutter --cut()--> lines
//
// Memory is flat: of a line longer than the limit only its length's excess is known, not its content. Used by
// one thread; lines hold until the next room().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace tocsin::cli {

struct Line {
  std::string_view whole;    // with its end; empty if too long
  std::string_view content;  // without "\n" or "\r\n"
  std::uint64_t number = 0;  // from 1
  bool too_long = false;
};

class LineCutter {
 public:
  // Lines with more than `most` bytes of content are too long.
  explicit LineCutter(std::size_t most);

  // Where to read to.
  [[nodiscard]] std::span<char> room();
  void filled(std::size_t bytes) { end_ += bytes; }

  // Puts the lines that are complete into `lines`, which is cleared first. `last`: nothing more will come, so
  // that what has no end is a line too.
  void cut(bool last, std::vector<Line>& lines);

 private:
  void add(std::string_view whole, std::vector<Line>& lines);

  std::size_t most_;
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;  // of what is not cut yet
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // up to here there is no line end behind begin_
  bool dropping_ = false;    // begin_ is within a line that is too long
  std::uint64_t number_ = 0;
};

}  // namespace tocsin::cli
