#include "engine/event/array_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace tocsin::event {
namespace {

// Whether no two of the chosen stand in different elements of one array, found out from the definition.
bool are_consistent(const std::vector<ArrayElement>& elements, std::uint32_t one, std::uint32_t other) {
  for (std::uint32_t a = one; a != 0; a = elements[a].outer) {
    for (std::uint32_t b = other; b != 0; b = elements[b].outer) {
      if (elements[a].array == elements[b].array && a != b) return false;
    }
  }
  return true;
}

bool try_all(const std::vector<ArrayCandidate>& candidates, std::uint32_t fields,
             const std::vector<ArrayElement>& elements, std::vector<std::uint32_t>& chosen) {
  if (chosen.size() == fields) return true;
  for (const ArrayCandidate& candidate : candidates) {
    if (candidate.field != chosen.size()) continue;
    bool fits = true;
    for (const std::uint32_t other : chosen)
      fits = fits && are_consistent(elements, candidate.element, other);
    if (!fits) continue;
    chosen.push_back(candidate.element);
    if (try_all(candidates, fields, elements, chosen)) return true;
    chosen.pop_back();
  }
  return false;
}

bool can_choose(std::span<const ArrayCandidate> candidates, std::uint32_t fields,
                const std::vector<ArrayElement>& elements) {
  std::size_t choices_left = kMaxChoicesOfPattern;
  return has_consistent_choice(candidates, fields, elements, choices_left);
}

TEST(ArrayChoice, TwoFieldsOfOneArrayComeFromOneElement) {
  const std::vector<ArrayElement> elements{{}, {0, 1}, {0, 1}};
  EXPECT_TRUE(can_choose(std::vector<ArrayCandidate>{{0, 1}, {1, 1}}, 2, elements));
  EXPECT_FALSE(can_choose(std::vector<ArrayCandidate>{{0, 1}, {1, 2}}, 2, elements));
  EXPECT_TRUE(can_choose(std::vector<ArrayCandidate>{{0, 1}, {0, 2}, {1, 2}}, 2, elements));
}

TEST(ArrayChoice, WhatStandsInNoArrayGoesWithEverything) {
  const std::vector<ArrayElement> elements{{}, {0, 1}, {0, 1}};
  EXPECT_TRUE(can_choose(std::vector<ArrayCandidate>{{0, 0}, {1, 2}}, 2, elements));
}

TEST(ArrayChoice, AFieldWithoutACandidateCannotBeChosen) {
  EXPECT_FALSE(can_choose(std::vector<ArrayCandidate>{{1, 0}}, 2, std::vector<ArrayElement>{{}}));
}

TEST(ArrayChoice, AgreesWithTryingEverything) {
  std::mt19937 random(20261124);
  const auto below = [&](std::size_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  int possible = 0;
  for (int round = 0; round < 40'000; ++round) {
    const bool nested = round % 2 == 0;  // else no array in another, and candidates as a walk finds them
    std::vector<ArrayElement> elements{{}};
    std::vector<std::uint32_t> homes{0};  // of each array, the element around it
    for (std::uint32_t i = 0; i < 2 + below(8); ++i) {
      if (homes.size() == 1 || below(3) == 0) homes.push_back(nested ? below(elements.size()) : 0);
      const auto array = static_cast<std::uint32_t>(1 + below(homes.size() - 1));
      elements.push_back({homes[array], array});
    }
    const std::uint32_t fields = 1 + below(4);
    std::vector<ArrayCandidate> candidates;
    for (std::uint32_t i = 0; i < fields + below(8); ++i) {
      candidates.push_back({i < fields ? i : below(fields), below(elements.size())});
    }
    if (!nested) {
      std::ranges::sort(candidates, {}, [](const ArrayCandidate& candidate) {
        return std::pair(candidate.field, candidate.element);
      });
    }
    std::vector<std::uint32_t> chosen;
    const bool expected = try_all(candidates, fields, elements, chosen);
    ASSERT_EQ(can_choose(candidates, fields, elements), expected) << "round " << round;
    possible += expected ? 1 : 0;
  }
  EXPECT_GT(possible, 4'000);
  EXPECT_LT(possible, 36'000);
}

// Paths spelled in many ways by dots in keys, each way with an array of its own: what would take longer than
// the age of the universe to try is given up.
TEST(ArrayChoice, GivesUpWhereAnEventIsMadeToTakeForever) {
  std::vector<ArrayElement> elements{{}};
  std::vector<ArrayCandidate> candidates;
  constexpr std::uint32_t kArrays = 40;
  constexpr std::uint32_t kFields = kArrays + 1;  // one more than arrays that serve one each
  for (std::uint32_t array = 1; array <= kArrays; ++array) {
    for (std::uint32_t field = 0; field < kFields; ++field) {
      elements.push_back({0, array});
      candidates.push_back({field, static_cast<std::uint32_t>(elements.size() - 1)});
    }
  }
  EXPECT_FALSE(can_choose(candidates, kFields, elements));
}

TEST(ArrayChoice, TakesLinearTimeInTheElementsOfManyArrays) {
  // 64 arrays of 1,000 elements and a pair of fields for each, met in its last element only.
  std::vector<ArrayElement> elements{{}};
  std::vector<ArrayCandidate> candidates;
  for (std::uint32_t array = 1; array <= 64; ++array) {
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      elements.push_back({0, array});
      const auto element = static_cast<std::uint32_t>(elements.size() - 1);
      candidates.push_back({2 * (array - 1), element});
      if (i == 999) candidates.push_back({2 * (array - 1) + 1, element});
    }
  }
  EXPECT_TRUE(can_choose(candidates, 128, elements));
}

}  // namespace
}  // namespace tocsin::event
