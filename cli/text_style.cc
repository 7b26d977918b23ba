#include "cli/text_style.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

namespace tocsin::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

// The first of the three that is set decides, as for setlocale().
bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = environment(name);
    if (value.empty()) continue;
    std::string lower;
    for (const char c : value) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

// The character at the start of `text` (not empty); nothing if that is no well-formed UTF-8.
std::optional<Character> decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return Character{lead, 1};
  const std::size_t bytes = lead >= 0xF0 && lead < 0xF5   ? 4
                            : lead >= 0xE0 && lead < 0xF0 ? 3
                            : lead >= 0xC2 && lead < 0xE0 ? 2
                                                          : 0;
  if (bytes == 0 || text.size() < bytes) return std::nullopt;
  char32_t code = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return std::nullopt;
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
  return Character{code, bytes};
}

// Characters that move the cursor, hide or reorder what follows.
bool is_treacherous(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

}  // namespace

TextStyle text_style_of(std::FILE* stream) {
  TextStyle style;
  const int descriptor = fileno(stream);
  style.terminal = isatty(descriptor) != 0;
  style.unicode = locale_is_utf8();
  style.colour = style.terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  winsize size{};
  if (style.terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    style.columns = size.ws_col;
  return style;
}

std::string paint(std::string_view text, Ink ink, const TextStyle& style) {
  if (!style.colour || ink == Ink::Plain) return std::string(text);
  std::string_view code;
  switch (ink) {
    case Ink::Plain:
      break;
    case Ink::Bold:
      code = "1";
      break;
    case Ink::Dim:
      code = "2";
      break;
    case Ink::Red:
      code = "1;31";
      break;
    case Ink::Green:
      code = "32";
      break;
    case Ink::Yellow:
      code = "33";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string printable(std::string_view text, const TextStyle& style) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto character = decode_utf8(text);
    const std::size_t bytes = character ? character->bytes : 1;
    if (!character) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (character->code < 0x80 && is_treacherous(character->code)) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(character->code));
    } else if (is_treacherous(character->code) || (character->code >= 0x80 && !style.unicode)) {
      out += fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(character->code));
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::string shorten(std::string_view text, std::size_t columns, const TextStyle& style) {
  if (text_width(text) <= columns) return std::string(text);
  const std::string_view ellipsis = style.unicode ? "…" : "...";
  const std::size_t kept = columns - std::min(columns, text_width(ellipsis));
  std::size_t bytes = 0;
  for (std::size_t column = 0; column < kept; ++column) {
    do ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80u);
  }
  return std::string(text.substr(0, bytes)) + std::string(ellipsis);
}

std::string group_digits(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double scaled = static_cast<double>(bytes);
  std::string_view unit;
  for (const std::string_view next : {"kB", "MB", "GB", "TB", "PB", "EB"}) {
    scaled /= 1000;
    unit = next;
    if (scaled < 999.5) break;
  }
  return scaled < 9.95 ? fmt::format("{:.1f} {}", scaled, unit) : fmt::format("{:.0f} {}", scaled, unit);
}

}  // namespace tocsin::cli
