// AWS's limits, each at its edge: what AWS just takes is not told; one more is told once, at the first thing
// beyond.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

// `count` pieces, each made from its number, from 1.
std::string repeat(std::size_t count, const std::function<std::string(std::size_t)>& piece) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i) out += piece(i);
  return out;
}

std::string filter(std::string_view name, std::string_view log_groups, std::string_view language) {
  const std::string groups = log_groups.empty() ? "" : fmt::format("log_groups: [{}], ", log_groups);
  return fmt::format("  {}: {{{}{}, metric: {{namespace: n, name: m}}}}\n", name, groups, language);
}

std::string filters(std::size_t count, std::string_view log_groups, std::string_view language) {
  return repeat(count, [&](std::size_t i) { return filter(fmt::format("f{}", i), log_groups, language); });
}

std::string rules(std::size_t count, std::string_view language, std::size_t topics = 1) {
  const std::string notify = repeat(topics, [](std::size_t i) { return fmt::format("t{}, ", i); });
  return "rules:\n" + repeat(count, [&](std::size_t i) {
           return fmt::format("  r{}: {{{}, notify: [{}]}}\n", i, language, notify);
         });
}

std::string topics(std::size_t count) {
  return "topics:\n" + repeat(count, [](std::size_t i) {
           return fmt::format("  t{}: {{subscriptions: [console: {{}}]}}\n", i);
         });
}

std::string policies(std::size_t count, std::string_view policy) {
  return "    subscriptions:\n" + repeat(count, [&](std::size_t) {
           return fmt::format("      - {{console: {{}}, filter_policy: {}}}\n", policy);
         });
}

constexpr std::string_view kPattern = "pattern: ERROR";
constexpr std::string_view kRegexPattern = "pattern: '%a+%'";
constexpr std::string_view kEventPattern = "event_pattern: {source: [s]}";

std::string with_dimensions(std::string_view language, std::size_t count, std::size_t field_length = 5) {
  const std::string field = "$." + std::string(field_length - 2, 'a');
  return fmt::format("metric_filters: {{f: {{{}, metric: {{namespace: n, name: m, dimensions: {{{}}}}}}}}}\n",
                     language,
                     repeat(count, [&](std::size_t i) { return fmt::format("D{}: {}, ", i, field); }));
}

std::string alarm(std::string_view key, std::size_t topics_told) {
  const std::string list = repeat(topics_told, [](std::size_t i) { return fmt::format("t{}, ", i); });
  const std::string notify = key.empty() ? fmt::format("[{}]", list) : fmt::format("{{{}: [{}]}}", key, list);
  return fmt::format(
      "metric_filters: {{f: {{pattern: x, metric: {{namespace: n, name: m}}}}}}\n"
      "alarms: {{a: {{metric: {{namespace: n, name: m, statistic: Sum, period: 5m}}, condition: '> 1', "
      "notify: {}}}}}\n",
      notify);
}

struct Limit {
  std::string name;
  std::size_t limit = 0;
  std::function<std::string(std::size_t)> configuration;  // with so many
  std::string told;                                       // of one more
  std::size_t line = 0;                                   // where
};

void PrintTo(const Limit& limit, std::ostream* out) { *out << limit.name; }

class EachAwsLimit : public testing::TestWithParam<Limit> {};

TEST_P(EachAwsLimit, WhatAwsTakesIsNotTold) {
  const Limit& limit = GetParam();
  const Loaded loaded = load_text("aws_limits: enforce\n" + limit.configuration(limit.limit));
  EXPECT_TRUE(loaded.configuration.has_value());
  EXPECT_EQ(shown(loaded), "");
}

TEST_P(EachAwsLimit, OneMoreIsAWarningAtTheFirstBeyond) {
  const Limit& limit = GetParam();
  const Loaded loaded = load_text(limit.configuration(limit.limit + 1));
  EXPECT_TRUE(loaded.configuration.has_value());
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  const Diagnostic& told = loaded.diagnostics[0];
  EXPECT_EQ(told.severity, Diagnostic::Severity::Warning);
  EXPECT_EQ(told.text, limit.told);
  EXPECT_EQ(told.line, limit.line);
  EXPECT_EQ(
      told.hint,
      "Tocsin has no such limit, AWS would refuse what is beyond; `aws_limits: ignore` at the top keeps "
      "quiet, `aws_limits: enforce` makes it an error");
}

TEST_P(EachAwsLimit, ManyMoreAreToldAsOne) {
  const Limit& limit = GetParam();
  const Loaded loaded = load_text(limit.configuration(limit.limit + 7));
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  EXPECT_EQ(loaded.diagnostics[0].line, limit.line);
}

TEST_P(EachAwsLimit, EnforcedItIsAnError) {
  const Limit& limit = GetParam();
  const Loaded loaded = load_text("aws_limits: enforce\n" + limit.configuration(limit.limit + 1));
  EXPECT_FALSE(loaded.configuration.has_value());
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  EXPECT_EQ(loaded.diagnostics[0].severity, Diagnostic::Severity::Error);
  EXPECT_EQ(loaded.diagnostics[0].text, limit.told);
  EXPECT_EQ(
      loaded.diagnostics[0].hint,
      "an error because of `aws_limits: enforce`: AWS would refuse what is beyond, Tocsin has no such limit");
}

TEST_P(EachAwsLimit, IgnoredItIsNotTold) {
  const Limit& limit = GetParam();
  const Loaded loaded = load_text("aws_limits: ignore\n" + limit.configuration(limit.limit + 1));
  EXPECT_TRUE(loaded.configuration.has_value());
  EXPECT_EQ(shown(loaded), "");
}

const std::initializer_list<Limit> kLimits{
    {"FiltersOfALogGroup", 100, [](std::size_t n) { return "metric_filters:\n" + filters(n, "g", kPattern); },
     "the log group `g` has 101 metric filters, CloudWatch Logs allows 100", 102},
    {"FiltersOfEveryLogGroup", 100,
     [](std::size_t n) { return "metric_filters:\n" + filters(n, "", kPattern); },
     "every log group has 101 metric filters, CloudWatch Logs allows 100", 102},
    {"FiltersOfEveryLogGroupAndItsOwn", 100,
     [](std::size_t n) {
       return "metric_filters:\n" + filters(n - 60, "g", kPattern) +
              repeat(60, [](std::size_t i) { return filter(fmt::format("all{}", i), "", kPattern); });
     },
     "the log group `g` has 101 metric filters, CloudWatch Logs allows 100", 102},
    {"RegexPatternsOfALogGroup", 5,
     [](std::size_t n) { return "metric_filters:\n" + filters(n, "g", kRegexPattern); },
     "the log group `g` has 6 patterns with a regular expression, CloudWatch Logs allows 5", 7},
    {"RegexPatternsInJsonAndDelimited", 5,
     [](std::size_t n) {
       return "metric_filters:\n" + filter("json", "g", "pattern: '{ $.a = 1 && $.b != %b% && $.c = %c% }'") +
              filter("delimited", "g", "pattern: '[a = %a%, b = %b%]'") + filter("plain", "g", kPattern) +
              filters(n - 2, "g", kRegexPattern);
     },
     "the log group `g` has 6 patterns with a regular expression, CloudWatch Logs allows 5", 8},
    {"Dimensions", 3, [](std::size_t n) { return with_dimensions("pattern: '{ $.a = 1 }'", n); },
     "the metric has 4 dimensions, CloudWatch Logs allows 3", 1},
    {"FieldOfADimension", 255, [](std::size_t n) { return with_dimensions("pattern: '{ $.a = 1 }'", 1, n); },
     "the field has 256 characters, CloudWatch Logs allows 255", 1},
    {"Rules", 300, [](std::size_t n) { return rules(n, kEventPattern) + topics(1); },
     "there are 301 rules with an event pattern, EventBridge allows 300 on one bus unless its quota is "
     "raised",
     302},
    {"RulesWithWildcards", 30,
     [](std::size_t n) { return rules(n, "event_pattern: {a: [{wildcard: 'b*'}]}") + topics(1); },
     "there are 31 rules with a wildcard, EventBridge allows 30 on one bus", 32},
    {"RulesWithExcludedWildcards", 30,
     [](std::size_t n) {
       return rules(n, "event_pattern: {a: {b: [1, {anything-but: {wildcard: 'b*'}}]}}") + topics(1);
     },
     "there are 31 rules with a wildcard, EventBridge allows 30 on one bus", 32},
    {"TargetsOfARule", 5, [](std::size_t n) { return rules(1, kEventPattern, n) + topics(20); },
     "the rule has 6 topics, EventBridge allows 5 targets", 2},
    {"EventPatternAsJson", 2048,
     [](std::size_t n) {  // characters, not bytes
       return rules(1, fmt::format("event_pattern: '{{\"a\":[\"é{}\"]}}'", std::string(n - 11, 'x'))) +
              topics(1);
     },
     "the pattern has 2049 characters, EventBridge allows 2048 unless its quota is raised", 2},
    {"EventPatternAsMapping", 2048,
     [](std::size_t n) {
       return rules(1, fmt::format("event_pattern: {{a: [ é{} ]}}", std::string(n - 11, 'x'))) + topics(1);
     },
     "the pattern has 2049 characters, EventBridge allows 2048 unless its quota is raised", 2},
    {"ActionsOfAnAlarm", 5, [](std::size_t n) { return alarm("", n) + topics(20); },
     "6 topics are told of ALARM, CloudWatch allows 5 actions", 2},
    {"ActionsOfAState", 5, [](std::size_t n) { return alarm("ok", n) + topics(20); },
     "6 topics are told of OK, CloudWatch allows 5 actions", 2},
    {"ActionsOfTheUnknownState", 5, [](std::size_t n) { return alarm("insufficient_data", n) + topics(20); },
     "6 topics are told of INSUFFICIENT_DATA, CloudWatch allows 5 actions", 2},
    {"FilterPoliciesOfATopic", 200,
     [](std::size_t n) { return "topics:\n  t:\n" + policies(n, "{AlarmName: [a]}"); },
     "the topic `t` has 201 filter policies, SNS allows 200", 204},
};

INSTANTIATE_TEST_SUITE_P(Of, EachAwsLimit, testing::ValuesIn(kLimits), testing::PrintToStringParamName());

// --- what counts

std::string told(std::string_view text) { return shown(load_text(text)); }

TEST(AwsLimitsCount, EachLogGroupApart) {
  const std::string text =
      "metric_filters:\n" + filters(60, "'a', b", kPattern) +
      repeat(50, [](std::size_t i) { return filter(fmt::format("x{}", i), "b, c", kPattern); });
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  EXPECT_EQ(loaded.diagnostics[0].text,
            "the log group `b` has 110 metric filters, CloudWatch Logs allows 100");
  EXPECT_EQ(loaded.diagnostics[0].line, 102U);
}

TEST(AwsLimitsCount, FirstBeyondIsByPlaceNotByName) {
  const std::string text = "metric_filters:\n" + repeat(101, [](std::size_t i) {
                             return filter(fmt::format("f{:03}", 200 - i), "g", kPattern);
                           });
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].line, 102U);
}

TEST(AwsLimitsCount, FiltersOfEveryLogGroupAreToldOnceNotForEach) {
  const std::string text = "metric_filters:\n" + filters(101, "", kPattern) + filter("one", "a", kPattern) +
                           filter("two", "b", kPattern);
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  EXPECT_EQ(loaded.diagnostics[0].line, 102U);
}

TEST(AwsLimitsCount, ManyThatExceedOneLimitAreToldOnce) {
  const std::string text = "metric_filters:\n" + filters(100, "", kPattern) + repeat(2000, [](std::size_t i) {
                             return filter(fmt::format("own{}", i), fmt::format("g{}", i), kPattern);
                           });
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  const std::string& file = loaded.diagnostics[0].file;
  EXPECT_EQ(loaded.diagnostics[0].line, 102U);
  EXPECT_EQ(
      loaded.diagnostics[0].text,
      fmt::format("the log group `g1` has 101 metric filters, CloudWatch Logs allows 100; 1999 more exceed "
                  "this limit, first at {0}:103, {0}:104, {0}:105",
                  file));
}

TEST(AwsLimitsCount, TwoThatExceedOneLimitAreBothNamed) {
  const Loaded loaded = load_text(rules(2, kEventPattern, 6) + topics(6));
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << shown(loaded);
  EXPECT_EQ(
      loaded.diagnostics[0].text,
      fmt::format("the rule has 6 topics, EventBridge allows 5 targets; 1 more exceeds this limit, at {}:3",
                  loaded.diagnostics[0].file));
}

TEST(AwsLimitsCount, FilesTogether) {
  const TemporaryFile one("metric_filters:\n" + filters(60, "g", kPattern));
  const TemporaryFile two("metric_filters:\n" + repeat(60, [](std::size_t i) {
                            return filter(fmt::format("x{}", i), "g", kPattern);
                          }));
  const Loaded loaded = load({two.path(), one.path()}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].file, std::max(one.path(), two.path()));
  EXPECT_EQ(loaded.diagnostics[0].line, 42U);
}

TEST(AwsLimitsCount, WhatAwsDoesNotHaveIsNotCounted) {
  EXPECT_EQ(told("metric_filters:\n" + filters(101, "g", "regex: 'a+'")), "");
  EXPECT_EQ(told("metric_filters:\n" + filters(101, "g", kEventPattern)), "");
  EXPECT_EQ(told(with_dimensions("event_pattern: {a: [1]}", 4)), "");
  EXPECT_EQ(told(rules(301, "regex: a", 6) + topics(6)), "");
  EXPECT_EQ(told(rules(101, "log_groups: g, pattern: '%a%'") + topics(1)), "");
}

TEST(AwsLimitsCount, PolicyThatKeepsNothingAwayIsNone) {
  EXPECT_EQ(told("topics:\n  t:\n" + policies(201, "{}")), "");
  EXPECT_EQ(told("topics:\n  t:\n" + policies(201, "''")), "");
}

TEST(AwsLimitsCount, PoliciesOfAllTopicsTogether) {
  const std::string text =
      "topics:\n" + repeat(51, [](std::size_t i) {
        return fmt::format("  t{}:\n{}", i, policies(i == 51 ? 1 : 200, "{Region: [a]}"));
      });
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].text, "there are 10001 filter policies, SNS allows 10000 in one account");
}

TEST(AwsLimitsCount, LogGroupOutOfAVariableIsShownAsWritten) {
  const Loaded loaded = load_text("metric_filters:\n" + filters(101, "'${G}'", kPattern), {{"G", "hunter2"}});
  EXPECT_NE(shown(loaded).find("the log group `${G}` has 101"), std::string::npos) << shown(loaded);
  EXPECT_EQ(shown(loaded).find("hunter2"), std::string::npos);
}

TEST(AwsLimitsCount, SwitchStandsInOneFileOnly) {
  const TemporaryFile one("aws_limits: warn\n");
  const TemporaryFile two("aws_limits: enforce\n");
  const Loaded loaded = load({one.path(), two.path()}, {});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].text, "`aws_limits` is given twice");
}

// What is shipped fits into AWS, so far as AWS has it.
TEST(AwsLimitsCount, DemoKeepsThem) {
  const std::string demo = read_whole(std::string(TOCSIN_SOURCE_DIR) + "/config/demo/tocsin.yaml");
  EXPECT_EQ(shown(load_text("aws_limits: enforce\n" + demo, {{"DEMO_DATA", "/tmp"}})), "");
}

}  // namespace
}  // namespace tocsin::config
