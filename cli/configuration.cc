#include "cli/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/text_style.h"

namespace tocsin::cli {

namespace {

std::string count_of(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", group_digits(count), what, count == 1 ? "" : "s");
}

}  // namespace

std::size_t print_diagnostics(const std::vector<config::Diagnostic>& diagnostics, std::size_t most) {
  const bool colour = text_style_of(stderr).colour;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const config::Diagnostic& diagnostic : diagnostics) {
    std::size_t& count = diagnostic.severity == config::Diagnostic::Severity::Error ? errors : warnings;
    if (++count <= most) fmt::print(stderr, "{}", config::render(diagnostic, colour));
  }
  for (const auto& [count, what] : {std::pair(errors, "more error"), std::pair(warnings, "more warning")}) {
    if (count > most)
      fmt::print(stderr, "and {}: `tocsin check --all` shows them\n", count_of(count - most, what));
  }
  fmt::print(stderr, "{}{}\n", count_of(errors, "error"),
             warnings == 0 ? std::string() : ", " + count_of(warnings, "warning"));
  return errors;
}

std::optional<config::Configuration> load_or_report(const std::vector<std::string>& files) {
  config::Loaded loaded = config::load(files, config::process_environment());
  if (!loaded.diagnostics.empty()) print_diagnostics(loaded.diagnostics);
  return std::move(loaded.configuration);
}

std::optional<config::Configuration> load_or_log(const std::vector<std::string>& files, Log& log,
                                                 std::vector<std::string>* errors) {
  config::Loaded loaded = config::load(files, config::process_environment());
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    const bool is_error = diagnostic.severity == config::Diagnostic::Severity::Error;
    const std::string place =
        fmt::format("{}:{}:{}", diagnostic.file, std::max<std::size_t>(diagnostic.line, 1),
                    std::max<std::size_t>(diagnostic.column, 1));
    if (is_error && errors != nullptr) errors->push_back(fmt::format("{}: {}", place, diagnostic.text));
    if (log.format() == LogFormat::Text) {
      log.print(config::render(diagnostic, log.style().colour));
    } else {
      log.write({is_error ? Severity::Error : Severity::Warning,
                 "configuration",
                 fmt::format("{}: {}", place, diagnostic.text),
                 diagnostic.hint,
                 {}});
    }
  }
  return std::move(loaded.configuration);
}

}  // namespace tocsin::cli
