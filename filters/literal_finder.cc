#include "filters/literal_finder.h"

#include <algorithm>
#include <utility>

#include "filters/ascii_case.h"

namespace tocsin::filters {
namespace {

std::string_view used_part(std::string_view literal) {
  return literal.size() <= LiteralFinder::kUsed ? literal
                                                : literal.substr(literal.size() - LiteralFinder::kUsed);
}

}  // namespace

LiteralFinder::LiteralFinder(std::span<const std::string> literals) {
  std::size_t states = 1;
  for (const std::string& literal : literals) {
    states += used_part(literal).size();
    for (const char c : used_part(literal)) {
      auto& known = class_of_[static_cast<unsigned char>(lower_ascii(c))];
      if (known == 0) known = static_cast<std::uint8_t>(classes_++);
    }
  }
  for (char c = 'A'; c <= 'Z'; ++c)
    class_of_[static_cast<unsigned char>(c)] = class_of_[static_cast<unsigned char>(lower_ascii(c))];

  // The tree of all literals. Row 0 is the root, so 0 as the next state means: none yet.
  next_.reserve(states * classes_);
  next_.resize(classes_);
  std::vector<std::uint32_t> end_of;  // by literal: the row in which it ends
  for (const std::string& literal : literals) {
    std::uint32_t row = 0;
    for (const char c : used_part(literal)) {
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
