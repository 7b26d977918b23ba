// How text for people may look on the stream it goes to: its width, whether it is coloured, whether it may
// leave ASCII.
//
// Only text_style_of() looks at the world (terminal, locale, NO_COLOR); everything that draws takes the style
// as a value, so that tests see the same bytes everywhere. Pure otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace tocsin::cli {

struct TextStyle {
  std::size_t columns = 80;
  bool terminal = false;  // somebody watches: lines may be redrawn
  bool colour = false;
  bool unicode = false;
};

// The style for `stream`: a terminal's own width (else 80 columns), colour only on a terminal without
// NO_COLOR and TERM=dumb, Unicode where LC_ALL, LC_CTYPE or LANG name UTF-8.
[[nodiscard]] TextStyle text_style_of(std::FILE* stream);

enum class Ink : unsigned char { Plain, Bold, Dim, Red, Green, Yellow };

// `text` in that ink, or as it is without colour.
[[nodiscard]] std::string paint(std::string_view text, Ink ink, const TextStyle& style);

// `text` made safe for a terminal. Names and dimension values come from logs, and so from whoever can write
// to them: control characters, bidirectional overrides and broken UTF-8 leave as \xNN or \u{NNNN}, without
// Unicode everything beyond ASCII does.
[[nodiscard]] std::string printable(std::string_view text, const TextStyle& style);

// Columns that printable text takes, one for each character.
[[nodiscard]] std::size_t text_width(std::string_view text);

// At most `columns` columns of printable text; what is cut is marked by an ellipsis.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t columns, const TextStyle& style);

// "1234567" as "1,234,567".
[[nodiscard]] std::string group_digits(std::uint64_t number);

// "48 MB", "1.3 GB": three figures at most, powers of 1000.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

}  // namespace tocsin::cli
