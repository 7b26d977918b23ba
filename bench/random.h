// A small random generator whose numbers are the same with every compiler and library (xoshiro256**, seeded
// by splitmix64). Integer arithmetic only; not for secrets. One thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace tocsin::bench {

class Random {
 public:
  // Streams of one seed are independent of each other.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t x = seed * 0x9E3779B97F4A7C15u + stream;
    for (std::uint64_t& word : state_) {
      x += 0x9E3779B97F4A7C15u;
      std::uint64_t z = x;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 … limit - 1
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
  }

  bool percent(std::uint32_t share) { return below(100) < share; }

  template <typename T, std::size_t N>
  const T& pick(const std::array<T, N>& choices) {
    return choices[below(static_cast<std::uint32_t>(N))];
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace tocsin::bench
