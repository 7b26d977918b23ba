// The configuration of a command: loaded, or its faults shown to people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/log.h"
#include "config/load.h"

namespace tocsin::cli {

// Loads `files` with this process's environment. Diagnostics go to stderr; with an error among them there is
// no configuration.
[[nodiscard]] std::optional<config::Configuration> load_or_report(const std::vector<std::string>& files);

// The same for the running engine: diagnostics are lines of its log, with their source lines where that is
// text. `errors`, if given, gets them as one line each.
[[nodiscard]] std::optional<config::Configuration> load_or_log(const std::vector<std::string>& files,
                                                               Log& log,
                                                               std::vector<std::string>* errors = nullptr);

}  // namespace tocsin::cli
