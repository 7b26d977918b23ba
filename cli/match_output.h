// Where `tocsin match` writes: standard output in large pieces, as long as somebody reads.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::cli {

class MatchOutput {
 public:
  // Writes to the descriptor `fd`, which stays the caller's.
  explicit MatchOutput(int fd) : fd_(fd) {}

  void write(std::string_view bytes);
  void flush();

  // Nothing more can be written: the reader went away, or see fault().
  [[nodiscard]] bool closed() const { return closed_; }
  // Why writing failed; empty if it did not, or the reader only had enough.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  int fd_;
  std::string waiting_;
  std::string fault_;
  bool closed_ = false;
};

}  // namespace tocsin::cli
