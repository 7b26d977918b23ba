#include "cli/explanation.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/cli/alarm_samples.h"

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;
using alarm::State;

constexpr std::nullopt_t kGap = std::nullopt;
constexpr TextStyle kPlain{80, false, false, true};

alarm::AlarmDefinition two_of_three(alarm::MissingData missing) {
  alarm::AlarmDefinition alarm = sum_alarm("ssh-failures", 5min, 10);
  alarm.rule.evaluation_periods = 3;
  alarm.rule.datapoints_to_alarm = 2;
  alarm.rule.missing_data = missing;
  return alarm;
}

TEST(Explanation, DrawsTheRangeAndMarksWhatWasJudged) {
  const auto alarm = two_of_three(alarm::MissingData::NotBreaching);
  auto transition = transition_of(alarm, at("03:13:00"), State::Ok, State::Alarm, {2, kGap, 12, 3, 140});
  transition.dimensions = {{"SourceIp", "203.0.113.77"}};
  EXPECT_EQ(explain(transition, alarm, kPlain),
            R"(2026-03-01 03:13  ssh-failures  SourceIp 203.0.113.77  OK → ALARM
  period  02:48  02:53  02:58  03:03  03:08
  value       2      -     12      3    140
  breach      0      -      X      0      X
  judged                    ^      ^      ^
  2 of 3 judged periods breach, 2 needed → ALARM
)");
}

TEST(Explanation, ShowsTheGapsThatWereFilled) {
  const auto alarm = two_of_three(alarm::MissingData::Breaching);
  const auto transition =
      transition_of(alarm, at("03:13:00"), State::Ok, State::Alarm, {kGap, kGap, 12, kGap, kGap});
  EXPECT_EQ(explain(transition, alarm, {80, false, false, false}),
            R"(2026-03-01 03:13  ssh-failures  OK -> ALARM
  period  02:48  02:53  02:58  03:03  03:08
  value       -      -     12      -      -
  breach      -      -      X      -      -
  judged                    ^      +      +
  + a gap that was filled
  2 without data (missing counts as breaching), 3 of 3 judged periods breach, 2 needed -> ALARM
)");
}

TEST(Explanation, SaysWhatSilenceCountsAs) {
  const auto alarm = two_of_three(alarm::MissingData::Missing);
  const auto transition =
      transition_of(alarm, at("03:13:00"), State::Ok, State::InsufficientData, {kGap, kGap, kGap});
  EXPECT_EQ(verdict_in_words(transition, alarm, kPlain),
            "no data in 3 periods, missing counts as missing → INSUFFICIENT_DATA");
}

TEST(Explanation, SaysWhyAnAlarmCameBeforeEnoughDatapoints) {
  auto alarm = two_of_three(alarm::MissingData::Missing);
  alarm.rule.datapoints_to_alarm = 3;
  const auto transition =
      transition_of(alarm, at("03:13:00"), State::Ok, State::Alarm, {kGap, kGap, 12, kGap, kGap});
  EXPECT_EQ(
      verdict_in_words(transition, alarm, kPlain),
      "2 without data (missing counts as missing), 1 of 1 with data breaches, too old to wait for 3 → ALARM");
}

TEST(Explanation, RecoveryIsCountedTheSameWay) {
  const auto alarm = two_of_three(alarm::MissingData::NotBreaching);
  const auto transition = transition_of(alarm, at("03:13:00"), State::Alarm, State::Ok, {12, 2, 12, 3, 1});
  EXPECT_EQ(verdict_in_words(transition, alarm, kPlain), "1 of 3 judged periods breaches, 2 needed → OK");
}

TEST(Explanation, ALongRangeIsWrappedAndItsOldestPartOnlyCounted) {
  auto alarm = sum_alarm("busy", 1min, 10);
  alarm::Transition transition = transition_of(alarm, at("03:13:00"), State::Ok, State::Alarm, {12});
  transition.points.clear();
  for (int i = 0; i < 100; ++i) transition.points.push_back({at("00:00:00") + i * 1min, 12, 1, true});
  const std::string text = explain(transition, alarm, kPlain);
  EXPECT_NE(text.find("(40 older periods not drawn)"), std::string::npos) << text;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    EXPECT_LE(text_width(std::string_view(text).substr(start, end - start)), 80u) << text;
    start = end + 1;
  }
  EXPECT_EQ(text.find("00:39"), std::string::npos);
  EXPECT_NE(text.find("00:40"), std::string::npos);
  EXPECT_NE(text.find("01:39"), std::string::npos);
}

TEST(Explanation, ColoursTheStatesAndTheCells) {
  auto alarm = sum_alarm("busy", 1min, 10);
  const auto transition = transition_of(alarm, at("03:13:00"), State::Ok, State::Alarm, {12});
  const std::string text = explain(transition, alarm, {80, true, true, true});
  EXPECT_NE(text.find("\x1b[32mOK\x1b[0m → \x1b[1;31mALARM\x1b[0m"), std::string::npos) << text;
  EXPECT_NE(text.find("\x1b[1;31mX\x1b[0m"), std::string::npos) << text;
}

}  // namespace
}  // namespace tocsin::cli
