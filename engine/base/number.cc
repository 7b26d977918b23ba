#include "engine/base/number.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace tocsin {

std::optional<double> parse_number(std::string_view text) {
  const std::string_view whole = text;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > start;
  };
  if (!digits()) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  double value = 0;
  const char* begin = whole.data() + (whole.front() == '+' ? 1 : 0);  // from_chars takes no plus sign
  const char* end = whole.data() + whole.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) {
    // Too small is zero; too large is no number that anything could be compared to. from_chars does not tell
    // which.
    const std::string copy(begin, end);
    value = std::strtod(copy.c_str(), nullptr);
    if (!std::isfinite(value)) return std::nullopt;
    return value;
  }
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string format_number(double value) {
  if (value == 0) return "0";  // never "-0"
  if (std::trunc(value) == value && std::abs(value) < 1e17) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

std::string format_number_java(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const double size = std::abs(value);
  if (size == 0) return std::signbit(value) ? "-0.0" : "0.0";
  // Shortest digits, as d.ddde±xx; Java then writes plain decimals from 1e-3 up to below 1e7.
  std::string digits;
  int exponent = 0;
  {
    char buffer[64];
    const auto [end, error] =
        std::to_chars(buffer, buffer + sizeof buffer, size, std::chars_format::scientific);
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    const std::size_t e = text.find('e');
    for (const char c : text.substr(0, e)) {
      if (c != '.') digits += c;
    }
    exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  }
  std::string text = value < 0 ? "-" : "";
  if (size >= 1e-3 && size < 1e7) {
    if (exponent < 0) {
      text += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    } else {
      const auto whole = static_cast<std::size_t>(exponent) + 1;
      if (digits.size() < whole) digits.append(whole - digits.size(), '0');
      text += digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
    }
  } else {
    text += digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : "0") + "E" +
            std::to_string(exponent);
  }
  return text;
}

}  // namespace tocsin
