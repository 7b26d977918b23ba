// A fault in a configuration or pattern, as people and editors see it:
//
//   FILE:LINE:COL: error: TEXT
//   the line itself
//       ^
//   hint: what to do
//
// Plain values and pure functions. What users wrote is shown with control characters and broken UTF-8
// replaced, so that a hostile file cannot write to a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

struct Diagnostic {
  enum class Severity : std::uint8_t { Error, Warning };
  Severity severity = Severity::Error;
  std::string file;
  std::size_t line = 0;    // from 1; 0: the file as a whole
  std::size_t column = 0;  // from 1, in characters
  std::string text;
  std::string source_line;  // the line it points into, secrets masked
  std::size_t caret = 0;    // where in source_line, if masking moved it away from `column`; else 0
  std::string hint;         // may be empty
};

// The lines above, each with its end. Tabs in the source line are kept under the caret; a very long line is
// cut around it; a fault of the file as a whole is shown at 1:1, without a line. Colour only if asked for.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, bool colour = false);

// Sorts by the file's name, line, column, and drops exact repeats.
void sort_diagnostics(std::vector<Diagnostic>& diagnostics);

// The nearest of `known` to `word`, if it is near enough to be a typo; else empty. Case, and '-' for '_',
// hardly count.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace tocsin::config
