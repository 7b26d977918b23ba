// Which of many literals a text holds, in one pass over it, however many there are.
//
//   literals --LiteralFinder--> automaton (Aho and Corasick, 1975) --find(text)--> numbers of literals
//
// Case does not count (ASCII letters), and of a long literal only its last kUsed bytes are sought: what is
// found may be in the text, what is not found is not. So the caller checks what it is told; it never misses
// one. Immutable once built; any number of threads may use it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::filters {

class LiteralFinder {
 public:
  static constexpr std::size_t kUsed = 8;

  // `literals` are not empty; their numbers are their places here.
  explicit LiteralFinder(std::span<const std::string> literals);

  // Calls `found(number)` for each occurrence; a literal that occurs twice is told twice.
  template <typename Found>
  void find(std::string_view text, const Found& found) const {
    std::uint32_t state = 0;
    for (const char c : text) {
      state = next_[(state & kStateBits) + class_of_[static_cast<unsigned char>(c)]];
      if ((state & kTells) != 0) tell(state & kStateBits, found);
    }
  }

 private:
  // A state is the place of its row in next_; the highest bit says that literals end there.
  static constexpr std::uint32_t kTells = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kStateBits = kTells - 1;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Ends {
    std::uint32_t begin = 0;  // the literals that end here: numbers_[begin, end)
    std::uint32_t end = 0;
    std::uint32_t shorter = kNone;  // the row of the longest proper suffix that is the end of a literal
  };

  template <typename Found>
  void tell(std::uint32_t row, const Found& found) const {
    for (std::uint32_t at = row / classes_; at != kNone; at = ends_[at].shorter) {
      for (std::uint32_t i = ends_[at].begin; i < ends_[at].end; ++i) found(numbers_[i]);
    }
  }

  std::array<std::uint8_t, 256> class_of_{};  // 0: a byte of no literal
  std::uint32_t classes_ = 1;
  std::vector<std::uint32_t> next_;  // by state and class
  std::vector<Ends> ends_;           // by state
  std::vector<std::uint32_t> numbers_;
};

}  // namespace tocsin::filters
