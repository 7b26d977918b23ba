#include "engine/event/ip_address.h"

#include <algorithm>
#include <charconv>

namespace tocsin::event {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A number that is the whole of `text`, at most `most`.
std::optional<std::uint32_t> whole_number(std::string_view text, int base, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size() || value > most)
    return std::nullopt;
  return value;
}

std::optional<IpAddress> parse_v4(std::string_view text) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto part = whole_number(text.substr(0, dot), 10, 255);
    if (!part) return std::nullopt;
    address.bytes[i] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return address;
}

// Appends the groups of one side of a `::`. False: they are none.
bool add_groups(std::string_view text, std::array<std::uint16_t, 8>& groups, std::size_t& count) {
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto group = colon > 4 ? std::nullopt : whole_number(text.substr(0, colon), 16, 0xFFFF);
    if (!group || count == groups.size() || colon + 1 == text.size()) return false;
    groups[count++] = static_cast<std::uint16_t>(*group);
    text.remove_prefix(std::min(colon + 1, text.size()));
  }
  return true;
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  std::array<std::uint16_t, 8> left{};
  std::array<std::uint16_t, 8> right{};
  std::size_t lefts = 0;
  std::size_t rights = 0;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!add_groups(text, left, lefts) || lefts != 8) return std::nullopt;
  } else {
    const std::string_view behind = text.substr(gap + 2);
    if (!add_groups(text.substr(0, gap), left, lefts) || !add_groups(behind, right, rights) ||
        lefts + rights > 7)
      return std::nullopt;
    std::ranges::copy_n(right.begin(), static_cast<std::ptrdiff_t>(rights),
                        left.end() - static_cast<std::ptrdiff_t>(rights));
  }
  IpAddress address;
  address.v6 = true;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[2 * i] = static_cast<std::uint8_t>(left[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<std::uint8_t>(left[i] & 0xFF);
  }
  const bool mapped =
      std::all_of(left.begin(), left.begin() + 5, [](std::uint16_t group) { return group == 0; }) &&
      left[5] == 0xFFFF;
  if (!mapped) return address;
  IpAddress v4;
  std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
  return v4;
}

}  // namespace

bool looks_like_ip_address(std::string_view text) {
  if (text.find(':') != std::string_view::npos)
    return std::ranges::all_of(text, [](char c) { return c == ':' || is_hex_digit(c); });
  return std::ranges::count(text, '.') == 3 && !text.starts_with('.') && !text.ends_with('.') &&
         text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c == '.' || is_digit(c); });
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  if (text.size() < 2 || !looks_like_ip_address(text)) return std::nullopt;
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

bool AddressBlock::holds(const IpAddress& address) const {
  if (address.v6 != first.v6) return false;
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned bit = 0x80U >> (i % 8);
    if (((address.bytes[i / 8] ^ first.bytes[i / 8]) & bit) != 0) return false;
  }
  return true;
}

}  // namespace tocsin::event
