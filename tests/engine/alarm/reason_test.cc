#include "engine/alarm/reason.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tocsin::alarm {
namespace {

const EventTime kStart = *parse_rfc3339("2026-03-01T09:00:00Z");

AlarmDefinition definition(std::uint32_t n, std::uint32_t m, Comparison comparison = Comparison::Greater,
                           MissingData missing = MissingData::Missing) {
  AlarmDefinition alarm;
  alarm.name = "a";
  alarm.period = std::chrono::minutes(5);
  alarm.rule = {50, comparison, n, m, missing};
  alarm.evaluation_range = n;
  return alarm;
}

std::vector<Point> points_of(const AlarmDefinition& alarm, const std::vector<std::optional<double>>& values) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < values.size(); ++i) {
    points.push_back({kStart + alarm.period * static_cast<std::int64_t>(i), values[i], values[i] ? 2.0 : 0.0,
                      values[i] && breaches(alarm.rule, *values[i])});
  }
  return points;
}

std::string reason(const AlarmDefinition& alarm, const std::vector<std::optional<double>>& values,
                   State from) {
  return reason_text(alarm, evaluate(alarm.rule, values, from), from, points_of(alarm, values));
}

TEST(Reason, BreachingNamesTheDatapointsNewestFirst) {
  EXPECT_EQ(reason(definition(3, 2), {61.0, 10.0, 72.5}, State::Ok),
            "Threshold Crossed: 2 out of the last 3 datapoints [72.5 (01/03/26 09:10:00), 61.0 (01/03/26 "
            "09:00:00)] were "
            "greater than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition).");
}

TEST(Reason, RecoveringSaysHowManyAreNeeded) {
  EXPECT_EQ(reason(definition(1, 1), {10.0}, State::Alarm),
            "Threshold Crossed: 1 out of the last 1 datapoints [10.0 (01/03/26 09:00:00)] was not greater "
            "than the threshold "
            "(50.0) (minimum 1 datapoint for ALARM -> OK transition).");
}

TEST(Reason, FromInsufficientDataIsTheShortForm) {
  EXPECT_EQ(reason(definition(1, 1, Comparison::GreaterOrEqual), {50.0}, State::InsufficientData),
            "Threshold Crossed: 1 datapoint [50.0 (01/03/26 09:00:00)] was greater than or equal to the "
            "threshold (50.0).");
}

TEST(Reason, MissingDatapointsThatWereTreatedAreNamed) {
  EXPECT_EQ(
      reason(definition(2, 2, Comparison::Less, MissingData::Breaching), {std::nullopt, std::nullopt},
             State::Ok),
      "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
      "[Breaching].");
  EXPECT_EQ(
      reason(definition(1, 1, Comparison::Less, MissingData::NotBreaching), {std::nullopt}, State::Alarm),
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
      "[NonBreaching].");
}

TEST(Reason, NoDataIsUnknown) {
  EXPECT_EQ(reason(definition(1, 1), {std::nullopt}, State::Ok),
            "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(reason(definition(3, 1), {std::nullopt, std::nullopt, std::nullopt}, State::Ok),
            "Insufficient Data: 3 datapoints were unknown.");
}

TEST(Reason, ManyDatapointsAreCutToTheNewestFive) {
  const std::string text = reason(definition(6, 6), {51., 52., 53., 54., 55., 56.}, State::Ok);
  EXPECT_EQ(
      text,
      "Threshold Crossed: 6 out of the last 6 datapoints were greater than the threshold (50.0). The most "
      "recent "
      "datapoints which crossed the threshold: [56.0 (01/03/26 09:25:00), 55.0 (01/03/26 09:20:00), 54.0 "
      "(01/03/26 "
      "09:15:00), 53.0 (01/03/26 09:10:00), 52.0 (01/03/26 09:05:00)] (minimum 6 datapoints for OK -> ALARM "
      "transition).");
}

TEST(ReasonData, HasCloudWatchsMembersInTheirOrder) {
  AlarmDefinition alarm = definition(2, 1);
  alarm.unit = "Percent";
  alarm.statistic = metric::Statistic::Average;
  const auto points = points_of(alarm, {61.0, std::nullopt});
  EXPECT_EQ(
      reason_data(alarm, points, kStart + std::chrono::minutes(10)),
      R"({"version":"1.0","queryDate":"2026-03-01T09:10:00.000+0000","startDate":"2026-03-01T09:00:00.000+0000",)"
      R"("unit":"Percent","statistic":"Average","period":300,"recentDatapoints":[61.0],"threshold":50.0,)"
      R"("evaluatedDatapoints":[{"timestamp":"2026-03-01T09:05:00.000+0000"},)"
      R"({"timestamp":"2026-03-01T09:00:00.000+0000","sampleCount":2.0,"value":61.0}]})");
}

TEST(ReasonData, StaysWithinItsLimitAndKeepsTheNewest) {
  AlarmDefinition alarm = definition(200, 1);
  std::vector<std::optional<double>> values;
  for (int i = 0; i < 200; ++i) values.emplace_back(i + 0.123456789);
  const auto points = points_of(alarm, values);
  const std::string text = reason_data(alarm, points, kStart);
  EXPECT_LE(text.size(), kMaxReasonData);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.at("recentDatapoints").back(), 199.123456789);
  EXPECT_EQ(json.at("evaluatedDatapoints").front().at("value"), 199.123456789);
}

TEST(JudgedPoints, AreTheNewestRealOnesOrTheRealOnesAndTheNewestGaps) {
  const AlarmDefinition alarm = definition(3, 2);
  EXPECT_EQ(judged_points(alarm.rule, points_of(alarm, {1., 2., std::nullopt, 3., 4.})),
            (std::vector<std::size_t>{1, 3, 4}));
  EXPECT_EQ(judged_points(alarm.rule,
                          points_of(alarm, {1., std::nullopt, std::nullopt, std::nullopt, std::nullopt})),
            (std::vector<std::size_t>{0, 3, 4}));
}

}  // namespace
}  // namespace tocsin::alarm
