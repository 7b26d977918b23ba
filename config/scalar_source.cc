#include "config/scalar_source.h"

#include <algorithm>
#include <string>

#include "config/characters.h"

namespace tocsin::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The walk of a value beside its source.
struct Walk {
  std::string_view source;
  std::string_view value;
  std::size_t at = 0;  // in the source
  std::vector<std::size_t> offsets;

  [[nodiscard]] bool done() const { return offsets.size() == value.size(); }
  [[nodiscard]] char next_value() const { return value[offsets.size()]; }

  // The value goes on with `text`, which was written at `place`.
  bool take(std::string_view text, std::size_t place) {
    if (value.substr(offsets.size(), text.size()) != text) return false;
    offsets.insert(offsets.end(), text.size(), place);
    return true;
  }

  // `line_ends` of the source became one space, or at most as many line ends.
  void take_fold(std::size_t line_ends, std::size_t place) {
    if (!done() && next_value() == ' ') {
      offsets.push_back(place);
      return;
    }
    for (; line_ends > 0 && !done() && next_value() == '\n'; --line_ends) offsets.push_back(place);
  }
};

// What the escape at `at` (a backslash) stands for, and its length; empty for one that YAML does not know.
std::string unescape(std::string_view source, std::size_t at, std::size_t& length) {
  length = 2;
  if (at + 1 >= source.size()) return {};
  const char c = source[at + 1];
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits > 0) {
    length = 2 + digits;
    std::uint32_t code = 0;
    for (std::size_t i = at + 2; i < at + length; ++i) {
      const char d = i < source.size() ? source[i] : '\0';
      const int digit = d >= '0' && d <= '9'   ? d - '0'
                        : d >= 'a' && d <= 'f' ? d - 'a' + 10
                        : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                               : -1;
      if (digit < 0) return {};
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return encode_utf8(code);
  }
  switch (c) {
    case '0':
      return {'\0'};
    case 'a':
      return "\a";
    case 'b':
      return "\b";
    case 't':
    case '\t':
      return "\t";
    case 'n':
      return "\n";
    case 'v':
      return "\v";
    case 'f':
      return "\f";
    case 'r':
      return "\r";
    case 'e':
      return "\x1b";
    case 'N':
      return encode_utf8(0x85);
    case '_':
      return encode_utf8(0xA0);
    case 'L':
      return encode_utf8(0x2028);
    case 'P':
      return encode_utf8(0x2029);
    default:
      return {c};
  }
}

// Plain and quoted scalars: white space around line ends folds, quotes have their escapes.
bool walk_flow(Walk& walk, ScalarStyle style) {
  while (!walk.done()) {
    if (walk.at >= walk.source.size()) return false;
    const std::size_t at = walk.at;
    const char c = walk.source[at];
    if (style == ScalarStyle::SingleQuoted && c == '\'') {
      if (!walk.source.substr(at).starts_with("''") || !walk.take("'", at)) return false;
      walk.at += 2;
    } else if (style == ScalarStyle::DoubleQuoted && c == '\\' &&
               walk.source.substr(at + 1).starts_with('\n')) {
      walk.at += 2;
      while (walk.at < walk.source.size() && is_blank(walk.source[walk.at])) ++walk.at;
    } else if (style == ScalarStyle::DoubleQuoted && c == '\\') {
      std::size_t length = 0;
      const std::string meaning = unescape(walk.source, at, length);
      if (meaning.empty() || !walk.take(meaning, at)) return false;
      walk.at += length;
    } else if (is_blank(c) || c == '\n') {
      std::size_t end = at;
      std::size_t line_ends = 0;
      for (; end < walk.source.size() && (is_blank(walk.source[end]) || walk.source[end] == '\n'); ++end) {
        if (walk.source[end] == '\n') ++line_ends;
      }
      if (line_ends > 0) {
        walk.take_fold(line_ends, at);
        walk.at = end;
      } else {
        if (!walk.take({&walk.source[at], 1}, at)) return false;
        ++walk.at;
      }
    } else {
      if (!walk.take({&walk.source[at], 1}, at)) return false;
      ++walk.at;
    }
  }
  return true;
}

// Literal and folded scalars, whose lines stand `indent` spaces in; `walk.at` is at the start of their first
// line.
bool walk_block(Walk& walk, bool folded, std::size_t indent) {
  const auto skip_indent = [&] {
    for (std::size_t i = 0; i < indent && walk.at < walk.source.size() && walk.source[walk.at] == ' '; ++i)
      ++walk.at;
  };
  skip_indent();
  while (!walk.done()) {
    const std::size_t at = walk.at;
    if (at >= walk.source.size())
      return walk.take("\n", at) && walk.done();  // a file without a last line end
    if (walk.source[at] != '\n') {
      if (!walk.take({&walk.source[at], 1}, at)) return false;
      ++walk.at;
    } else if (!folded) {
      if (!walk.take("\n", at)) return false;
      ++walk.at;
      skip_indent();
    } else {
      std::size_t line_ends = 0;
      while (walk.at < walk.source.size() && walk.source[walk.at] == '\n') {
        ++line_ends;
        ++walk.at;
        skip_indent();
      }
      const std::size_t before = walk.offsets.size();
      walk.take_fold(line_ends, at);
      if (walk.offsets.size() == before) return false;
    }
  }
  return true;
}

}  // namespace

ScalarStyle scalar_style(std::string_view source, std::size_t start) {
  switch (start < source.size() ? source[start] : '\0') {
    case '\'':
      return ScalarStyle::SingleQuoted;
    case '"':
      return ScalarStyle::DoubleQuoted;
    case '|':
      return ScalarStyle::Literal;
    case '>':
      return ScalarStyle::Folded;
    default:
      return ScalarStyle::Plain;
  }
}

std::optional<std::size_t> end_of_quoted(std::string_view source, std::size_t start) {
  const char quote = source[start];
  for (std::size_t at = start + 1; at < source.size(); ++at) {
    if (quote == '"' && source[at] == '\\') {
      ++at;
    } else if (source[at] == quote) {
      if (quote == '"' || at + 1 >= source.size() || source[at + 1] != '\'') return at + 1;
      ++at;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::size_t>> source_offsets(std::string_view source, std::size_t start,
                                                       std::string_view value) {
  const ScalarStyle style = scalar_style(source, start);
  Walk walk{.source = source, .value = value, .at = start, .offsets = {}};
  walk.offsets.reserve(value.size() + 1);
  bool agrees = false;
  if (style == ScalarStyle::Literal || style == ScalarStyle::Folded) {
    const std::size_t header_end = source.find('\n', start);
    if (header_end == std::string_view::npos) return std::nullopt;
    const std::string_view header = source.substr(start, header_end - start);
    const bool given =
        header.substr(0, header.find('#')).find_first_of("123456789") != std::string_view::npos;
    std::size_t first_text = header_end + 1;
    while (first_text < source.size() && (source[first_text] == '\n' || source[first_text] == ' '))
      ++first_text;
    const std::size_t line_start =
        std::min(source.rfind('\n', first_text == 0 ? 0 : first_text - 1) + 1, first_text);
    // The first line tells the indentation, unless the header does: then some of its spaces may belong to the
    // value.
    for (std::size_t indent = first_text - line_start;; --indent) {
      walk.at = header_end + 1;
      walk.offsets.clear();
      agrees = walk_block(walk, style == ScalarStyle::Folded, indent);
      if (agrees || !given || indent == 0) break;
    }
  } else {
    if (style != ScalarStyle::Plain) ++walk.at;
    agrees = walk_flow(walk, style);
  }
  if (!agrees) return std::nullopt;
  walk.offsets.push_back(std::min(walk.at, source.size()));
  return std::move(walk.offsets);
}

}  // namespace tocsin::config
