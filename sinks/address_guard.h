// Which addresses a sink may connect to: public ones, and what the configuration allows.
//
//   `allow:` ─► AddressGuard ─refusal()─► http_client, for every connection it opens
//
// URLs come out of configurations, names out of the DNS and redirects from other people's servers. None of
// them may turn the engine into a way to a cloud's metadata service or into the network it stands in. So the
// resolved address is judged, at the moment of connecting. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace tocsin::sinks {

// IPv4 addresses are their IPv4-mapped IPv6 ones.
using IpAddress = std::array<std::uint8_t, 16>;

[[nodiscard]] IpAddress from_ipv4(const std::array<std::uint8_t, 4>& bytes);
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
[[nodiscard]] std::string to_text(const IpAddress& address);

// "loopback", "private", …; empty for an address of the public internet. What is embedded in it (NAT64, 6to4)
// counts, too.
[[nodiscard]] std::string_view special_use(const IpAddress& address);

class AddressGuard {
 public:
  // `allow`: host names, addresses and CIDR blocks.
  [[nodiscard]] static Result<AddressGuard> make(const std::vector<std::string>& allow);

  // Why no connection is made to `address`, which `host` stands for; empty: it may be made.
  [[nodiscard]] std::string refusal(std::string_view host, const IpAddress& address) const;

 private:
  struct Block {
    IpAddress address{};
    unsigned bits = 0;
  };
  std::vector<std::string> hosts_;
  std::vector<Block> blocks_;
};

}  // namespace tocsin::sinks
