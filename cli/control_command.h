// What the commands that ask a running engine share: where it is, the question, its answer or why there is
// none.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace tocsin::cli {

// Adds --control PATH.
void add_control_option(CLI::App& app, std::string& path);

// Sends `request` to the engine at `path` (empty: the default place). Nothing, once the reason is on stderr,
// when there is no answer or it is an error.
[[nodiscard]] std::optional<nlohmann::ordered_json> ask_or_report(const std::string& path,
                                                                  const nlohmann::ordered_json& request);

// Writes all of it to stdout.
void print_out(const std::string& text);

}  // namespace tocsin::cli
