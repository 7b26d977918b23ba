#include "filters/regex_literals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/predicate.h"
#include "filters/ascii_case.h"

namespace tocsin::filters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(RegexLiterals, ASequenceNeedsEachOfItsLiterals) {
  EXPECT_THAT(required_literals("user=[a-z]+ connection refused"),
              UnorderedElementsAre(ElementsAre("user="), ElementsAre(" connection refused")));
}

TEST(RegexLiterals, AChoiceNeedsOneOfEach) {
  EXPECT_THAT(required_literals("ERROR|timed out"), ElementsAre(UnorderedElementsAre("error", "timed out")));
}

TEST(RegexLiterals, ShortOrOpenOnesAreNotWorthLookingFor) {
  EXPECT_THAT(required_literals("[0-9]+"), IsEmpty());
  EXPECT_THAT(required_literals("ab|error"), IsEmpty());
  EXPECT_THAT(required_literals(".*"), IsEmpty());
}

TEST(RegexLiterals, WithoutCaseTheLettersThatUnicodeAddsAreLeftOut) {
  EXPECT_THAT(required_literals("(?i)task"), IsEmpty());  // a long s, a Kelvin sign
  EXPECT_THAT(required_literals("(?Ui)task"), IsEmpty());
  EXPECT_THAT(required_literals("(?i)connection"), ElementsAre(ElementsAre("connection")));
}

// Whatever is found holds a literal: random expressions on random texts.
TEST(RegexLiterals, StandInEveryTextInWhichTheExpressionIsFound) {
  std::mt19937 random(20261127);
  const std::vector<std::string> pieces{
      "abc",   "(?i)sky", "(?Ui)sky",       "(?sUi:ks)", "(?s)kss", "[a-c]+", ".*",
      "|",     "abd",     "(?:xyz|sks)",    "x?",        "\\d",     "kss",    "[ks]k",
      "(abc)", "^",       "\\x{212A}elvin", "[^a]",      "é",       "a{2,3}", "(?i:K)"};
  const std::vector<std::string> words{"abc", "ABC",         "sky",    "\u017Fky", "s\u212Ay", "abd",
                                       "xyz", "sks",         "x",      "7",        "kss",      "kk",
                                       "é",   "\u212Aelvin", "Kelvin", "aa",       "aaa",      "\u212A"};
  int found = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string source;
    for (std::size_t i = 0; i <= random() % 4; ++i) source += pieces[random() % pieces.size()];
    const re2::RE2 expression(source, re2::RE2::Quiet);
    if (!expression.ok()) continue;
    const auto literals = required_literals(source);
    for (int t = 0; t < 20; ++t) {
      std::string text;
      for (std::size_t i = 0; i <= random() % 4; ++i) text += words[random() % words.size()];
      if (literals.empty() || !re2::RE2::PartialMatch(text, expression)) continue;
      ++found;
      const auto is_there = [&](const std::string& literal) {
        return lower_ascii(text).find(literal) != std::string::npos;
      };
      EXPECT_TRUE(std::ranges::all_of(
          literals,
          [&](const std::vector<std::string>& choice) { return std::ranges::any_of(choice, is_there); }))
          << source << " in " << text;
    }
  }
  EXPECT_GT(found, 1000);
}

TEST(AnchoredLiterals, AreWhatStandsPlainlyBesideTheAnchors) {
  const auto of = [](std::string_view source) {
    const auto [start, end] = anchored_literals(source);
    return start + " … " + end;
  };
  EXPECT_EQ(of("^arn:aws:iam::.*:user/admin$"), "arn:aws:iam:: … :user/admin");
  EXPECT_EQ(of("(?s)^10\\.0\\.\\d+\\.1$"), "10.0. … .1");
  EXPECT_EQ(of("^abc+"), "abc … ");
  EXPECT_EQ(of("^abc?d"), "ab … ");
  EXPECT_EQ(of("abc"), " … ");
  EXPECT_EQ(of("^abc|d$"), " … ");
  EXPECT_EQ(of("(?i)^abc$"), " … ");
  EXPECT_EQ(of("^\\Qa.b\\E$"), " … ");
  EXPECT_EQ(of("^*abc$"), " … abc");
  EXPECT_EQ(of("^abc\\$"), "abc$ … ");
  EXPECT_EQ(of("x\\\\$"), " … x\\");
}

// Random expressions on random texts.
TEST(AnchoredLiterals, BeginAndEndEveryTextInWhichTheExpressionIsFound) {
  std::mt19937 random(20261128);
  const std::vector<std::string> pieces{"a",   "b",     "ab",   ".*", "^",   "$",     "\\.",  "\\\\",
                                        "\\d", "?",     "*",    "+?", "{2}", "{0,1}", "[ab]", "(a)",
                                        "|",   "\\$",   "{",    "}",  "\\b", "^",     "$",    "[]]",
                                        "\\Q", "(?:b)", "(?s)", "-",  "1"};
  const std::string letters = "ab.\\1$-{}]";
  int found = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string source = random() % 2 == 0 ? "^" : "";
    for (std::size_t i = 0; i <= random() % 5; ++i) source += pieces[random() % pieces.size()];
    if (random() % 2 == 0) source += "$";
    const auto [start, end] = anchored_literals(source);
    if (start.empty() && end.empty()) continue;
    const re2::RE2 expression(source, re2::RE2::Quiet);
    if (!expression.ok()) continue;
    for (int t = 0; t < 10; ++t) {
      std::string text;
      for (std::size_t i = 0; i <= random() % 5; ++i) text += letters[random() % letters.size()];
      if (random() % 2 == 0) text.insert(0, start);
      if (random() % 2 == 0) text += end;
      if (!re2::RE2::PartialMatch(text, expression)) continue;
      ++found;
      EXPECT_TRUE(text.starts_with(start) && text.ends_with(end)) << source << " in " << text;
    }
  }
  EXPECT_GT(found, 1000);
}

TEST(WildcardOf, MeansTheSameAsAnExpressionOfPlainCharacters) {
  const auto of = [](std::string_view source) { return wildcard_of(source).value_or("nothing"); };
  EXPECT_EQ(of("(?s)^arn:.*:user/.*admin$"), "arn:*:user/*admin");
  EXPECT_EQ(of("(?s)^10\\.0\\."), "10.0.*");
  EXPECT_EQ(of("(?s)Denied"), "*Denied*");
  EXPECT_EQ(of("(?s)^abc\\$"), "abc$*");
  EXPECT_EQ(of("(?s)^abc\\\\$"), "abc\\");
  EXPECT_EQ(of("^abc$"), "nothing");  // '.' would be no line end
  EXPECT_EQ(of("(?s)^abc+$"), "nothing");
  EXPECT_EQ(of("(?s)^a.c$"), "nothing");
  EXPECT_EQ(of("(?s)^a\\*c$"), "nothing");
  EXPECT_EQ(of("(?s)^a|b$"), "nothing");
  EXPECT_EQ(of("(?s)^a.*?$"), "nothing");
  EXPECT_EQ(of("(?s)^\\d$"), "nothing");
  EXPECT_EQ(of("(?s)(?i)abc"), "nothing");
}

TEST(WildcardOf, HoldsForTheTextsInWhichTheExpressionIsFound) {
  std::mt19937 random(20261129);
  const std::vector<std::string> pieces{"a",   "b",   "ab", ".*",  ".*",  "\\.", "\\\\", "\\d", "?",  "{2}",
                                        "[a]", "\\$", "{",  "\\*", "\\^", "-",   "(a)",  "\n",  "]]", "\\-"};
  const std::string letters = "ab.\\1$-\n*";
  int found = 0;
  int not_found = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string source = random() % 2 == 0 ? "(?s)^" : "(?s)";
    const std::size_t count = random() % 5;
    for (std::size_t i = 0; i <= count; ++i) source += pieces[random() % pieces.size()];
    if (random() % 2 == 0) source += "$";
    const auto wildcard = wildcard_of(source);
    if (!wildcard) continue;
    const re2::RE2 expression(source, re2::RE2::Quiet);
    ASSERT_TRUE(expression.ok()) << source;
    for (int t = 0; t < 10; ++t) {
      std::string text;
      const std::size_t size = random() % 7;
      for (std::size_t i = 0; i < size; ++i) text += letters[random() % letters.size()];
      const bool is_found = re2::RE2::PartialMatch(text, expression);
      ASSERT_EQ(event::wildcard_match(*wildcard, text), is_found) << source << " in " << text;
      ++(is_found ? found : not_found);
    }
  }
  EXPECT_GT(found, 1000);
  EXPECT_GT(not_found, 1000);
}

}  // namespace
}  // namespace tocsin::filters
