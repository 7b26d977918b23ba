#include "engine/notify/notification_wire.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin::notify {
namespace {

const EventTime kTime = *parse_rfc3339("2026-03-01T09:05:00Z");

Notification alarming() {
  AlarmFacts facts;
  facts.alarm = "backup-failed";
  facts.description = "tell the backup team";
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.dimensions = {{"Account", "444455556666"}};
  facts.from = alarm::State::Ok;
  facts.to = alarm::State::Alarm;
  facts.time = kTime;
  facts.from_since = kTime - std::chrono::hours(3);
  facts.since = kTime - std::chrono::minutes(1);
  facts.metric_namespace = "Backup";
  facts.metric = "Failed";
  facts.statistic = metric::Statistic::Maximum;
  facts.rule = {0.5, alarm::Comparison::GreaterOrEqual, 3, 2, alarm::MissingData::NotBreaching};
  facts.period = std::chrono::seconds(60);
  facts.reason = "Threshold Crossed";
  facts.points = {{kTime, 1.25, 4, true}, {kTime + std::chrono::minutes(1), std::nullopt, 0, false}};
  facts.examples = {{kTime, "backup[3]@1042", "{\"state\":\"FAILED\"}"}};
  Notification notification;
  notification.id = "0123456789abcdef0123456789abcdef";
  notification.time = kTime;
  notification.subject = "ALARM: \"backup-failed\" in eu-central-1";
  notification.payload = std::string("{\"a\":\"\0\xff\"}", 10);
  notification.key = "backup-failed";
  notification.attributes = {{"id", "1"}, {"source", "tocsin"}};
  notification.facts = std::make_shared<const AlarmFacts>(std::move(facts));
  return notification;
}

// The bytes say everything: read and written again they are the same.
TEST(NotificationWire, ReadAndWrittenAgainItIsTheSame) {
  const std::string bytes = encode(alarming());
  const auto read = decode_notification(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  EXPECT_EQ(read->payload, alarming().payload);
  EXPECT_EQ(read->facts->points[0].value, 1.25);
  EXPECT_EQ(read->facts->examples[0].text, alarming().facts->examples[0].text);
  EXPECT_EQ(read->facts->rule.datapoints_to_alarm, 2U);
}

TEST(NotificationWire, ADeadLetterHasNoFacts) {
  Notification letter;
  letter.id = "1";
  letter.payload = "bytes";
  const auto read = decode_notification(encode(letter));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->facts, nullptr);
  EXPECT_EQ(read->payload, "bytes");
}

Notification telling_an_event() {
  EventFacts facts;
  facts.rule = "backup-failed";
  facts.description = "for the backup team";
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.time = kTime;
  facts.log_group = "backup";
  facts.place = "backup[3]@1042";
  facts.summary = "aws.backup FAILED";
  facts.installation_account = "444455556666";
  facts.installation_region = "eu-west-1";
  facts.cut_bytes = 7;
  Notification notification;
  notification.id = "1";
  notification.payload = "{}";
  notification.event = std::make_shared<const EventFacts>(std::move(facts));
  return notification;
}

TEST(NotificationWire, AnEventOfARuleKeepsItsFacts) {
  const std::string bytes = encode(telling_an_event());
  const auto read = decode_notification(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  EXPECT_EQ(read->facts, nullptr);
  ASSERT_NE(read->event, nullptr);
  EXPECT_EQ(read->event->place, "backup[3]@1042");
  EXPECT_EQ(read->event->installation_region, "eu-west-1");
  EXPECT_EQ(read->event->cut_bytes, 7U);
}

// What a program before this one left in its outbox is delivered.
TEST(NotificationWire, TheVersionBeforeIsRead) {
  std::string bytes = encode(alarming());
  ASSERT_EQ(bytes.back(), 0);  // no event: version 1 had no word for it
  bytes.pop_back();
  bytes[0] = 1;
  const auto read = decode_notification(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), encode(alarming()));
}

TEST(NotificationWire, BytesThatNobodyWroteAreRefusedOrHarmless) {
  const std::string bytes = encode(alarming());
  std::mt19937_64 random(1);
  for (int tries = 0; tries < 5000; ++tries) {
    std::string mutated = bytes;
    mutated[random() % mutated.size()] = static_cast<char>(random());
    (void)decode_notification(mutated);
    EXPECT_FALSE(decode_notification(bytes.substr(0, random() % bytes.size())));
  }
  std::string newer = bytes;
  newer[0] = 7;
  EXPECT_NE(decode_notification(newer).error().message.find("version 7"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::notify
