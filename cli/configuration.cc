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

}  // namespace tocsin::cli
