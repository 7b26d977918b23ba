#include "cli/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/text_style.h"

namespace tocsin::cli {

std::optional<config::Configuration> load_or_report(const std::vector<std::string>& files) {
  config::Loaded loaded = config::load(files, config::process_environment());
  const TextStyle style = text_style_of(stderr);
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    fmt::print(stderr, "{}", config::render(diagnostic, style.colour));
  }
  const auto errors = std::count_if(
      loaded.diagnostics.begin(), loaded.diagnostics.end(),
      [](const auto& diagnostic) { return diagnostic.severity == config::Diagnostic::Severity::Error; });
  if (errors > 0) fmt::print(stderr, "{} errors\n", errors);
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
