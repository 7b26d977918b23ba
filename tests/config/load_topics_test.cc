// Topics and their subscriptions, as a configuration gives them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

using ::testing::HasSubstr;
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

}  // namespace
}  // namespace tocsin::config
