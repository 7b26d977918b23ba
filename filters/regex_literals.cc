// RE2's own prefilter says which literals an expression asks for, as a condition of Ands and Ors over them
// ("atoms"), which it keeps to itself; it only answers whether the expression can match given the atoms
// found. A set of atoms is enough if, with all others found and none of it, the answer is no. From all atoms,
// those that are not needed are taken out, the shortest first.
#include "filters/regex_literals.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <numeric>

namespace tocsin::filters {
namespace {

constexpr int kMostTried = 32;  // atoms
constexpr int kShortest = 3;    // bytes; shorter ones are everywhere

// What compile_percent_regex() puts in front: '.' is any character.
constexpr std::string_view kAnyLine = "(?s)";

std::string_view without_any_line(std::string_view source) {
  if (source.starts_with(kAnyLine)) source.remove_prefix(kAnyLine.size());
  return source;
}

// RE2 folds case by Unicode's rules: K (U+212A) is a k and ſ (U+017F) an s. What these rules can reach is not
// used, unless the expression is plain: case counts in it, and it names ASCII characters only.
bool is_plain(std::string_view source) {
  source = without_any_line(source);
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (static_cast<unsigned char>(source[i]) >= 0x80) return false;
    if (source[i] == '\\' && i + 1 < source.size()) {
      const char escaped = source[++i];
      if (escaped == 'x' || escaped == 'p' || escaped == 'P' || (escaped >= '0' && escaped <= '7'))
        return false;
    } else if (source.substr(i).starts_with("(?") && !source.substr(i).starts_with("(?:") &&
               !source.substr(i).starts_with("(?P<")) {
      return false;  // flags; that of ignoring case may be anywhere among them
    }
  }
  return true;
}

// The longest part of an atom that is found byte by byte.
std::string usable_part(std::string_view atom, bool plain) {
  std::string_view longest;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= atom.size(); ++i) {
    const bool usable = i < atom.size() && static_cast<unsigned char>(atom[i]) < 0x80 &&
                        (plain || (atom[i] != 'k' && atom[i] != 's'));
    if (usable) continue;
    if (i - begin > longest.size()) longest = atom.substr(begin, i - begin);
    begin = i + 1;
  }
  return longest.size() < kShortest ? std::string() : std::string(longest);
}

bool is_special(char c) { return std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos; }

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Whether what follows is escaped: an odd number of backslashes.
bool ends_with_escape(std::string_view source) {
  const std::size_t last = source.find_last_not_of('\\');
  return (source.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 != 0;
}

// The characters at the beginning that each stand for themselves.
std::string leading_literal(std::string_view source) {
  std::string literal;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const bool escaped = source[i] == '\\';
    if (escaped && (++i == source.size() || is_letter_or_digit(source[i]))) break;  // `\d`
    if (!escaped && is_special(source[i])) break;
    const char next = i + 1 < source.size() ? source[i + 1] : '\0';
    if (next == '*' || next == '?' || next == '{') break;  // it may not be there
    literal += source[i];
  }
  return literal;
}

// The same at the end. Nothing behind them can repeat them or close what they stand in.
std::string trailing_literal(std::string_view source) {
  std::string literal;
  while (!source.empty()) {
    const char c = source.back();
    source.remove_suffix(1);
    const bool escaped = ends_with_escape(source);
    if (escaped ? is_letter_or_digit(c) : is_special(c)) break;
    if (escaped) source.remove_suffix(1);
    literal += c;
  }
  std::ranges::reverse(literal);
  return literal;
}

}  // namespace

AnchoredLiterals anchored_literals(std::string_view source) {
  // An alternative may be without an anchor; between \Q and \E no character is special.
  if (!is_plain(source) || source.find('|') != std::string_view::npos ||
      source.find("\\Q") != std::string_view::npos) {
    return {};
  }
  source = without_any_line(source);
  AnchoredLiterals literals;
  if (source.starts_with('^')) literals.start = leading_literal(source.substr(1));
  // Of `\$`, which is no anchor, the backslash is left, and nothing stands behind it.
  if (source.ends_with('$')) literals.end = trailing_literal(source.substr(0, source.size() - 1));
  return literals;
}

std::optional<std::string> wildcard_of(std::string_view source) {
  if (!source.starts_with(kAnyLine) || !is_plain(source)) return std::nullopt;
  source = without_any_line(source);
  const bool at_start = source.starts_with('^');
  if (at_start) source.remove_prefix(1);
  const bool at_end = source.ends_with('$') && !ends_with_escape(source.substr(0, source.size() - 1));
  if (at_end) source.remove_suffix(1);
  std::string wildcard = at_start ? "" : "*";
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.substr(i).starts_with(".*")) {
      wildcard += '*';
      ++i;
    } else if (source[i] == '\\' && i + 1 < source.size() && !is_letter_or_digit(source[i + 1])) {
      wildcard += source[++i];
      if (source[i] == '*') return std::nullopt;  // it cannot be written
    } else if (is_special(source[i])) {
      return std::nullopt;
    } else {
      wildcard += source[i];
    }
  }
  if (!at_end) wildcard += '*';
  return wildcard;
}

std::vector<std::vector<std::string>> required_literals(std::string_view source) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  re2::FilteredRE2 filter(kShortest);
  int id = 0;
  if (filter.Add(re2::StringPiece(source.data(), source.size()), options, &id) != re2::RE2::NoError)
    return {};
  std::vector<std::string> atoms;
  filter.Compile(&atoms);
  if (atoms.empty()) return {};

  const bool plain = is_plain(source);
  std::vector<std::string> parts;
  for (const std::string& atom : atoms) parts.push_back(usable_part(atom, plain));
  const auto can_match = [&](const std::vector<int>& found) {
    std::vector<int> expressions;
    filter.AllPotentials(found, &expressions);
    return !expressions.empty();
  };
  const auto all = static_cast<int>(atoms.size());
  std::vector<std::vector<std::string>> choices;
  for (int alone = 0; alone < all && all <= kMostTried; ++alone) {
    std::vector<int> others;
    for (int i = 0; i < all; ++i) {
      if (i != alone) others.push_back(i);
    }
    const std::string& part = parts[static_cast<std::size_t>(alone)];
    if (!part.empty() && !can_match(others)) choices.push_back({part});
  }
  if (!choices.empty()) return choices;

  std::vector<std::size_t> order(atoms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return parts[i].size(); });
  std::vector<int> found;  // atoms that are not needed
  std::vector<std::string> needed;
  for (const std::size_t i : order) {
    found.push_back(static_cast<int>(i));
    if (!can_match(found)) continue;
    found.pop_back();
    if (parts[i].empty()) return {};
    needed.push_back(parts[i]);
  }
  if (!needed.empty()) choices.push_back(std::move(needed));
  return choices;
}

}  // namespace tocsin::filters
