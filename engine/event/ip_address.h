// IP addresses as texts of events write them. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::event {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
  auto operator<=>(const IpAddress&) const = default;
};

// Four decimal numbers up to 255, leading zeros allowed, or an IPv6 address in hexadecimal in any spelling.
// One that stands for an IPv4 address (`::ffff:a00:1`) is that address. No zones, no dots within IPv6.
[[nodiscard]] std::optional<IpAddress> parse_ip_address(std::string_view text);

// Whether `text` at least has the characters of one kind of address, as `10.0.0.999` and `:::` have.
[[nodiscard]] bool looks_like_ip_address(std::string_view text);

// The addresses that agree with `first` in their first `bits` bits.
struct AddressBlock {
  IpAddress first;
  unsigned bits = 0;  // up to 32, 128

  [[nodiscard]] bool holds(const IpAddress& address) const;
};

}  // namespace tocsin::event
