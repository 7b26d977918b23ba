// Topics and their subscriptions, as a configuration gives them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Of the only topic.
std::vector<notify::SubscriptionDefinition> subscriptions(const std::string& subscriptions) {
  const Loaded loaded = load_text("topics:\n  t:\n    subscriptions:\n" + subscriptions);
  EXPECT_EQ(shown(loaded), "");
  if (!loaded.configuration) return {};
  return loaded.configuration->plan->topics.at(0).subscriptions;
}

// Else what waits in the outbox for one of them would go to another.
TEST(Subscriptions, AreKnownToTheOutboxByWhereTheyGo) {
  const auto three = subscriptions("      - file: /a\n      - file: /b\n      - file: {path: /c}\n");
  const auto two = subscriptions("      - file: {path: /c, lines: payload}\n      - file: /b\n");
  ASSERT_EQ(three.size(), 3U);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_THAT(three[0].outbox_name(), StartsWith("file:"));
  EXPECT_NE(three[0].outbox_name(), three[1].outbox_name());
  EXPECT_EQ(two[0].outbox_name(), three[2].outbox_name());
  EXPECT_EQ(two[1].outbox_name(), three[1].outbox_name());
  EXPECT_EQ(three[2].name, "file-3");
}

TEST(Subscriptions, AreKnownByEachPartOfWhereTheyGo) {
  const auto all = subscriptions(
      "      - kafka: {brokers: 'a:1', topic: x}\n      - kafka: {brokers: 'b:1', topic: x}\n"
      "      - kafka: {brokers: 'a:1', topic: y}\n"
      "      - webhook: {url: 'https://a.example/x', secret: one}\n"
      "      - webhook: {url: 'https://a.example/x', secret: two}\n"
      "      - webhook: {url: 'https://b.example/x'}\n");
  ASSERT_EQ(all.size(), 6U);
  std::vector<std::string> names;
  for (const auto& subscription : all) names.push_back(subscription.outbox_name());
  EXPECT_EQ(names[4], names[3] + "-2") << "one place twice";
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Subscriptions, WithANameAreKnownByItWhereverTheyGo) {
  const auto before = subscriptions("      - console: {}\n      - file: /a\n        name: audit\n");
  const auto after = subscriptions("      - file: /b\n        name: audit\n");
  EXPECT_EQ(before.at(1).name, "audit");
  EXPECT_EQ(before.at(1).outbox_name(), "audit");
  EXPECT_EQ(after.at(0).outbox_name(), "audit");
}

TEST(Subscriptions, HaveNamesOfTheirOwn) {
  const auto faults = [](const std::string& text) {
    return shown(load_text("topics: {t: {subscriptions: [" + text + "]}}\n"));
  };
  EXPECT_THAT(faults("{console: {}, name: a b}"), HasSubstr("cannot be the name of a subscription"));
  EXPECT_THAT(faults("{console: {}, name: x}, {file: /a, name: x}"),
              HasSubstr("two subscriptions of this topic are called `x`"));
  EXPECT_THAT(faults("{console: {}}, {file: /a, name: console}"),
              HasSubstr("two subscriptions of this topic are called `console`"));
}

TEST(Topics, HaveNamesAsInSns) {
  const auto faults = [](const std::string& name) {
    return shown(load_text("topics: {'" + name + "': {subscriptions: [console: {}]}}\n"));
  };
  EXPECT_EQ(faults("On-call_2"), "");
  EXPECT_EQ(faults(std::string(256, 'x')), "");
  for (const std::string& name : {std::string(257, 'x'), std::string("(dead letters)"), std::string("a b"),
                                  std::string("a.fifo"), std::string("a/b"), std::string("\xC3\xA4")}) {
    EXPECT_THAT(faults(name), HasSubstr("cannot be the name of a topic")) << name;
  }
  EXPECT_THAT(faults(""), HasSubstr("1 to 256 letters, digits, `-` and `_`"));
}

// In metrics and the log nobody could tell them apart.
TEST(Topics, AreNotCalledAsDeadLettersAre) {
  EXPECT_THAT(shown(load_text("topics: {dead_letters: {subscriptions: [console: {}]}}\n")),
              HasSubstr("`dead_letters` is Tocsin's own name for dead letters"));
}

std::string of_policy(const std::string& policy) {
  return shown(load_text(
      "topics:\n  t:\n    subscriptions:\n      - console: {}\n        filter_policy: " + policy + "\n"));
}

TEST(AttributePolicies, ThatNoNotificationFulfilsAreWarnedOf) {
  EXPECT_THAT(of_policy("{eventName: [CreateUser]}"),
              AllOf(HasSubstr(":5:25: warning: no notification has an attribute `eventName`"),
                    HasSubstr("did you mean the scope MessageBody")));
  EXPECT_THAT(of_policy("'{\"AlarmNames\": [\"x\"]}'"), HasSubstr("did you mean `AlarmName`?"));
  EXPECT_THAT(of_policy("{$or: [{Rule: [x]}, {Nosuch: [x]}]}"), HasSubstr("an attribute `Nosuch`"));
  EXPECT_THAT(
      of_policy("{NewStateValue: [Alarm, OK]}"),
      AllOf(HasSubstr("no alarm is ever in the state `Alarm`"), HasSubstr("ALARM, INSUFFICIENT_DATA")));
  EXPECT_THAT(of_policy("{OldStateValue: [NONE]}"), HasSubstr("no alarm is ever in the state `NONE`"));
  EXPECT_THAT(of_policy("{Region: [1, null]}"), HasSubstr("attributes are texts, which `1` never is"));
  EXPECT_THAT(of_policy("{Region: [null]}"), HasSubstr("attributes are texts, which `null` never is"));
  EXPECT_THAT(of_policy("{Region: [{numeric: ['>', 1]}]}"),
              HasSubstr("attributes are texts, which `numeric` never is"));
}

TEST(AttributePolicies, ThatMayBeFulfilledAreNot) {
  for (const char* policy :
       {"{}", "{AlarmName: [x], Dimensions.Account: ['1'], LogGroup: x}", "{NewStateValue: [OK, ALARM]}",
        "{Region: [1, eu-central-1]}", "{Region: [{exists: true}]}", "{Rule: [{anything-but: 1}]}",
        "{NewStateValue: [{equals-ignore-case: alarm}]}", "{NewStateValue: [{prefix: A}]}",
        "{eventName: [{exists: false}]}", "''"}) {
    EXPECT_EQ(of_policy(policy), "") << policy;
  }
  EXPECT_EQ(of_policy("{eventName: [x], n: [1]}\n        filter_policy_scope: MessageBody"), "");
}

TEST(AttributePolicies, WithAnAccountThatLacksItsQuotesAreWarnedOfOnce) {
  const std::string told = of_policy("{AWSAccountId: [111122223333]}");
  EXPECT_THAT(told, HasSubstr("write it in quotes"));
  EXPECT_THAT(told, Not(HasSubstr("attributes are texts")));
}

}  // namespace
}  // namespace tocsin::config
