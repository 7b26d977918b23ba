#include "cli/table.h"

#include <algorithm>

namespace tocsin::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kLeastLast = 20;  // columns of the last cell, however narrow the terminal

}  // namespace

std::string render_table(const std::vector<std::vector<Cell>>& rows, std::string_view indent,
                         const TextStyle& style) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text_width(row[i].text));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent);
    std::size_t used = indent.size();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Cell& cell = row[i];
      const bool is_last = i + 1 == row.size();
      std::string text = cell.text;
      if (is_last && style.terminal) {
        text = shorten(text, std::max(style.columns > used ? style.columns - used : 0, kLeastLast), style);
      }
      const std::size_t width = std::min(text_width(text), widths[i]);
      const std::string pad(widths[i] - width, ' ');
      const std::string painted = paint(text, cell.ink, style);
      line += cell.right ? pad + painted : is_last ? painted : painted + pad;
      if (!is_last) line += kGap;
      used += widths[i] + kGap.size();
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace tocsin::cli
