#include "config/secret_mask.h"

#include <algorithm>

#include "config/characters.h"
#include "config/secret.h"

namespace tocsin::config {

std::optional<std::size_t> find_secret_value(std::string_view text) {
  for (std::size_t sign = text.find_first_of(":="); sign != std::string_view::npos;
       sign = text.find_first_of(":=", sign + 1)) {
    std::size_t end = sign;
    std::string_view ends = " \t{,[\"':=";
    if (end > 0 && (text[end - 1] == '"' || text[end - 1] == '\'')) {  // a quoted word: to its other quote
      --end;
      ends = text.substr(end, 1);
    }
    const std::size_t before = end == 0 ? std::string_view::npos : text.find_last_of(ends, end - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view word = text.substr(begin, end - begin);
    if (names_secret(word) || names_destination(word)) return sign + 1;
  }
  return std::nullopt;
}

std::vector<ByteRange> find_credentials(std::string_view text) {
  constexpr std::string_view kScheme = "://";
  std::vector<ByteRange> found;
  for (std::size_t at = text.find(kScheme); at != std::string_view::npos; at = text.find(kScheme, at)) {
    at += kScheme.size();
    const std::size_t end = std::min(text.find_first_of(" \t\"'/?#", at), text.size());
    const std::size_t sign = text.substr(at, end - at).rfind('@');
    if (sign != std::string_view::npos && sign > 0) found.emplace_back(at, at + sign);
  }
  return found;
}

MaskedLine mask(std::string_view line, std::vector<ByteRange> hidden, std::size_t at) {
  std::ranges::sort(hidden);
  MaskedLine out;
  std::optional<std::size_t> caret;
  std::size_t shown = 0;  // up to here the line is in `out`
  const auto show_until = [&](std::size_t stop) {
    if (!caret && at < stop)
      caret = count_characters(out.text) + count_characters(line.substr(shown, at - shown));
    out.text += line.substr(shown, stop - shown);
    shown = stop;
  };
  for (const auto& [from, to] : hidden) {
    if (to <= shown) continue;
    show_until(std::max(from, shown));
    if (!caret && at < to) caret = count_characters(out.text);
    out.text += kMask;
    shown = to;
  }
  show_until(line.size());
  out.caret = caret.value_or(count_characters(out.text));
  return out;
}

}  // namespace tocsin::config
