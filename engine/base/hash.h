// Stable 128-bit hashes: the identity of a series, the id of a transition. The same bytes give the same hash
// on every machine and in every version (XXH3, whose output is frozen); not for secrets.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Hash128& hash) {
    return H::combine(std::move(state), hash.low);
  }
};

[[nodiscard]] Hash128 hash128(std::string_view bytes);

// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Hash128& hash);

}  // namespace tocsin
