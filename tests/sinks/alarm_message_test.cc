#include "sinks/alarm_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sinks/alarm_notification.h"

namespace tocsin::sinks {
namespace {

using namespace std::chrono_literals;
using alarm::State;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

std::string fact(const AlarmMessage& message, std::string_view name) {
  for (const auto& [label, value] : message.facts) {
    if (label == name) return value;
  }
  return {};
}

TEST(AlarmMessage, AlarmSaysWhatWhereSinceWhenAndWhy) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {3, std::nullopt, 41});
  facts.from_since = at("07:15:00");
  facts.examples = {{at("09:17:13"), "org-cloudtrail[3]@1042", R"({"errorCode":"AccessDenied"})"}};
  const AlarmMessage message = word(notification_of(facts));
  EXPECT_EQ(message.badge, "ALARM");
  EXPECT_EQ(message.headline, "unauthorized-api-calls rings for Account 444455556666");
  EXPECT_EQ(message.description, "Somebody tries what this account does not allow.");
  EXPECT_EQ(fact(message, "Why"), "Sum of CloudTrail / UnauthorizedApiCalls was 41 (09:15–09:30 UTC)");
  EXPECT_EQ(fact(message, "Since"), "09:15 UTC, 1 March 2026, 15 min before the alarm rang");
  EXPECT_EQ(fact(message, "Before"), "OK for 2 h 15 min, since 07:15 UTC");
  EXPECT_EQ(fact(message, "Rings at"), "≥ 25 in 15 min; missing counts as good");
  EXPECT_EQ(fact(message, "Account"), "444455556666");
  ASSERT_THAT(message.rows, SizeIs(3));
  EXPECT_EQ(message.rows[0].time, "08:45");
  EXPECT_EQ(message.rows[0].value, "3");
  EXPECT_FALSE(message.rows[0].breaching);
  EXPECT_THAT(message.rows[1].value, IsEmpty());
  EXPECT_TRUE(message.rows[2].breaching);
  EXPECT_DOUBLE_EQ(message.rows[2].share, 1);
  EXPECT_NEAR(message.threshold_share, 25.0 / 41, 1e-9);
  ASSERT_THAT(message.examples, SizeIs(1));
  EXPECT_EQ(message.examples[0].time, "09:17:13");
  EXPECT_EQ(message.origin, "Tocsin in eu-central-1, account 111122223333");
}

TEST(AlarmMessage, EndSaysHowLongItRang) {
  auto facts = alarm_facts(State::Alarm, State::Ok, at("10:15:00"), {41, 30, 2});
  facts.from_since = at("09:30:00");
  const AlarmMessage message = word(notification_of(facts));
  EXPECT_EQ(message.headline, "unauthorized-api-calls is over for Account 444455556666");
  EXPECT_EQ(fact(message, "Why"), "Sum of CloudTrail / UnauthorizedApiCalls was 2 (10:00–10:15 UTC)");
  EXPECT_EQ(fact(message, "Since"), "10:15 UTC, 1 March 2026");
  EXPECT_EQ(fact(message, "Before"), "ALARM for 45 min, since 09:30 UTC");
}

TEST(AlarmMessage, SilenceIsNamed) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("12:00:00"), {30, std::nullopt, std::nullopt});
  facts.rule.comparison = alarm::Comparison::Less;
  facts.rule.threshold = 1;
  facts.rule.missing_data = alarm::MissingData::Breaching;
  facts.rule.evaluation_periods = 2;
  facts.rule.datapoints_to_alarm = 2;
  facts.points[0].breaching = false;
  AlarmMessage message = word(notification_of(facts));
  EXPECT_EQ(fact(message, "Why"), "Nothing was measured for 30 min, and missing counts as breaching");
  EXPECT_EQ(fact(message, "Rings at"), "< 1 in each of 2 periods of 15 min; missing counts as breaching");

  facts.to = State::InsufficientData;
  message = word(notification_of(facts));
  EXPECT_EQ(message.badge, "NO DATA");
  EXPECT_EQ(message.headline, "unauthorized-api-calls cannot be judged for Account 444455556666");
  EXPECT_EQ(fact(message, "Why"), "Nothing was measured for 30 min");
  EXPECT_EQ(fact(message, "Before"), "OK from the start");
}

TEST(AlarmMessage, SomeOfSomePeriodsAreWorded) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("10:15:00"), {41, 3, 30});
  facts.rule.evaluation_periods = 3;
  facts.rule.datapoints_to_alarm = 2;
  const AlarmMessage message = word(notification_of(facts));
  EXPECT_EQ(fact(message, "Rings at"), "≥ 25 in 2 of 3 periods of 15 min; missing counts as good");
  EXPECT_THAT(fact(message, "Why"), HasSubstr("was 30 (10:00–10:15 UTC), one of 2 breaching periods"));
}

TEST(AlarmMessage, WhatLogsHoldStaysOnALineAndBounded) {
  auto facts = alarm_facts(State::Ok, State::Alarm, at("09:30:00"), {41});
  facts.description = "two\r\nlines \xFF" + std::string(1 << 20, 'x');
  facts.dimensions = {{"User", "a\nb\x1B[31m" + std::string(1 << 20, 'u')}};
  facts.reason = std::string(1 << 20, 'r');
  for (int i = 0; i < 100; ++i)
    facts.examples.push_back({at("09:17:13"), "t[0]@1", "x\n\xC3" + std::string(1 << 16, 'y')});
  const AlarmMessage message = word(notification_of(facts));
  EXPECT_THAT(message.description, ::testing::StartsWith("two lines \xEF\xBF\xBDxxx"));
  EXPECT_LE(message.description.size(), 1000U);
  EXPECT_LE(message.headline.size(), 400U);
  EXPECT_THAT(message.examples, SizeIs(3));
  for (const auto& example : message.examples) EXPECT_LE(example.text.size(), 600U);
  for (const auto& [name, value] : message.facts) {
    EXPECT_LE(value.size(), 600U) << name;
    EXPECT_EQ(value.find_first_of("\r\n\x1B"), std::string::npos) << name;
  }
}

TEST(AlarmMessage, LongRangesShowTheirNewestPeriods) {
  std::vector<std::optional<double>> values(100, 1);
  values.back() = 41;
  const AlarmMessage message =
      word(notification_of(alarm_facts(State::Ok, State::Alarm, at("09:30:00"), values)));
  ASSERT_THAT(message.rows, SizeIs(12));
  EXPECT_EQ(message.rows.back().value, "41");
}

TEST(AlarmMessage, EndShowsEventsOnlyWhereTheyEndedIt) {
  auto facts = alarm_facts(State::Alarm, State::Ok, at("10:00:00"), {41, 3});
  facts.examples = {{at("09:47:13"), "org-cloudtrail[3]@1042", "AccessDenied"}};
  EXPECT_THAT(word(notification_of(facts)).examples, SizeIs(0));
  facts.rule.comparison = alarm::Comparison::Less;  // too few had rung it
  EXPECT_THAT(word(notification_of(facts)).examples, SizeIs(1));
}

TEST(AlarmMessage, NotificationWithoutFactsIsItsSubject) {
  notify::Notification notification;
  notification.subject = "ALARM: \"x\" in local";
  EXPECT_EQ(word(notification).headline, "ALARM: \"x\" in local");
}

}  // namespace
}  // namespace tocsin::sinks
