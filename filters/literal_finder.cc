#include "filters/literal_finder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/base/check.h"
#include "filters/ascii_case.h"

namespace tocsin::filters {
LiteralFinder::LiteralFinder(std::span<const std::string> literals) {
  const std::vector<std::string_view> views(literals.begin(), literals.end());
  samples_ = SampledLiterals::of(views);
  if (!samples_) automaton_.emplace(views);
}

// --- samples ---------------------------------------------------------------------------------------------

std::optional<SampledLiterals> SampledLiterals::of(std::span<const std::string_view> literals) {
  constexpr std::size_t kShortest = 3;
  constexpr std::size_t kMostOfOneWord = 16;  // windows of literals
  constexpr unsigned kLeastBits = 13;         // of the table's size, as a power of two: 1 KiB
  constexpr unsigned kMostBits = 21;
  if (literals.empty()) return std::nullopt;
  const std::size_t shortest = std::ranges::min_element(literals, {}, &std::string_view::size)->size();
  if (shortest < kShortest) return std::nullopt;

  SampledLiterals samples;
  samples.window_ = std::min<std::size_t>(shortest, 4);
  samples.window_bits_ = samples.window_ == 4 ? 0xFFFFFFFFU : 0x00FFFFFFU;
  samples.stride_ = shortest - samples.window_ + 1;
  for (std::uint32_t number = 0; number < literals.size(); ++number) {
    samples.literals_.push_back(lower_ascii(literals[number]));
    std::uint64_t head = 0;
    const std::size_t head_size = std::min(literals[number].size(), sizeof head);
    std::memcpy(&head, literals[number].data(), head_size);
    const std::uint64_t head_bits = ~std::uint64_t{0} >> (64 - 8 * head_size);
    for (std::uint32_t offset = 0; offset < samples.stride_; ++offset) {
      std::uint32_t word = 0;
      std::memcpy(&word, literals[number].data() + offset, samples.window_);
      samples.windows_.push_back({fold(word), number, offset, fold(head) & head_bits, head_bits});
    }
  }
  unsigned bits = kLeastBits;
  while (bits < kMostBits && (std::size_t{1} << bits) < samples.windows_.size() * 64) ++bits;
  samples.shift_ = 32 - bits;

  std::ranges::sort(samples.windows_, {}, [&](const Window& window) {
    return std::tuple(samples.hash(window.word), window.word, window.number, window.offset);
  });
  const std::size_t places = std::size_t{1} << bits;
  samples.bits_.resize(places / 64);
  samples.first_.resize(places / kPlaces + 1);
  std::size_t of_one_word = 0;
  for (std::size_t i = 0; i < samples.windows_.size(); ++i) {
    of_one_word = i > 0 && samples.windows_[i - 1].word == samples.windows_[i].word ? of_one_word + 1 : 1;
    if (of_one_word > kMostOfOneWord) return std::nullopt;
    const std::uint32_t place = samples.hash(samples.windows_[i].word);
    samples.bits_[place / 64] |= std::uint64_t{1} << place % 64;
    samples.first_[place / kPlaces + 1] = static_cast<std::uint32_t>(i + 1);
  }
  for (std::size_t p = 1; p < samples.first_.size(); ++p)
    samples.first_[p] = std::max(samples.first_[p], samples.first_[p - 1]);
  return samples;
}

// --- the automaton ---------------------------------------------------------------------------------------

LiteralAutomaton::LiteralAutomaton(std::span<const std::string_view> literals) {
  std::size_t states = 1;
  for (const std::string_view literal : literals) {
    states += literal.size();
    for (const char c : literal) {
      auto& known = class_of_[static_cast<unsigned char>(lower_ascii(c))];
      if (known == 0) known = static_cast<std::uint8_t>(classes_++);
    }
  }
  for (char c = 'A'; c <= 'Z'; ++c)
    class_of_[static_cast<unsigned char>(c)] = class_of_[static_cast<unsigned char>(lower_ascii(c))];

  // The tree of all literals. Row 0 is the root, so 0 as the next state means: none yet.
  // There are at most 231 classes: each byte in lower case, and those of no literal.
  TOCSIN_CHECK(states * classes_ < kTells);
  next_.reserve(states * classes_);
  next_.resize(classes_);
  std::vector<std::uint32_t> end_of;  // by literal: the row in which it ends
  for (const std::string_view literal : literals) {
    std::uint32_t row = 0;
    for (const char c : literal) {
      const std::size_t at = row + class_of_[static_cast<unsigned char>(c)];
      if (next_[at] == 0) {
        next_[at] = static_cast<std::uint32_t>(next_.size());
        next_.resize(next_.size() + classes_);
      }
      row = next_[at];
    }
    end_of.push_back(row);
  }

  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_state;  // state, literal
  for (std::uint32_t i = 0; i < end_of.size(); ++i) by_state.emplace_back(end_of[i] / classes_, i);
  std::ranges::sort(by_state);
  ends_.resize(next_.size() / classes_);
  for (const auto& [state, literal] : by_state) {
    Ends& ends = ends_[state];
    if (ends.begin == ends.end) ends.begin = static_cast<std::uint32_t>(numbers_.size());
    numbers_.push_back(literal);
    ends.end = static_cast<std::uint32_t>(numbers_.size());
  }

  // In the order of their depth, states get the transitions that they lack: those of the longest proper
  // suffix of what was read that is in the tree as well. The root's own are complete as they are.
  std::vector<std::uint32_t> suffix(ends_.size());  // by state: row
  std::vector<std::uint32_t> queue;
  for (std::uint32_t c = 0; c < classes_; ++c) {
    if (next_[c] != 0) queue.push_back(next_[c]);
  }
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const std::uint32_t row = queue[head];
    const std::uint32_t back = suffix[row / classes_];
    const Ends& shorter = ends_[back / classes_];
    ends_[row / classes_].shorter = shorter.begin != shorter.end ? back / classes_ : shorter.shorter;
    for (std::uint32_t c = 0; c < classes_; ++c) {
      std::uint32_t& next = next_[row + c];
      if (next == 0) {
        next = next_[back + c];
      } else {
        suffix[next / classes_] = next_[back + c];
        queue.push_back(next);
      }
    }
  }
  for (std::uint32_t& next : next_) {
    const Ends& ends = ends_[next / classes_];
    if (ends.begin != ends.end || ends.shorter != kNone) next |= kTells;
  }
}

}  // namespace tocsin::filters
