// Inputs that are read at once leave one after the other.
//
//   MatchReader (one a thread) --write(), end()--> MatchOrder --> MatchOutput
//
// The input whose turn it is goes straight through; the others wait in memory, up to a bound, beyond which
// their readers wait. Readers take inputs in their order, so the one whose turn it is always has a reader.
// Any thread may call; of one input, one thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cli/match_output.h"

namespace tocsin::cli {

class MatchOrder {
 public:
  // `tell` is given the fault of an input behind all that came from it. Both outlive this.
  MatchOrder(std::size_t inputs, MatchOutput& output, std::function<void(const std::string& fault)> tell);

  void write(std::size_t input, std::string_view bytes);
  // Somebody may be waiting for what was written.
  void flush(std::size_t input);
  // Nothing more comes from `input`; `fault` is empty where it could be read.
  void end(std::size_t input, std::string fault);

  // Nobody reads what is written any more.
  [[nodiscard]] bool closed();

 private:
  struct Waiting {
    std::string bytes;
    std::string fault;
    bool ended = false;
  };

  void let_go(Waiting& waiting);

  MatchOutput& output_;
  std::function<void(const std::string& fault)> tell_;
  std::mutex mutex_;  // guards what follows, and the output
  std::condition_variable turned_;
  std::size_t turn_ = 0;
  std::vector<Waiting> waiting_;  // by input
};

}  // namespace tocsin::cli
