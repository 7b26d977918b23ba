// Columns for people: each as wide as its widest cell. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/text_style.h"

namespace tocsin::cli {

struct Cell {
  std::string text;  // printable
  Ink ink = Ink::Plain;
  bool right = false;  // aligned, for numbers
};

// Lines that begin with `indent`; the last column of a line is shortened to the style's width on a terminal.
[[nodiscard]] std::string render_table(const std::vector<std::vector<Cell>>& rows, std::string_view indent,
                                       const TextStyle& style);

}  // namespace tocsin::cli
