// The configuration of a command: loaded, or its faults shown to people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.h"

namespace tocsin::cli {

// Loads `files` with this process's environment. Diagnostics go to stderr; with an error among them there is
// no configuration.
[[nodiscard]] std::optional<config::Configuration> load_or_report(const std::vector<std::string>& files);

}  // namespace tocsin::cli
