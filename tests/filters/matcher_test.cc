#include "filters/matcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/predicate.h"
#include "engine/event/reject.h"
#include "engine/event/selector.h"
#include "filters/filter_language.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"

namespace tocsin::filters {
namespace {

using runtime::Matches;
using runtime::MatchSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::StartsWith;

MatchSpec spec(std::string_view pattern, std::vector<std::string> groups = {},
               std::vector<std::string> fields = {}) {
  auto filter = compile_filter_pattern(pattern);
  EXPECT_TRUE(filter.has_value()) << pattern;
  MatchSpec made{std::move(groups), filter->predicate, {}};
  for (const std::string& field : fields) {
    auto resolved = resolve_field(*filter, field);
    EXPECT_TRUE(resolved.has_value()) << field;
    made.extractions.push_back(*resolved);
  }
  return made;
}

event::Event event_of(std::string_view message, std::string_view group = "g") {
  event::Event event;
  event.message = message;
  event.log_group = group;
  return event;
}

// "event/filter" of every match.
std::vector<std::string> pairs(const Matches& matches) {
  std::vector<std::string> out;
  for (const runtime::Match& match : matches.matches) {
    out.push_back(std::to_string(match.event) + "/" + std::to_string(match.filter));
  }
  return out;
}

TEST(Matcher, ListsMatchesByEventThenFilter) {
  const auto matcher =
      make_matcher(compile_matcher({spec("a"), spec("{ $.a = 1 }"), spec("[x, y]"), spec("")}));
  const std::vector<event::Event> events{event_of(R"({"a":1})"), event_of("b c"), event_of("a"),
                                         event_of("")};
  Matches out;
  matcher->match(events, out);
  EXPECT_THAT(pairs(out), ElementsAre("0/0", "0/1", "0/3", "1/2", "1/3", "2/0", "2/3", "3/3"));
  matcher->match({}, out);
  EXPECT_THAT(pairs(out), IsEmpty());
}

TEST(Matcher, AFilterSeesItsLogGroupsOnly) {
  const auto matcher = make_matcher(
      compile_matcher({spec("", {"one"}), spec(""), spec("", {"two", "one", "two"}), spec("", {"On"})}));
  const std::vector<event::Event> events{event_of("", "one"), event_of("", "two"), event_of("", "three"),
                                         event_of("", "one")};
  Matches out;
  matcher->match(events, out);
  EXPECT_THAT(pairs(out), ElementsAre("0/0", "0/1", "0/2", "1/1", "1/2", "2/1", "3/0", "3/1", "3/2"));
}

TEST(Matcher, WithoutFiltersNothingMatches) {
  const auto matcher = make_matcher(compile_matcher({}));
  const event::Event event = event_of("x");
  Matches out;
  matcher->match({&event, 1}, out);
  EXPECT_THAT(pairs(out), IsEmpty());
}

TEST(Matcher, BrokenAndHugeMessagesNeverMatch) {
  const auto matcher = make_matcher(compile_matcher({spec(""), spec("-x"), spec("{ $.a NOT EXISTS }")}));
  const std::string large(event::kMaxEventBytes, ' ');
  const std::string larger(event::kMaxEventBytes + 1, ' ');
  const std::vector<event::Event> events{event_of("\xFF"), event_of(larger), event_of(large),
                                         event_of("{\"b\":\"\xFF\"}"), event_of("{}")};
  Matches out;
  matcher->match(events, out);
  EXPECT_THAT(pairs(out), ElementsAre("2/0", "2/1", "4/0", "4/1", "4/2"));
}

TEST(Matcher, ExtractsJsonFields) {
  const auto matcher = make_matcher(compile_matcher({spec(
      "{ $.a = * }", {}, {"$.a", "$.n", "$.t", "$.o", "$.l", "$.z", "$.l[*]", "$.none", "$.u", "$.m[*]"})}));
  const event::Event event =
      event_of(R"({"a":"x","n":-1.50,"t":true,"o":{},"l":[7,8],"z":null,"u":"\u0041\n","m":[null,1]})");
  Matches out;
  matcher->match({&event, 1}, out);
  ASSERT_EQ(out.matches.size(), 1U);
  EXPECT_THAT(out.values, ElementsAre(Optional(std::string_view("x")), Optional(std::string_view("-1.50")),
                                      Optional(std::string_view("true")), std::nullopt, std::nullopt,
                                      std::nullopt, Optional(std::string_view("7")), std::nullopt,
                                      Optional(std::string_view("A\n")), std::nullopt));
}

TEST(Matcher, UnescapedTextsOutliveTheWalkOfLaterEvents) {
  const auto matcher = make_matcher(compile_matcher({spec("{ $.a = * }", {}, {"$.a"})}));
  std::vector<std::string> messages;
  for (int i = 0; i < 100; ++i) messages.push_back("{\"a\":\"\\u0041" + std::to_string(i) + "\"}");
  std::vector<event::Event> events;
  for (const std::string& message : messages) events.push_back(event_of(message));
  Matches out;
  matcher->match(events, out);
  ASSERT_EQ(out.values.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(out.values[i], "A" + std::to_string(i));
}

TEST(Matcher, ExtractsTokensAndTheRestOfTheLine) {
  const auto matcher = make_matcher(
      compile_matcher({spec("[a, b, rest]", {}, {"$a", "$rest"}), spec("[..., z]", {}, {"$z", "$2", "$9"})}));
  const event::Event event = event_of("x [y y] \"q\" r ");
  Matches out;
  matcher->match({&event, 1}, out);
  ASSERT_EQ(out.matches.size(), 2U);
  EXPECT_EQ(out.matches[1].first_value, 2U);
  EXPECT_THAT(out.values,
              ElementsAre(Optional(std::string_view("x")), Optional(std::string_view("\"q\" r")),
                          Optional(std::string_view("r")), Optional(std::string_view("y y")), std::nullopt));
}

TEST(Matcher, ExtractsGroupsOfSeveralRegexes) {
  const auto first = compile_regex_filter("(?P<a>x+)(y)?");
  const auto second = compile_regex_filter("(z)");
  ASSERT_TRUE(first && second);
  MatchSpec wanted{{}, first->predicate, {}};
  for (const auto& [filter, name] :
       {std::pair{&*first, "$2"}, {&*second, "$1"}, {&*first, "$a"}, {&*first, "$0"}}) {
    wanted.extractions.push_back(*resolve_field(*filter, name));
  }
  const auto matcher = make_matcher(compile_matcher({wanted}));
  const std::vector<event::Event> events{event_of("axxz"), event_of("xy")};
  Matches out;
  matcher->match(events, out);
  EXPECT_THAT(out.values,
              ElementsAre(std::nullopt, Optional(std::string_view("z")), Optional(std::string_view("xx")),
                          Optional(std::string_view("xx")), Optional(std::string_view("y")), std::nullopt,
                          Optional(std::string_view("x")), Optional(std::string_view("xy"))));
}

TEST(Matcher, AFieldOfAMessageThatIsNotJsonIsNotThere) {
  MatchSpec wanted = spec("x");
  wanted.extractions.emplace_back(*event::parse_selector("$.a"));
  const auto matcher = make_matcher(compile_matcher({wanted}));
  const std::vector<event::Event> events{event_of("x"), event_of(R"({"a":"x"})")};
  Matches out;
  matcher->match(events, out);
  EXPECT_THAT(out.values, ElementsAre(std::nullopt, Optional(std::string_view("x"))));
}

bool matches(const event::Predicate& predicate, std::string_view message) {
  Matches out;
  const event::Event event = event_of(message);
  make_matcher(compile_matcher({{{}, predicate, {}}}))->match({&event, 1}, out);
  return !out.matches.empty();
}

// What alternatives have in common is asked once: it is the same only of the same field.
TEST(Matcher, OneTestOfTwoFieldsIsTwoQuestions) {
  event::FieldTest is_x;
  is_x.matchers.push_back({{event::TextAt{event::TextPart::Whole, "x"}}, true});
  const auto test = std::make_shared<const event::FieldTest>(is_x);
  const auto leaf = [&](const char* path) {
    return event::Predicate::of({event::PathField{path}, test});
  };
  const auto both = [&](const char* a, const char* b) {
    return event::Predicate::jointly({leaf(a), leaf(b)});
  };
  const auto predicate = event::Predicate::any_of({both("a", "b"), both("b", "c")});
  EXPECT_FALSE(matches(predicate, R"({"a":"x","b":"y","c":"y"})"));
  EXPECT_TRUE(matches(predicate, R"({"a":"y","b":"x","c":"x"})"));
  EXPECT_TRUE(matches(predicate, R"({"a":"x","b":"x","c":"y"})"));
}

TEST(Matcher, AConjunctionIsFoundByWhatFewFiltersAskHoweverManyFieldsItHas) {
  std::vector<MatchSpec> specs;
  for (int id = 0; id < 100; ++id) {
    std::string pattern = "{ ";
    for (int field = 0; field < 12; ++field) pattern += fmt::format("$.f{} = \"v\" && ", field);
    specs.push_back(spec(pattern + fmt::format("$.z = \"id{}\" }}", id)));
  }
  for (const FilterAccess& access : explain_access(*compile_matcher(std::move(specs))))
    EXPECT_THAT(access.keys, ElementsAre(StartsWith("$.z is id")));
}

TEST(Matcher, MoreLeavesThanStepsCanTellAreAskedAsWell) {
  for (const std::size_t leaves : {std::size_t{65'533}, std::size_t{65'534}, std::size_t{70'000}}) {
    std::vector<event::Predicate> children;
    for (std::size_t i = 0; i < leaves; ++i) {
      const bool is_last = i + 1 == leaves;
      children.push_back(event::Predicate::of({event::JsonField{*event::parse_selector(is_last ? "$.z" : "$.a")},
                                               event::Wildcard{is_last ? "q*r*" : "x*y*"}}));
    }
    const auto all = event::Predicate::all_of(children);
    EXPECT_TRUE(matches(all, R"({"a":"xy","z":"qr"})")) << leaves;
    EXPECT_FALSE(matches(all, R"({"a":"xy","z":"q"})")) << leaves;
    const auto none = event::Predicate::none_of(event::Predicate::any_of(std::move(children)));
    EXPECT_TRUE(matches(none, R"({"a":"x","z":"q"})")) << leaves;
    EXPECT_FALSE(matches(none, R"({"a":"x","z":"qr"})")) << leaves;
  }
}

}  // namespace
}  // namespace tocsin::filters
