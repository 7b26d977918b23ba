#include "filters/literal_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "filters/ascii_case.h"

namespace tocsin::filters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::set<std::uint32_t> found_in(const std::vector<std::string>& literals, std::string_view text) {
  std::set<std::uint32_t> found;
  LiteralFinder(literals).find(text, [&](std::uint32_t literal) { found.insert(literal); });
  return found;
}

TEST(LiteralFinder, FindsLiteralsWithinAndAcrossEachOther) {
  EXPECT_THAT(found_in({"he", "she", "his", "hers"}, "ushers"), ElementsAre(0, 1, 3));
}

TEST(LiteralFinder, TakesLettersOfEitherCase) {
  EXPECT_THAT(found_in({"error", "FAIL"}, "An Error: it fails"), ElementsAre(0, 1));
}

TEST(LiteralFinder, FindsAnEqualLiteralTwice) { EXPECT_THAT(found_in({"a", "a"}, "a"), ElementsAre(0, 1)); }

TEST(LiteralFinder, MissesNothingThatAPlainSearchFinds) {
  std::mt19937 random(20261127);
  const auto text_of = [&](std::size_t most, std::string_view letters) {
    std::string text;
    const std::size_t size = 1 + random() % most;
    while (text.size() < size) text.push_back(letters[random() % letters.size()]);
    return text;
  };
  int sampled = 0;
  int stepped = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::string> literals;
    const std::size_t shortest = 1 + random() % 8;
    while (literals.size() < 1 + random() % 20) {
      literals.push_back(text_of(10, "abAB\xC3\xFF"));
      while (literals.back().size() < shortest) literals.back() += "b";
    }
    (LiteralFinder(literals).takes_samples() ? sampled : stepped) += 1;
    const std::string text = text_of(60, "abAB\xC3\xFFz");
    const auto found = found_in(literals, text);
    for (std::uint32_t i = 0; i < literals.size(); ++i) {
      const std::string sought = lower_ascii(literals[i]);
      const bool is_there = lower_ascii(text).find(sought) != std::string::npos;
      EXPECT_EQ(is_there, found.contains(i)) << literals[i] << " in " << text;
    }
  }
  EXPECT_GT(sampled, 100);
  EXPECT_GT(stepped, 100);
}

TEST(LiteralFinder, FindsEachOfManyThousands) {
  std::mt19937 random(20261128);
  for (const std::size_t many : {std::size_t{500}, std::size_t{40'000}}) {
    std::vector<std::string> literals;
    while (literals.size() < many) {
      std::string& literal = literals.emplace_back();
      while (literal.size() < 8) literal.push_back(static_cast<char>('!' + random() % 90));
    }
    const LiteralFinder finder(literals);
    EXPECT_TRUE(finder.takes_samples());
    for (std::uint32_t i = 0; i < many; i += 7) {
      bool is_found = false;
      const std::string text = "between " + literals[i] + " and";
      finder.find(text, [&](std::uint32_t literal) { is_found |= literal == i; });
      EXPECT_TRUE(is_found) << literals[i];
    }
  }
}

TEST(LiteralFinder, LooksAtSamplesUnlessLiteralsAreShortOrAlike) {
  EXPECT_TRUE(LiteralFinder(std::vector<std::string>{"abc", "error"}).takes_samples());
  EXPECT_FALSE(LiteralFinder(std::vector<std::string>{"ab", "error"}).takes_samples());
  std::vector<std::string> alike;
  for (int i = 100; i < 200; ++i) alike.push_back("user" + std::to_string(i));
  EXPECT_FALSE(LiteralFinder(alike).takes_samples());
}

}  // namespace
}  // namespace tocsin::filters
