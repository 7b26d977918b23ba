#include "engine/notify/notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

namespace tocsin::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::ordered_json;

EventTime at(std::string_view text) { return *parse_rfc3339(text); }

class Compose : public ::testing::Test {
 protected:
  Compose() {
    metric_.metric_namespace = "App";
    metric_.name = "Depth";
    alarm_.name = "queue-depth";
    alarm_.statistic = metric::Statistic::Average;
    alarm_.period = std::chrono::seconds(300);
    alarm_.rule.threshold = 50;
    alarm_.rule.evaluation_periods = 3;
    alarm_.rule.datapoints_to_alarm = 2;
    alarm_.notify_alarm = {0};
    transition_.id = "0123456789abcdef0123456789abcdef";
    transition_.sequence = 7;
    transition_.time = at("2030-01-02T10:04:40.989Z");
    transition_.from = alarm::State::Ok;
    transition_.to = alarm::State::Alarm;
    transition_.reason = "Threshold Crossed: 1 datapoint";
    installation_.configured_at = at("2030-01-02T09:00:00Z");
  }

  [[nodiscard]] std::vector<Notification> compose_all() const {
    return compose(transition_, alarm_, metric_, installation_, topics_);
  }
  [[nodiscard]] Notification only() const {
    const auto all = compose_all();
    EXPECT_THAT(all, SizeIs(1));
    return all.at(0);
  }
  [[nodiscard]] Json payload() const { return Json::parse(only().payload); }
  [[nodiscard]] Json trigger() const { return payload().at("Trigger"); }
  [[nodiscard]] std::map<std::string, std::string> attributes() const {
    const Notification notification = only();
    return {notification.attributes.begin(), notification.attributes.end()};
  }

  alarm::Transition transition_;
  alarm::AlarmDefinition alarm_;
  metric::MetricDefinition metric_;
  Installation installation_;
  std::vector<TopicDefinition> topics_ = {{"ops", {}}, {"security", {}}};
};

TEST_F(Compose, PayloadHasCloudWatchsMembersInCloudWatchsOrder) {
  installation_.region = "us-east-1";
  alarm_.description = "Too much in the queue";
  alarm_.datapoints_to_alarm_given = true;
  alarm_.notify_ok = {1, 0};
  transition_.dimensions = {{"Queue", "orders"}};
  EXPECT_EQ(
      only().payload,
      R"({"AlarmName":"queue-depth","AlarmDescription":"Too much in the queue","AWSAccountId":"000000000000",)"
      R"("AlarmConfigurationUpdatedTimestamp":"2030-01-02T09:00:00.000+0000","NewStateValue":"ALARM",)"
      R"("NewStateReason":"Threshold Crossed: 1 datapoint","StateChangeTime":"2030-01-02T10:04:40.989+0000",)"
      R"("Region":"us-east-1","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:queue-depth",)"
      R"("OldStateValue":"OK","OKActions":["arn:aws:sns:us-east-1:000000000000:security",)"
      R"("arn:aws:sns:us-east-1:000000000000:ops"],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:ops"],)"
      R"("InsufficientDataActions":[],"Trigger":{"MetricName":"Depth","Namespace":"App",)"
      R"("StatisticType":"Statistic","Statistic":"AVERAGE","Unit":null,)"
      R"("Dimensions":[{"value":"orders","name":"Queue"}],"Period":300,"EvaluationPeriods":3,)"
      R"("DatapointsToAlarm":2,"ComparisonOperator":"GreaterThanThreshold","Threshold":50.0,)"
      R"("TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}})");
}

TEST_F(Compose, WhatIsNotConfiguredIsNullOrLeftOut) {
  EXPECT_TRUE(payload().at("AlarmDescription").is_null());
  EXPECT_TRUE(trigger().at("Unit").is_null());
  EXPECT_FALSE(trigger().contains("DatapointsToAlarm"));
  EXPECT_EQ(trigger().at("Dimensions"), Json::array());
}

TEST_F(Compose, NamedUnitIsGiven) {
  alarm_.unit = "Bytes";
  EXPECT_EQ(trigger().at("Unit"), "Bytes");
}

TEST_F(Compose, DimensionsAreTheFixedOnesAndTheStatesOwnSortedByName) {
  alarm_.dimensions = {{"Queue", "orders"}};
  transition_.dimensions = {{"Account", "111122223333"}};
  EXPECT_EQ(trigger().at("Dimensions"),
            Json::parse(R"([{"value":"111122223333","name":"Account"},{"value":"orders","name":"Queue"}])"));
}

TEST_F(Compose, SpellsStatisticsComparisonsAndMissingDataAsCloudWatch) {
  const auto spelled = [&](std::string_view member) {
    return trigger().at(std::string(member)).get<std::string>();
  };
  const std::map<metric::Statistic, std::string> statistics = {
      {metric::Statistic::SampleCount, "SAMPLE_COUNT"},
      {metric::Statistic::Average, "AVERAGE"},
      {metric::Statistic::Sum, "SUM"},
      {metric::Statistic::Minimum, "MINIMUM"},
      {metric::Statistic::Maximum, "MAXIMUM"}};
  for (const auto& [statistic, name] : statistics) {
    alarm_.statistic = statistic;
    EXPECT_EQ(spelled("Statistic"), name);
  }
  const std::map<alarm::Comparison, std::string> comparisons = {
      {alarm::Comparison::Greater, "GreaterThanThreshold"},
      {alarm::Comparison::GreaterOrEqual, "GreaterThanOrEqualToThreshold"},
      {alarm::Comparison::Less, "LessThanThreshold"},
      {alarm::Comparison::LessOrEqual, "LessThanOrEqualToThreshold"}};
  for (const auto& [comparison, name] : comparisons) {
    alarm_.rule.comparison = comparison;
    EXPECT_EQ(spelled("ComparisonOperator"), name);
  }
  const std::map<alarm::MissingData, std::string> treatments = {
      {alarm::MissingData::Missing, "missing"},
      {alarm::MissingData::Ignore, "ignore"},
      {alarm::MissingData::Breaching, "breaching"},
      {alarm::MissingData::NotBreaching, "notBreaching"}};
  for (const auto& [treatment, name] : treatments) {
    alarm_.rule.missing_data = treatment;
    EXPECT_EQ(spelled("TreatMissingData"), name);
  }
}

TEST_F(Compose, BrokenUtf8OfALogIsReplaced) {
  transition_.dimensions = {{"User", "a\xFFz"}};
  EXPECT_EQ(trigger().at("Dimensions").at(0).at("value"), "a\uFFFDz");
}

TEST_F(Compose, TheListOfTheNewStateIsTold) {
  alarm_.notify_alarm = {0};
  alarm_.notify_ok = {1};
  alarm_.notify_insufficient_data = {0, 1};
  const auto topics_told = [&](alarm::State state) {
    transition_.to = state;
    std::vector<std::uint32_t> told;
    for (const auto& notification : compose_all()) told.push_back(notification.topic);
    return told;
  };
  EXPECT_THAT(topics_told(alarm::State::Alarm), ElementsAre(0));
  EXPECT_THAT(topics_told(alarm::State::Ok), ElementsAre(1));
  EXPECT_THAT(topics_told(alarm::State::InsufficientData), ElementsAre(0, 1));
}

TEST_F(Compose, NobodyIsToldWithoutTopicsOrWithActionsOff) {
  alarm_.notify_alarm = {};
  EXPECT_THAT(compose_all(), IsEmpty());
  alarm_.notify_alarm = {0};
  alarm_.actions_enabled = false;
  EXPECT_THAT(compose_all(), IsEmpty());
}

TEST_F(Compose, SubjectNamesStateAlarmAndRegion) {
  EXPECT_EQ(only().subject, R"(ALARM: "queue-depth" in local)");
}

TEST_F(Compose, LongSubjectLosesTheEndOfTheNameOnly) {
  alarm_.name = std::string(255, 'x');
  transition_.to = alarm::State::InsufficientData;
  alarm_.notify_insufficient_data = {0};
  const std::string subject = only().subject;
  EXPECT_THAT(subject, SizeIs(100));
  EXPECT_THAT(subject, ::testing::StartsWith(R"(INSUFFICIENT_DATA: "xxx)"));
  EXPECT_THAT(subject, ::testing::EndsWith(R"(xxx..." in local)"));
}

TEST_F(Compose, LongRegionLeavesRoomForTheName) {
  installation_.region = std::string(300, 'r');
  const std::string subject = only().subject;
  EXPECT_LE(subject.size(), 100U);
  EXPECT_THAT(subject, ::testing::HasSubstr("queue-depth"));
}

TEST_F(Compose, SubjectIsPrintableAscii) {
  alarm_.name = "Größe\n水";
  EXPECT_EQ(only().subject, R"(ALARM: "Gr??e??" in local)");
}

TEST_F(Compose, KeyIsTheAlarmWithTheValuesOfItsState) {
  transition_.dimensions = {{"Account", "111122223333"}, {"Region", "eu-west-1"}};
  EXPECT_EQ(only().key, R"(queue-depth{Account="111122223333", Region="eu-west-1"})");
  transition_.dimensions = {};
  EXPECT_EQ(only().key, "queue-depth");
}

TEST_F(Compose, AttributesAreThoseOfACloudEvent) {
  installation_.region = "Frankfurt (main)";
  EXPECT_THAT(attributes(), (std::map<std::string, std::string>{
                                {"specversion", "1.0"},
                                {"id", transition_.id},
                                {"source", "/tocsin/000000000000/Frankfurt%20%28main%29"},
                                {"type", "tocsin.alarm.state_change"},
                                {"time", "2030-01-02T10:04:40.989Z"},
                                {"subject", "queue-depth"},
                                {"datacontenttype", "application/json"},
                                {"sequence", "7"},
                                {"state", "ALARM"},
                            }));
}

TEST_F(Compose, TheSameTransitionGivesTheSameBytes) {
  const Notification first = only();
  const Notification again = only();
  EXPECT_EQ(first.id, transition_.id);
  EXPECT_EQ(first.payload, again.payload);
  EXPECT_EQ(first.subject, again.subject);
  EXPECT_EQ(first.attributes, again.attributes);
}

}  // namespace
}  // namespace tocsin::notify
