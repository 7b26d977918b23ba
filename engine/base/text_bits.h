// Pieces of text as numbers, and numbers mixed: what hash tables of short texts are made of.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tocsin {

static_assert(std::endian::native == std::endian::little);

// The eight bytes at `bytes`.
[[nodiscard]] inline std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The four bytes at `bytes`.
[[nodiscard]] inline std::uint64_t half_word_at(const char* bytes) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Two numbers as one in which each bit of theirs counts for all: the halves of their product, as wyhash has
// it (Wang Yi, 2019). It is 0 where one of them is.
[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace tocsin
