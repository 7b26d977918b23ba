#include "config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "config/characters.h"

namespace tocsin::config {
namespace {

constexpr std::size_t kLongestLine = 160;  // characters; longer ones are cut around the caret
constexpr std::size_t kBeforeCaret = 60;
constexpr std::string_view kEllipsis = "…";

// The line and its caret, each with its end.
std::string show_line(const std::string& line, std::size_t caret) {
  std::vector<std::string_view> characters;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = std::max<std::size_t>(sequence_length(line, at), 1);
    characters.push_back(std::string_view(line).substr(at, length));
    at += length;
  }
  caret = std::clamp<std::size_t>(caret, 1, characters.size() + 1) - 1;
  std::size_t begin = 0;
  std::size_t end = characters.size();
  if (characters.size() > kLongestLine) {
    begin = caret > kBeforeCaret ? caret - kBeforeCaret : 0;
    end = std::min(characters.size(), begin + kLongestLine);
  }
  std::string shown;
  std::string under;
  if (begin > 0) {
    shown += kEllipsis;
    under += ' ';
  }
  for (std::size_t i = begin; i < end; ++i) {
    shown += characters[i];
    if (i < caret) under += characters[i] == "\t" ? '\t' : ' ';
  }
  if (end < characters.size()) shown += kEllipsis;
  return fmt::format("{}\n{}^\n", shown, under);
}

// Lower case, with '_' for '-': what a typo is measured on.
std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word) {
    out += c == '-' ? '_' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// Optimal string alignment: insertions, deletions, changes and swaps of neighbours cost one each.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string render(const Diagnostic& diagnostic, bool colour) {
  const bool error = diagnostic.severity == Diagnostic::Severity::Error;
  const std::string_view word = error ? "error" : "warning";
  const std::string_view on = !colour ? "" : error ? "\x1b[1;31m" : "\x1b[1;33m";
  const std::string_view bold = colour ? "\x1b[1m" : "";
  const std::string_view off = colour ? "\x1b[0m" : "";
  const bool whole_file = diagnostic.line == 0;
  std::string out = fmt::format("{}{}:{}:{}:{} {}{}:{} {}\n", bold, printable(diagnostic.file),
                                whole_file ? 1 : diagnostic.line, whole_file ? 1 : diagnostic.column, off, on,
                                word, off, printable(diagnostic.text));
  if (!whole_file) {
    out += show_line(printable(diagnostic.source_line),
                     diagnostic.caret == 0 ? diagnostic.column : diagnostic.caret);
  }
  if (!diagnostic.hint.empty()) out += fmt::format("hint: {}\n", printable(diagnostic.hint));
  return out;
}

void sort_diagnostics(std::vector<Diagnostic>& diagnostics) {
  const auto key = [](const Diagnostic& d) {
    return std::tuple(std::string_view(d.file), d.line, d.column, d.severity, std::string_view(d.text),
                      std::string_view(d.hint));
  };
  std::ranges::sort(diagnostics, {}, key);
  const auto repeats = std::ranges::unique(diagnostics, {}, key);
  diagnostics.erase(repeats.begin(), repeats.end());
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestWord = 256;  // the distance costs the product of the lengths
  if (word.empty() || word.size() > kLongestWord) return {};
  const std::string wanted = folded(word);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > word.size() + 3 || word.size() > candidate.size() + 3) continue;
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    // A word of one or two letters is near to everything: only its case or hyphen may differ.
    if (distance >= best_distance || (distance > 0 && std::min(word.size(), candidate.size()) < 3)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace tocsin::config
