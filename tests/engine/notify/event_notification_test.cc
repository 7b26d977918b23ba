#include "engine/notify/event_notification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tocsin::notify {
namespace {

using Json = nlohmann::json;

const Installation kInstallation{.account = "999988887777", .region = "eu-west-1"};

RuleEvent backup_event(std::string message) {
  RuleEvent event;
  event.id = "0123456789abcdef0123456789abcdef";
  event.facts.rule = "backup-failed";
  event.facts.account = "111122223333";
  event.facts.region = "eu-central-1";
  event.facts.time = *parse_rfc3339("2026-03-01T09:05:00Z");
  event.facts.log_group = "backup";
  event.log_stream = "3";
  event.bytes = message.size();
  event.is_object = message.starts_with('{');
  event.message = std::move(message);
  return event;
}

Notification only(RuleEvent event) {
  auto notifications = compose(std::move(event), kInstallation, {4});
  EXPECT_EQ(notifications.size(), 1U);
  return notifications.at(0);
}

std::string attribute(const Notification& notification, std::string_view name) {
  const auto found = std::ranges::find(notification.attributes, name, [](const auto& a) { return a.first; });
  return found == notification.attributes.end() ? "none" : found->second;
}

std::size_t size_of(const Notification& notification) {
  std::size_t size = notification.payload.size() + notification.subject.size();
  for (const auto& [name, value] : notification.attributes) size += name.size() + value.size();
  return size;
}

TEST(EventNotification, IsTheEventAsItStood) {
  const std::string event =
      R"({"source":"aws.backup", "n":1.0,"n":2, "big":1e400,"detail":{"state":"FAILED"}})";
  const Notification notification = only(backup_event(event));
  EXPECT_EQ(notification.payload, event);
  EXPECT_EQ(notification.topic, 4U);
  EXPECT_EQ(notification.key, "backup-failed");
  EXPECT_EQ(notification.subject, R"(EVENT: "backup-failed" in account 111122223333, eu-central-1)");
}

TEST(EventNotification, IsOneLine) {
  const Notification notification = only(backup_event("{\n  \"a\": \"x\\ny\",\r\n  \"b\": 2\n}"));
  EXPECT_EQ(notification.payload.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(Json::parse(notification.payload), (Json{{"a", "x\ny"}, {"b", 2}}));
}

TEST(EventNotification, NamesRuleAccountRegionAndLogGroupInItsAttributes) {
  const Notification notification = only(backup_event("{}"));
  EXPECT_EQ(attribute(notification, "type"), "tocsin.rule.event");
  EXPECT_EQ(attribute(notification, "source"), "/tocsin/999988887777/eu-west-1");
  EXPECT_EQ(attribute(notification, "id"), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(attribute(notification, "time"), "2026-03-01T09:05:00Z");
  EXPECT_EQ(attribute(notification, "rule"), "backup-failed");
  EXPECT_EQ(attribute(notification, "account"), "111122223333");
  EXPECT_EQ(attribute(notification, "region"), "eu-central-1");
  EXPECT_EQ(attribute(notification, "loggroup"), "backup");
}

TEST(EventNotification, LeavesOutWhatTheEventDoesNotSay) {
  RuleEvent event = backup_event("{}");
  event.facts.account.clear();
  event.facts.region.clear();
  const Notification notification = only(std::move(event));
  EXPECT_EQ(attribute(notification, "account"), "none");
  EXPECT_EQ(attribute(notification, "region"), "none");
  EXPECT_EQ(notification.subject, R"(EVENT: "backup-failed")");
}

TEST(EventNotification, TextBecomesAnObject) {
  const Notification notification = only(backup_event("Failed password for \"root\"\tfrom 203.0.113.7"));
  EXPECT_EQ(Json::parse(notification.payload),
            (Json{{"time", "2026-03-01T09:05:00Z"},
                  {"account", "111122223333"},
                  {"region", "eu-central-1"},
                  {"log_group", "backup"},
                  {"log_stream", "3"},
                  {"message", "Failed password for \"root\"\tfrom 203.0.113.7"}}));
}

TEST(EventNotification, ThatIsTooLargeIsCutAndSaysSo) {
  for (const std::string& piece :
       {std::string("x"), std::string("\xC3\xA4"), std::string("\x01"), std::string("\"")}) {
    std::string message = "{\"a\":\"";
    while (message.size() < std::size_t{700'000}) message += piece;
    RuleEvent event = backup_event(message.substr(0, kMaxEventNotification));
    event.bytes = message.size();
    const Notification notification = only(std::move(event));
    EXPECT_LE(size_of(notification), kMaxEventNotification);
    EXPECT_GT(size_of(notification), kMaxEventNotification / 2);
    const Json payload = Json::parse(notification.payload);
    const auto shown = payload.at("message").get<std::string>();
    EXPECT_TRUE(message.starts_with(shown));
    EXPECT_EQ(payload.at("cut_bytes").get<std::size_t>(), message.size() - shown.size());
    EXPECT_EQ(notification.event->cut_bytes, message.size() - shown.size());
  }
}

// A subscription's envelope names its log group itself.
TEST(EventNotification, HasRoomForTheEventWhateverAnEnvelopeSaysOfIt) {
  for (const std::string& piece : {std::string("x"), std::string("\xC3\xA4"), std::string("\x01")}) {
    std::string name = "y";  // so that the limit is within a character
    while (name.size() < std::size_t{300'000}) name += piece;
    RuleEvent event = backup_event("all of it");
    event.facts.account = event.facts.region = event.facts.log_group = event.log_stream = name;
    const Notification notification = only(std::move(event));
    EXPECT_LE(size_of(notification), kMaxEventNotification);
    const Json payload = Json::parse(notification.payload);
    EXPECT_EQ(payload.at("message"), "all of it");
    for (const char* key : {"account", "region", "log_group", "log_stream"}) {
      const auto shown = payload.at(key).get<std::string>();
      EXPECT_TRUE(name.starts_with(shown));
      EXPECT_LE(shown.size(), kMaxEventPlace);
      EXPECT_GT(shown.size(), kMaxEventPlace - 4);
    }
    EXPECT_EQ(attribute(notification, "loggroup"), payload.at("log_group"));
  }
}

TEST(EventNotification, ThatJustFitsIsWhole) {
  const std::size_t frame = size_of(only(backup_event("{\"a\":\"\"}")));
  const std::string event = "{\"a\":\"" + std::string(kMaxEventNotification - frame, 'x') + "\"}";
  const Notification notification = only(backup_event(event));
  EXPECT_EQ(notification.payload, event);
  EXPECT_EQ(size_of(notification), kMaxEventNotification);
}

TEST(EventNotification, GoesToEachTopicUnderOneId) {
  const auto notifications = compose(backup_event("{}"), kInstallation, {1, 3});
  ASSERT_EQ(notifications.size(), 2U);
  EXPECT_EQ(notifications[0].id, notifications[1].id);
  EXPECT_EQ(notifications[1].topic, 3U);
}

}  // namespace
}  // namespace tocsin::notify
