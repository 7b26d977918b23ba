#include "sinks/address_guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tocsin::sinks {
namespace {

constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96 is all of IPv4

struct SpecialBlock {
  IpAddress address;
  unsigned bits;
  std::string_view use;
};

constexpr IpAddress v4(std::uint8_t a, std::uint8_t b) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, 0, 0};
}
constexpr IpAddress v6(std::uint8_t a, std::uint8_t b) { return {a, b}; }

// IANA's special-purpose registries, as far as something could listen there.
constexpr std::array kSpecialBlocks{
    SpecialBlock{v4(0, 0), kMappedBits + 8, "unspecified"},
    SpecialBlock{v4(10, 0), kMappedBits + 8, "private"},
    SpecialBlock{v4(100, 64), kMappedBits + 10, "shared (carrier-grade NAT)"},
    SpecialBlock{v4(127, 0), kMappedBits + 8, "loopback"},
    SpecialBlock{v4(169, 254), kMappedBits + 16, "link-local"},
    SpecialBlock{v4(172, 16), kMappedBits + 12, "private"},
    SpecialBlock{v4(192, 0), kMappedBits + 24, "reserved"},
    SpecialBlock{v4(192, 168), kMappedBits + 16, "private"},
    SpecialBlock{v4(198, 18), kMappedBits + 15, "private (benchmarks)"},
    SpecialBlock{v4(224, 0), kMappedBits + 4, "multicast"},
    SpecialBlock{v4(240, 0), kMappedBits + 4, "reserved"},
    SpecialBlock{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    SpecialBlock{{}, kMappedBits, "unspecified"},  // with the old IPv4-compatible addresses
    // Translators' networks: where the packets go in the end is theirs to say.
    SpecialBlock{{0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, kMappedBits, "reserved (IPv4-translated)"},
    SpecialBlock{{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, "private (NAT64)"},
    SpecialBlock{v6(0x01, 0), 64, "reserved (discard)"},
    SpecialBlock{v6(0x20, 0x01), 32, "reserved (Teredo)"},
    SpecialBlock{v6(0xFC, 0), 7, "private"},
    SpecialBlock{v6(0xFE, 0x80), 10, "link-local"},
    SpecialBlock{v6(0xFE, 0xC0), 10, "private"},
    SpecialBlock{v6(0xFF, 0), 8, "multicast"},
};

bool is_in(const IpAddress& address, const IpAddress& block, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), block.begin()))
    return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((address[whole] ^ block[whole]) >> (8 - rest)) == 0;
}

// NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address, to which the packets go in the end.
std::optional<IpAddress> embedded(const IpAddress& address) {
  constexpr IpAddress kNat64{0x00, 0x64, 0xFF, 0x9B};
  if (is_in(address, kNat64, kMappedBits))
    return from_ipv4({address[12], address[13], address[14], address[15]});
  if (is_in(address, v6(0x20, 0x02), 16)) return from_ipv4({address[2], address[3], address[4], address[5]});
  return std::nullopt;
}

std::string lower_host(std::string_view host) {
  std::string out(host);
  if (out.ends_with('.')) out.pop_back();
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_host_name(std::string_view host) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  const bool numbers_only =
      std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return !host.empty() && host.size() <= 253 && !numbers_only && std::ranges::all_of(host, legal);
}

}  // namespace

IpAddress from_ipv4(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address = v4(bytes[0], bytes[1]);
  address[14] = bytes[2];
  address[15] = bytes[3];
  return address;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return from_ipv4(four);
  IpAddress sixteen{};
  if (::inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return sixteen;
  return std::nullopt;
}

std::string to_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = is_in(address, v4(0, 0), kMappedBits);
  const void* bytes = four ? &address[12] : address.data();
  return ::inet_ntop(four ? AF_INET : AF_INET6, bytes, text.data(), text.size());
}

std::string_view special_use(const IpAddress& address) {
  const IpAddress target = embedded(address).value_or(address);
  const auto block = std::ranges::find_if(kSpecialBlocks, [&](const SpecialBlock& special) {
    return is_in(target, special.address, special.bits);
  });
  return block == kSpecialBlocks.end() ? std::string_view{} : block->use;
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow) {
  AddressGuard guard;
  for (const std::string& entry : allow) {
    const std::size_t slash = entry.find('/');
    if (const auto address = parse_ip(std::string_view(entry).substr(0, slash))) {
      const bool four = entry.find(':') == std::string::npos;
      const unsigned width = four ? 32 : 128;
      unsigned bits = width;
      if (slash != std::string::npos) {
        const char* end = entry.data() + entry.size();
        const auto [stop, error] = std::from_chars(entry.data() + slash + 1, end, bits);
        if (error != std::errc{} || stop != end || bits > width)
          return fail(ErrorCode::Invalid,
                      fmt::format("the length of the network must be between 0 and {}", width));
      }
      guard.blocks_.push_back({*address, four ? bits + kMappedBits : bits});
    } else if (std::string host = lower_host(entry); is_host_name(host)) {
      guard.hosts_.push_back(std::move(host));
    } else {
      return fail(ErrorCode::Invalid, "neither a host name nor an address nor a network like 10.1.0.0/16");
    }
  }
  return guard;
}

std::string AddressGuard::refusal(std::string_view host, const IpAddress& address) const {
  const std::string_view use = special_use(address);
  if (use.empty()) return {};
  if (std::ranges::find(hosts_, lower_host(host)) != hosts_.end()) return {};
  if (std::ranges::any_of(blocks_,
                          [&](const Block& block) { return is_in(address, block.address, block.bits); }))
    return {};
  const std::string literal = to_text(address);
  return host == literal || host == "[" + literal + "]"
             ? fmt::format("{} is a {} address: name it in `allow` if it is meant", literal, use)
             : fmt::format("{} is at {}, a {} address: name it in `allow` if it is meant", host, literal,
                           use);
}

}  // namespace tocsin::sinks
