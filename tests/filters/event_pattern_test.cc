#include "filters/event_pattern.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "filters/matcher.h"

namespace tocsin::filters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal(const std::string& pattern) {
  const auto filter = compile_event_pattern(pattern);
  return filter ? "" : filter.error().message;
}

TEST(EventPattern, HasAtMostAsManyCharactersAsTheServiceGrants) {
  const auto pattern = [](std::size_t characters) {
    const std::string frame = R"({"a":[""]})";
    std::string text;
    while (text.size() / 2 < characters - frame.size()) text += "\xC3\xA9";
    return R"({"a":[")" + text + R"("]})";
  };
  EXPECT_EQ(refusal(pattern(kMaxEventPatternCharacters)), "");
  EXPECT_THAT(refusal(pattern(kMaxEventPatternCharacters + 1)), HasSubstr("longer than 4096 characters"));
}

TEST(EventPattern, SaysWhatToWriteInstead) {
  const auto hint = [](const std::string& pattern) {
    const auto filter = compile_event_pattern(pattern);
    EXPECT_FALSE(filter.has_value()) << pattern;
    return filter ? "" : filter.error().hint;
  };
  EXPECT_EQ(hint(R"({"a": [{"prefix": 1}]})"), R"(a text stands in double quotes: {"prefix": "1"})");
  EXPECT_EQ(hint(R"({"a": [{"wildcard": true}]})"),
            R"(a text stands in double quotes: {"wildcard": "true"})");
  EXPECT_EQ(hint(R"({"a": [{"suffix": [".png"]}]})"),
            R"(alternatives are several objects: [{"suffix": "a"}, {"suffix": "b"}])");
  EXPECT_EQ(hint(R"({"a": [{"equals-ignore-case": null}]})"),
            R"(a text stands in double quotes: {"equals-ignore-case": "null"})");
  EXPECT_EQ(hint(R"({"a": [{"exists": "true"}]})"), R"(without quotes: {"exists": true})");
  EXPECT_EQ(hint(R"({"a": [["x"]]})"), R"(one list holds all values of a field: ["a", "b"])");
  EXPECT_EQ(hint(R"({"a": []})"), R"(any value: [{"exists": true}]; none: [{"exists": false}])");
  EXPECT_EQ(hint(R"({"a": ["x"])"), "add the missing }");
  EXPECT_EQ(hint(R"({"a": ["x"],)"), "add the missing }");
  EXPECT_EQ(hint(R"({"a": ["x")"), "add the missing ]");
  EXPECT_EQ(hint(R"({"a": ["x)"), "add the missing \"");
  EXPECT_EQ(hint(R"({"a": ["x",]})"), "no comma stands before a ]");
  EXPECT_EQ(hint(R"({"a": ["x"],})"), "no comma stands before a }");
  EXPECT_EQ(hint("{'a': ['x']}"), "names stand in double quotes");
}

TEST(EventPattern, IsUtf8) { EXPECT_THAT(refusal("{\"a\":[\"\xFF\"]}"), HasSubstr("not valid UTF-8")); }

TEST(EventPattern, OrMakesAtMostAThousandCombinations) {
  // A branching for each number, of as many branches.
  const auto pattern = [](const std::vector<int>& branchings) {
    std::string text = "{";
    for (std::size_t i = 0; i < branchings.size(); ++i) {
      text += (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + "\":{\"$or\":[";
      for (int branch = 0; branch < branchings[i]; ++branch)
        text += (branch > 0 ? ",{\"b" : "{\"b") + std::to_string(branch) + "\":[1]}";
      text += "]}";
    }
    return text + "}";
  };
  EXPECT_EQ(refusal(pattern({10, 10, 10})), "");
  EXPECT_THAT(refusal(pattern({7, 11, 13})), HasSubstr("more than 1000 combinations"));
  EXPECT_THAT(refusal(pattern({10, 10, 11})), HasSubstr("more than 1000 combinations"));
}

bool matches(std::string_view pattern, const std::string& message) {
  const auto filter = compile_event_pattern(pattern);
  EXPECT_TRUE(filter.has_value());
  event::Event event;
  event.message = message;
  event.log_group = "g";
  runtime::Matches found;
  make_matcher(compile_matcher({{{}, filter->predicate, {}}}))->match({&event, 1}, found);
  return !found.matches.empty();
}

// A choice of this project: the service names no such bound.
TEST(EventPattern, AnEventThatTakesMoreThanAMillionStepsDoesNotMatch) {
  const auto matches_pairs = [&](std::size_t pairs) {
    std::string values = R"({"x":1,"y":1})";
    for (std::size_t i = 0; i < pairs; ++i) values += R"(,{"x":1},{"y":1})";
    return matches(R"({"a":{"x":[1],"y":[1]}})",
                   R"({"a":)" + std::string(100, '[') + values + std::string(100, ']') + "}");
  };
  EXPECT_TRUE(matches_pairs(2'000));
  EXPECT_FALSE(matches_pairs(6'000));
}

// Every branch but the last is looked for in all records, where its two fields stand in different elements.
TEST(EventPattern, EachOfManyBranchesHasStepsEnoughForAnOrdinaryEvent) {
  constexpr int kBranches = 16;
  const auto joined = [](std::string_view form, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i > 0 ? "," : "") + fmt::format(fmt::runtime(form), i);
    return text;
  };
  const std::string pattern =
      fmt::format(R"({{"d":{{"r":{{"$or":[{}],"s":{{"$or":[{}]}}}}}}}})",
                  joined(R"({{"f{}":["x"]}})", kBranches), joined(R"({{"g{}":["y"]}})", kBranches));
  const std::string record =
      fmt::format(R"({{"r":[{{{}}},{{"s":{{{}}}}}]}},)", joined(R"("f{}":"x")", kBranches - 1),
                  joined(R"("g{}":"y")", kBranches - 1));
  std::string records;
  for (int i = 0; i < 256; ++i) records += record;
  const std::string last = R"({"r":[{"f15":"x","s":{"g15":"y"}}]})";
  EXPECT_TRUE(matches(pattern, R"({"d":[)" + records + last + "]}"));
  EXPECT_FALSE(matches(pattern, R"({"d":[)" + records + R"({"r":[]}]})"));
}

TEST(EventPattern, BranchesThatALaterListMakesEqualAreOne) {
  const auto filter = compile_event_pattern(
      R"({"d":{"$or":[{"a":[1]},{"a":[2]},{"b":[3]}],"a":[{"anything-but":[7]}],"b":[4]}})");
  ASSERT_TRUE(filter.has_value());
  EXPECT_EQ(filter->predicate.op, event::Predicate::Op::Jointly);
  EXPECT_EQ(filter->predicate.children.size(), 2U);
}

TEST(EventPattern, WildcardsThatGoTogetherAddUp) {
  const auto cost = [](const std::string& list) {
    std::vector<PlacedWildcard> wildcards;
    const auto json = read_pattern_json(list);
    EXPECT_TRUE(json.has_value()) << list;
    EXPECT_TRUE(compile_field_matchers(*json, wildcards).has_value()) << list;
    return wildcard_cost(wildcards);
  };
  // What AWS's engine counts for the same.
  EXPECT_EQ(cost(R"([{"wildcard":"abc"}])"), 1U);
  EXPECT_EQ(cost(R"([{"wildcard":"*"}])"), 2U);
  EXPECT_EQ(cost(R"([{"wildcard":"a*"}])"), 2U);
  EXPECT_EQ(cost(R"([{"wildcard":"*a*"}])"), 3U);
  EXPECT_EQ(cost(R"([{"wildcard":"*a*a"}])"), 4U);
  EXPECT_EQ(cost(R"([{"wildcard":"*abab"}])"), 3U);
  EXPECT_EQ(cost(R"([{"wildcard":"*a*b*c*d*e*f*"}])"), 8U);
  EXPECT_EQ(cost(R"([{"wildcard":"a*"},{"wildcard":"b*"}])"), 2U);
  EXPECT_EQ(cost(R"([{"wildcard":"*a"},{"wildcard":"*b"}])"), 4U);
  EXPECT_EQ(cost(R"([{"wildcard":"*:stack/A/*"},{"wildcard":"*:stack/B/*"},{"wildcard":"*:stack/C/*"}])"),
            9U);
}

TEST(EventPattern, WildcardsOfAllBranchesOfAFieldAddUp) {
  EXPECT_THAT(refusal(R"({"$or":[{"a":[{"wildcard":"*a*a*a*"}]},{"a":[{"wildcard":"*b*b*b*"}]}]})"),
              HasSubstr("Rule is too complex"));
  EXPECT_EQ(refusal(R"({"$or":[{"a":[{"wildcard":"*a*a*a*"}]},{"b":[{"wildcard":"*b*b*b*"}]}]})"), "");
}

TEST(EventPattern, ItsFieldsAreSelectors) {
  const auto filter = compile_event_pattern(
      R"({"detail-type":["x"],"detail":{"a.b":[1],"c":[2]},"$or":[{"c":[1]},{"detail":{"c":[3]}}]})");
  ASSERT_TRUE(filter.has_value());
  std::vector<std::string> shown;
  for (const auto& [key, field] : filter->shown) shown.push_back(key);
  EXPECT_THAT(shown, ElementsAre("$.detail-type", "$.detail.['a.b']", "$.detail.c", "$.c"));
  EXPECT_TRUE(resolve_field(*filter, "$.account").has_value());
}

TEST(EventPattern, GoesTogetherWithOtherLanguagesInOneMatcher) {
  const auto events = compile_event_pattern(R"({"a":{"b":["x"]}})");
  const auto filter = builtin_filters()[0].compile(R"({ $.a.b = "x" && $.a.c[0] = 1 })");
  ASSERT_TRUE(events && filter);
  const auto matcher =
      make_matcher(compile_matcher({{{}, events->predicate, {}}, {{}, filter->predicate, {}}}));
  const std::vector<std::string> messages{R"({"a":{"b":"x","c":[1]}})", R"({"a.b":"x"})",
                                          R"({"a":{"b":"x"}})", R"({"a":{"b":"y","c":[1]}})"};
  std::vector<event::Event> batch(messages.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].message = messages[i];
    batch[i].log_group = "g";
  }
  runtime::Matches found;
  matcher->match(batch, found);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const runtime::Match& match : found.matches) pairs.emplace_back(match.event, match.filter);
  EXPECT_THAT(pairs, ElementsAre(std::pair(0U, 0U), std::pair(0U, 1U), std::pair(1U, 0U), std::pair(2U, 0U)));
}

}  // namespace
}  // namespace tocsin::filters
