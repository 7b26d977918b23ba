#include "engine/notify/filter_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tocsin::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> shown(const Notification& notification) {
  std::vector<std::string> shown;
  for (const MessageAttribute& attribute : message_attributes(notification)) {
    EXPECT_EQ(attribute.type, MessageAttribute::Type::String);
    shown.push_back(attribute.name + "=" + attribute.value);
  }
  return shown;
}

TEST(MessageAttributes, OfAChangeOfState) {
  AlarmFacts facts;
  facts.alarm = "root-use";
  facts.from = alarm::State::Ok;
  facts.to = alarm::State::Alarm;
  facts.metric_namespace = "CloudTrail";
  facts.metric = "RootUse";
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.dimensions = {{"Account", "444455556666"}};
  Notification notification;
  notification.facts = std::make_shared<const AlarmFacts>(facts);
  EXPECT_THAT(shown(notification),
              ElementsAre("AlarmName=root-use", "NewStateValue=ALARM", "OldStateValue=OK",
                          "Namespace=CloudTrail", "MetricName=RootUse", "AWSAccountId=111122223333",
                          "Region=eu-central-1", "Dimensions.Account=444455556666"));
}

TEST(MessageAttributes, OfAnEventLeaveOutWhatItDoesNotSay) {
  EventFacts facts;
  facts.rule = "backup-failed";
  facts.log_group = "backup";
  facts.region = "eu-central-1";
  Notification notification;
  notification.event = std::make_shared<const EventFacts>(facts);
  EXPECT_THAT(shown(notification),
              ElementsAre("Rule=backup-failed", "LogGroup=backup", "Region=eu-central-1"));
}

TEST(MessageAttributes, OfADeadLetterAreNone) { EXPECT_THAT(message_attributes({}), IsEmpty()); }

TEST(Hears, EverythingWithoutAPolicy) { EXPECT_TRUE(hears({.name = "console", .kind = "console"}, {})); }

}  // namespace
}  // namespace tocsin::notify
