#include "sinks/event_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sinks/alarm_notification.h"

namespace tocsin::sinks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(EventMessage, OfTheBusTellsItsKeyFactsAndAllOfIt) {
  const AlarmMessage message = word(event_notification(
      R"({"detail-type":"Backup Job State Change","source":"aws.backup","detail":{"state":"FAILED"}})"));
  EXPECT_TRUE(message.is_event);
  EXPECT_EQ(message.badge, "EVENT");
  EXPECT_EQ(message.headline, "backup-failed: Backup Job State Change");
  EXPECT_EQ(message.description, "For the backup team.");
  EXPECT_THAT(message.facts, ElementsAre(Pair("What", "aws.backup Backup Job State Change: FAILED"),
                                         Pair("Event", "Backup Job State Change"),
                                         Pair("Source", "aws.backup"), Pair("Account", "111122223333"),
                                         Pair("Region", "eu-central-1"), Pair("Time", "2026-03-01T09:05:00Z"),
                                         Pair("Log group", "backup"), Pair("Read at", "backup[3]@1042")));
  EXPECT_EQ(message.event, R"({
  "detail-type": "Backup Job State Change",
  "source": "aws.backup",
  "detail": {
    "state": "FAILED"
  }
})");
  EXPECT_EQ(message.origin, "Tocsin in eu-west-1, account 444455556666");
}

TEST(EventMessage, OfCloudTrailIsNamedByItsCall) {
  const AlarmMessage message =
      word(event_notification(R"({"eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com"})"));
  EXPECT_EQ(message.headline, "backup-failed: StopLogging");
  EXPECT_THAT(message.facts, ::testing::Contains(Pair("Source", "cloudtrail.amazonaws.com")));
}

TEST(EventMessage, TurnsNoDirectionOfText) {
  const AlarmMessage message =
      word(event_notification("{\"user\":\"a\xE2\x80\xAE"
                              "b\xE2\x81\xA9 \xC3\xA4\"}"));
  EXPECT_THAT(message.event, HasSubstr("a\\u202eb\\u2069 \xC3\xA4"));
}

// Numbers that no double holds, names that are not texts, no JSON at all.
TEST(EventMessage, TakesAnyPayload) {
  for (const std::string& payload :
       {std::string(R"({"n":1e999,"eventName":7})"), std::string("\xFF not json"), std::string()}) {
    const AlarmMessage message = word(event_notification(payload));
    EXPECT_EQ(message.headline, "backup-failed") << payload;
  }
}

TEST(EventMessage, IsBoundedAndSaysWhatIsLeftOut) {
  std::string payload = "{\"list\":[0";
  for (int i = 1; i < 20'000; ++i) payload += "," + std::to_string(i);
  const AlarmMessage message = word(event_notification(payload + "]}"));
  EXPECT_LE(message.event.size(), 16U * 1024);
  EXPECT_THAT(message.event, ::testing::MatchesRegex("[^…]*\n… [0-9]+ more lines"));
}

TEST(FirstLines, CutsAtAnEndAndCounts) {
  EXPECT_EQ(first_lines("a\nb", 100), "a\nb");
  EXPECT_THAT(first_lines(std::string(500, 'x'), 100), ::testing::EndsWith("…"));
  EXPECT_LE(first_lines(std::string(500, 'x'), 100).size(), 100U);
  EXPECT_EQ(first_lines(std::string(50, 'a') + "\n" + std::string(50, 'b') + "\nc", 100),
            std::string(50, 'a') + "\n… 2 more lines");
}

}  // namespace
}  // namespace tocsin::sinks
