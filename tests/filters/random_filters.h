// Random filters of every language, and random messages that many of them match. The same seed, the same
// sequence.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "filters/filter_language.h"

namespace tocsin::filters_test {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  template <typename Choices>
  const auto& of(const Choices& choices) {
    return choices[below(choices.size())];
  }
  std::string of(std::initializer_list<const char*> choices) {
    return choices.begin()[below(choices.size())];
  }

 private:
  std::mt19937 engine_;
};

struct RandomFilter {
  std::string text;
  filters::CompiledFilter compiled;
};
[[nodiscard]] RandomFilter random_filter(Random& random);  // of any language
[[nodiscard]] std::string random_message(
    Random& random);  // JSON of either kind of pattern, or a line; some broken

}  // namespace tocsin::filters_test
