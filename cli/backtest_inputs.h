// Which history a backtest reads: files named on the command line, the configuration's own files or topics,
// or stdin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/replay.h"

namespace tocsin::cli {

struct BacktestChoice {
  std::vector<std::string> files;  // FILE, or NAME=FILE for the source called NAME; "-" is stdin
  bool kafka = false;              // read the configuration's topics
  std::optional<EventTime> from;   // topics are read from here
};

// An error of code Invalid is bad usage, any other an input that cannot be read.
[[nodiscard]] Result<std::vector<runtime::ReplayInput>> choose_inputs(const runtime::Plan& plan,
                                                                      const BacktestChoice& choice);

}  // namespace tocsin::cli
