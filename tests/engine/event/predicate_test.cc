#include "engine/event/predicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>
#include <vector>

#include "engine/event/reject.h"

namespace tocsin::event {
namespace {

using ::testing::ElementsAre;

Predicate json_leaf(std::string_view path, Test test, bool negated = false) {
  return Predicate::of({JsonField{*parse_selector(path)}, std::move(test), negated});
}

Predicate message_leaf(Test test, bool negated = false) {
  return Predicate::of({MessageField{}, std::move(test), negated});
}

std::vector<std::string_view> split(std::string_view line, std::vector<std::size_t>* starts_out = nullptr) {
  std::vector<std::string_view> tokens;
  std::vector<std::size_t> starts;
  split_tokens(line, tokens, starts);
  EXPECT_EQ(tokens.size(), starts.size());
  if (starts_out != nullptr) *starts_out = starts;
  return tokens;
}

// --- wildcards -------------------------------------------------------------------------------------------

// Every way of letting stars stand for runs, tried out.
bool wildcard_by_trial(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && pattern.front() == text.front() &&
           wildcard_by_trial(pattern.substr(1), text.substr(1));
  }
  for (std::size_t skip = 0; skip <= text.size(); ++skip) {
    if (wildcard_by_trial(pattern.substr(1), text.substr(skip))) return true;
  }
  return false;
}

// All texts over `letters` up to a length.
std::vector<std::string> texts_over(std::string_view letters, std::size_t most) {
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].size() == most) continue;
    for (const char c : letters) texts.push_back(texts[i] + c);
  }
  return texts;
}

TEST(Wildcard, AgreesWithTryingEverythingOut) {
  const std::vector<std::string> texts = texts_over("ab", 6);
  for (const std::string& pattern : texts_over("ab*", 5)) {
    for (const std::string& text : texts) {
      ASSERT_EQ(wildcard_match(pattern, text), wildcard_by_trial(pattern, text)) << pattern << " on " << text;
    }
  }
}

TEST(Wildcard, PrefixAndSuffixDoNotShareBytes) {
  EXPECT_FALSE(wildcard_match("ab*ba", "aba"));
  EXPECT_TRUE(wildcard_match("ab*ba", "abba"));
}

TEST(Wildcard, HostilePatternsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(wildcard_match(pattern + "*b", std::string(kMaxEventBytes, 'a')));
}

// --- tokens ----------------------------------------------------------------------------------------------

TEST(SplitTokens, SeparatesByBlanksTabsAndLineEnds) {
  std::vector<std::size_t> starts;
  EXPECT_THAT(split(" a\t\tbc \r\nd\r", &starts), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(starts, ElementsAre(1, 4, 9));
  EXPECT_TRUE(split("").empty());
  EXPECT_TRUE(split(" \t\r\n").empty());
}

TEST(SplitTokens, DelimitersHoldATokenTogether) {
  std::vector<std::size_t> starts;
  EXPECT_THAT(split(R"([a b] "c [d" x"y z])", &starts), ElementsAre("a b", "c [d", "x\"y", "z]"));
  EXPECT_THAT(starts, ElementsAre(0, 6, 13, 17));
  EXPECT_THAT(split(R"("" [])"), ElementsAre("", ""));
}

TEST(SplitTokens, AnOpenerWithoutItsCloserIsOrdinary) {
  EXPECT_THAT(split(R"(a [b "c)"), ElementsAre("a", "[b", "\"c"));
  EXPECT_THAT(split(R"("a" "b)"), ElementsAre("a", "\"b"));
}

TEST(SplitTokens, ManyOpenersTakeNoTime) {
  for (const char* opener : {"[ ", "\"x "}) {
    std::string line;
    while (line.size() < kMaxEventBytes) line += opener;
    EXPECT_GT(split(line + (*opener == '[' ? "" : "\"")).size(), kMaxEventBytes / 16) << opener;
  }
}

TEST(TokenText, CountsFromEitherSide) {
  const std::string_view line = "  a \"b c\" d  ";
  std::vector<std::string_view> tokens;
  std::vector<std::size_t> starts;
  split_tokens(line, tokens, starts);
  using From = TokenField::From;
  EXPECT_EQ(token_text(line, {From::Left, 1}, tokens, starts), "b c");
  EXPECT_EQ(token_text(line, {From::Right, 0}, tokens, starts), "d");
  EXPECT_EQ(token_text(line, {From::Right, 2}, tokens, starts), "a");
  EXPECT_EQ(token_text(line, {From::Rest, 1}, tokens, starts), "\"b c\" d");
  EXPECT_EQ(token_text(line, {From::Rest, 2}, tokens, starts), "d");
  for (const From from : {From::Left, From::Right, From::Rest}) {
    EXPECT_EQ(token_text(line, {from, 3}, tokens, starts), std::nullopt);
  }
}

// --- trees -----------------------------------------------------------------------------------------------

TEST(Predicate, EmptyTreesAreTheirNeutralElements) {
  EXPECT_TRUE(evaluate(Predicate::always(), ""));
  EXPECT_TRUE(evaluate(Predicate::all_of({}), "x"));
  EXPECT_FALSE(evaluate(Predicate::any_of({}), "x"));
}

TEST(Predicate, TreesAreLogic) {
  const Predicate a = message_leaf(Contains{"a"});
  const Predicate b = message_leaf(Contains{"b"});
  EXPECT_TRUE(evaluate(Predicate::all_of({a, b}), "ab"));
  EXPECT_FALSE(evaluate(Predicate::all_of({a, b}), "a"));
  EXPECT_TRUE(evaluate(Predicate::any_of({a, b}), "b"));
  EXPECT_FALSE(evaluate(Predicate::any_of({a, b}), "c"));
  EXPECT_TRUE(evaluate(Predicate::none_of(a), "b"));
  EXPECT_FALSE(evaluate(Predicate::none_of(a), "a"));
}

TEST(Predicate, NothingHoldsForBrokenOrHugeMessages) {
  EXPECT_FALSE(evaluate(Predicate::always(), "\xFF"));
  EXPECT_FALSE(evaluate(Predicate::always(), std::string(kMaxEventBytes + 1, 'x')));
  EXPECT_TRUE(evaluate(Predicate::always(), std::string(kMaxEventBytes, 'x')));
}

TEST(Predicate, JsonNeedsOneObjectEvenUnderNot) {
  const Predicate missing = json_leaf("$.a", NotExists{});
  const Predicate not_there = Predicate::none_of(json_leaf("$.a", Wildcard{"*"}));
  for (const char* message : {"", "text", "[]", "1", "{}x", "{\"b\":tru}"}) {
    EXPECT_FALSE(evaluate(missing, message)) << message;
    EXPECT_FALSE(evaluate(not_there, message)) << message;
  }
  EXPECT_TRUE(evaluate(missing, "{}"));
  EXPECT_TRUE(evaluate(not_there, "{}"));
  EXPECT_FALSE(evaluate(missing, R"({"a":null})"));
  EXPECT_TRUE(needs_json(Predicate::none_of(Predicate::any_of({message_leaf(Contains{"x"}), missing}))));
  EXPECT_FALSE(needs_json(message_leaf(Contains{"x"})));
}

// Which nodes satisfy a test and its negation: missing null true string number object, as "yes no -" for
// test, negation, neither.
std::string row(const Test& test) {
  std::string out;
  for (const char* value : {"", "null", "true", "false", "\"5\"", "\"x\"", "5", "{}", "[5]"}) {
    const std::string message = *value == '\0' ? "{}" : std::string("{\"a\":") + value + "}";
    const bool holds = evaluate(json_leaf("$.a", test), message);
    const bool negation = evaluate(json_leaf("$.a", test, true), message);
    out += holds && negation ? '!' : holds ? 'y' : negation ? 'n' : '-';
  }
  return out;
}

TEST(NodeSatisfies, EveryTestOnEveryKindOfNode) {
  //                                           missing null true false "5" "x" 5 {} [5]
  EXPECT_EQ(row(Wildcard{"*"}), "--yyyyy--");
  EXPECT_EQ(row(Wildcard{"5"}), "--nnyny--");
  EXPECT_EQ(row(Wildcard{"true"}), "--ynnnn--");
  EXPECT_EQ(row(Contains{"e"}), "--yynnn--");
  EXPECT_EQ(row(RegexSearch{{"^.$", std::make_shared<const re2::RE2>("^.$")}}), "--nnyyy--");
  EXPECT_EQ(row(NumberCompare{NumberCompare::Op::Equal, 5}), "--nnyny--");
  EXPECT_EQ(row(NumberCompare{NumberCompare::Op::Less, 6}), "--nnyny--");
  EXPECT_EQ(row(NumberCompare{NumberCompare::Op::LessOrEqual, 5}), "--nnyny--");
  EXPECT_EQ(row(NumberCompare{NumberCompare::Op::Greater, 5}), "--nnnnn--");
  EXPECT_EQ(row(NumberCompare{NumberCompare::Op::GreaterOrEqual, 5}), "--nnyny--");
}

TEST(NodeSatisfies, KeywordsAskForTheKind) {
  const auto holds = [](event::Test test, std::string_view value) {
    return evaluate(json_leaf("$.a", std::move(test)), "{\"a\":" + std::string(value) + "}");
  };
  EXPECT_TRUE(holds(IsNull{}, "null"));
  EXPECT_FALSE(holds(IsNull{}, "\"null\""));
  EXPECT_TRUE(holds(IsBoolean{true}, "true"));
  EXPECT_FALSE(holds(IsBoolean{true}, "false"));
  EXPECT_TRUE(holds(IsBoolean{false}, "false"));
  EXPECT_FALSE(holds(IsBoolean{false}, "null"));
  EXPECT_FALSE(holds(IsBoolean{true}, "\"true\""));
  EXPECT_FALSE(holds(NotExists{}, "null"));
}

TEST(TextSatisfies, AWordIsNoNumberNorItsOpposite) {
  const Leaf equal{TokenField{}, NumberCompare{NumberCompare::Op::Equal, 5}, false};
  const Leaf not_equal{TokenField{}, NumberCompare{NumberCompare::Op::Equal, 5}, true};
  EXPECT_TRUE(text_satisfies("5.0", equal));
  EXPECT_FALSE(text_satisfies("x", equal));
  EXPECT_FALSE(text_satisfies("x", not_equal));
  EXPECT_TRUE(text_satisfies("6", not_equal));
}

TEST(TextSatisfies, CountsTokens) {
  EXPECT_TRUE(text_satisfies("a \"b c\"", {MessageField{}, TokenCount{2, 2}}));
  EXPECT_FALSE(text_satisfies("a", {MessageField{}, TokenCount{2, 2}}));
  EXPECT_FALSE(text_satisfies("a b c", {MessageField{}, TokenCount{2, 2}}));
}

}  // namespace
}  // namespace tocsin::event
