// The configuration of a command: loaded, or its faults shown to people.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/log.h"
#include "config/load.h"

namespace tocsin::cli {

inline constexpr std::size_t kMostShown = 50;

// Shows them on stderr, so many of the errors and of the warnings, and how many there are. Returns the number
// of errors.
std::size_t print_diagnostics(const std::vector<config::Diagnostic>& diagnostics,
                              std::size_t most = kMostShown);

// Loads `files` with this process's environment. Diagnostics go to stderr; with an error among them there is
// no configuration.
[[nodiscard]] std::optional<config::Configuration> load_or_report(const std::vector<std::string>& files);

// The same for the running engine: diagnostics are lines of its log, with their source lines where that is
// text. `errors`, if given, gets them as one line each.
[[nodiscard]] std::optional<config::Configuration> load_or_log(const std::vector<std::string>& files,
                                                               Log& log,
                                                               std::vector<std::string>* errors = nullptr);

}  // namespace tocsin::cli
