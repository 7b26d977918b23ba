#include "cli/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/cli/alarm_samples.h"

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;
using alarm::State;

constexpr std::nullopt_t kGap = std::nullopt;

class TimelineTest : public ::testing::Test {
 protected:
  TimelineTest() {
    alarms_.push_back(sum_alarm("ssh-failures", 5min, 10));
    alarms_.push_back(sum_alarm("backup-silent", 1h, 1));
    alarms_[1].rule = {1, alarm::Comparison::Less, 2, 2, alarm::MissingData::Breaching};
  }

  Timeline timeline(TextStyle style = {80, false, false, true}, std::size_t max = Timeline::kMaxIncidents) {
    return Timeline(
        alarms_, metrics_, [](const alarm::Evidence& e) { return "hosts.log:" + std::to_string(e.offset); },
        style, max);
  }

  alarm::Transition ssh(EventTime time, State from, State to,
                        std::initializer_list<std::optional<double>> values,
                        std::string ip = "203.0.113.77") {
    alarm::Transition transition = transition_of(alarms_[0], time, from, to, values);
    transition.dimensions = {{"SourceIp", std::move(ip)}};
    if (to == State::Alarm)
      transition.evidence = {{.time = time - 1min, .offset = 1530}, {.time = time - 2min, .offset = 1523}};
    return transition;
  }

  alarm::Transition silence(EventTime time) {
    alarm::Transition transition = transition_of(alarms_[1], time, State::Ok, State::Alarm, {kGap, kGap});
    transition.alarm = 1;
    transition.dimensions = {{"System", "mail-archive"}};
    return transition;
  }

  // `count` failures a minute from `time` on.
  static void measure(Timeline& line, EventTime time, std::initializer_list<int> counts,
                      const std::string& ip = "203.0.113.77") {
    for (const int count : counts) {
      const double value = count;
      if (count > 0) line.add(shard::ClosedBucket{0, {{"SourceIp", ip}}, time, {value, value, 1, 1}});
      time += 1min;
    }
  }

  std::vector<alarm::AlarmDefinition> alarms_;
  std::vector<metric::MetricDefinition> metrics_{1};
};

TEST_F(TimelineTest, AnIncidentIsOneEntryFromItsAlarmToItsRecovery) {
  Timeline line = timeline();
  line.add(ssh(at("02:58:00"), State::InsufficientData, State::Ok, {kGap, kGap, 2}));
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {12}));
  line.add(ssh(at("03:24:00"), State::Alarm, State::Ok, {kGap}));
  line.add(silence(at("15:12:00")));
  measure(line, at("03:07:00"), {1, 2, 0, 0, 4, 6, 12, 3, 0});
  measure(line, at("03:23:00"), {1, 50});  // the last of them is after the incident
  EXPECT_EQ(line.render(), R"(Sunday 1 March 2026 (UTC)

  03:13–03:24  ALARM  ssh-failures   SourceIp 203.0.113.77
                      ▂··▃▅█▃········▂  12 in 5 min (alarm at ≥ 10)
                      OK after 11 min · from hosts.log:1523
  15:12–       ALARM  backup-silent  System mail-archive
                      no data for 2 h (missing counts as breaching)
                      still in ALARM

2 incidents, 1 still in ALARM at the end.
1 other change of state: data began or stopped.
)");
}

TEST_F(TimelineTest, AWideTerminalTakesTheDetailInOneLine) {
  Timeline line = timeline({120, false, false, true});
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {kGap, 2, 12}));
  line.add(ssh(at("03:24:00"), State::Alarm, State::Ok, {12, 6, kGap}));
  EXPECT_EQ(line.render(), R"(Sunday 1 March 2026 (UTC)

  03:13–03:24  ALARM  ssh-failures  SourceIp 203.0.113.77
                      12 in 5 min (alarm at ≥ 10) · OK after 11 min · from hosts.log:1523

1 incident.
)");
}

TEST_F(TimelineTest, PlainAsciiWhereTheLocaleIsNotUtf8) {
  Timeline line = timeline({80, false, false, false});
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {0, 2, 12}, "h\xC3\xB6st"));
  measure(line, at("03:11:00"), {1, 2, 12}, "h\xC3\xB6st");
  const std::string text = line.render();
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << text;
  EXPECT_NE(text.find("  03:13-       ALARM  ssh-failures  SourceIp h\\u{00f6}st\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("  ..#  12 in 5 min (alarm at >= 10), still in ALARM\n"), std::string::npos) << text;
}

TEST_F(TimelineTest, ColourMarksTheStatesOnlyWhenAskedFor) {
  const auto render = [this](bool colour) {
    Timeline line = timeline({80, true, colour, true});
    line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {12}));
    line.add(ssh(at("03:24:00"), State::Alarm, State::Ok, {kGap}));
    return line.render();
  };
  EXPECT_EQ(render(false).find('\x1b'), std::string::npos);
  EXPECT_NE(render(true).find("\x1b[1;31mALARM\x1b[0m"), std::string::npos);
  EXPECT_NE(render(true).find("\x1b[32mOK after 11 min\x1b[0m"), std::string::npos);
}

TEST_F(TimelineTest, DimensionValuesCannotDriveTheTerminal) {
  Timeline line = timeline();
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {12}, "\x1b[2J\nALARM\xE2\x80\xAE\xFF"));
  const std::string text = line.render();
  EXPECT_NE(text.find(R"(SourceIp \x1b[2J\x0aALARM\u{202e}\xff)"), std::string::npos) << text;
}

TEST_F(TimelineTest, ARecoveryOnALaterDayNamesTheDay) {
  Timeline line = timeline({120, false, false, true});
  line.add(ssh(at("23:50:00"), State::Ok, State::Alarm, {12}));
  line.add(ssh(at("23:50:00") + 26h, State::Alarm, State::InsufficientData, {kGap}));
  EXPECT_NE(line.render().find("23:50–       ALARM"), std::string::npos);
  EXPECT_NE(line.render().find("no more data after 1 d 2 h, 3 March 2026 01:50"), std::string::npos)
      << line.render();
}

TEST_F(TimelineTest, TheSameAlarmAgainIsASecondIncidentUnderTheSameDay) {
  Timeline line = timeline();
  for (const char* hour : {"03", "04"}) {
    line.add(ssh(at(std::string(hour) + ":13:00"), State::Ok, State::Alarm, {12}));
    line.add(ssh(at(std::string(hour) + ":24:00"), State::Alarm, State::Ok, {kGap}));
  }
  const std::string text = line.render();
  EXPECT_EQ(text.find("Sunday"), text.rfind("Sunday"));
  EXPECT_NE(text.find("03:13–03:24"), std::string::npos);
  EXPECT_NE(text.find("04:13–04:24"), std::string::npos);
  EXPECT_NE(text.find("\n2 incidents.\n"), std::string::npos);
}

TEST_F(TimelineTest, BeyondTheMaximumIncidentsAreCountedByAlarm) {
  Timeline line = timeline({80, false, false, true}, 1);
  for (int i = 0; i < 4; ++i) {
    line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {12}, "192.0.2." + std::to_string(i)));
  }
  line.add(ssh(at("03:24:00"), State::Alarm, State::Ok, {kGap}, "192.0.2.3"));
  line.add(silence(at("15:12:00")));
  const std::string text = line.render();
  EXPECT_NE(
      text.find(
          "4 more not shown: ssh-failures 3, backup-silent 1\n5 incidents, 1 still in ALARM at the end.\n"),
      std::string::npos)
      << text;
}

TEST_F(TimelineTest, TheCurveOfALongIncidentStaysShortAndWhole) {
  alarms_[0].statistic = metric::Statistic::Maximum;
  Timeline line = timeline();
  line.add(ssh(at("03:05:00"), State::Ok, State::Alarm, {12}));
  for (int minute = 0; minute < 600; ++minute)
    measure(line, at("03:00:00") + minute * 1min, {minute < 300 ? 7 : 1});
  measure(line, at("02:59:00"), {9});  // before what was judged
  const std::string text = line.render();
  // Ten hours in cells of 32 minutes; each cell's maximum is the same.
  EXPECT_NE(text.find("   ███████████████████  maximum 12"), std::string::npos) << text;
}

TEST_F(TimelineTest, WithoutIncidentsItSaysSo) {
  EXPECT_EQ(timeline().render(), "No incidents.\n");
  Timeline quiet = timeline();
  quiet.add(ssh(at("03:13:00"), State::InsufficientData, State::Ok, {1}));
  quiet.add(ssh(at("03:23:00"), State::Ok, State::InsufficientData, {kGap}));
  EXPECT_EQ(quiet.render(), "No incidents.\n2 other changes of state: data began or stopped.\n");
}

TEST_F(TimelineTest, ManyPeriodsAreToldByHowManyBreach) {
  alarms_[0].rule.evaluation_periods = 3;
  alarms_[0].rule.datapoints_to_alarm = 2;
  Timeline line = timeline({120, false, false, true});
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {1, 2, 12, 3, 14}));
  EXPECT_NE(line.render().find("2 of 3 periods of 5 min at ≥ 10: 12, 14"), std::string::npos)
      << line.render();
}

TEST_F(TimelineTest, AStatisticAndAUnitAreNamed) {
  alarms_[0].statistic = metric::Statistic::Average;
  metrics_[0].unit = "Percent";
  Timeline line = timeline();
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {61.5}));
  EXPECT_NE(line.render().find("average 61.5 Percent in 5 min (alarm at ≥ 10)"), std::string::npos)
      << line.render();
}

notify::EventFacts event_of(const std::string& rule, EventTime time, std::string summary, std::string place) {
  notify::EventFacts facts;
  facts.rule = rule;
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.time = time;
  facts.summary = std::move(summary);
  facts.place = std::move(place);
  return facts;
}

TEST_F(TimelineTest, EventsOfRulesStandAmongIncidents) {
  Timeline line = timeline();
  line.add(event_of("backup-failed", at("14:02:30"), "FAILED volume/vol-1", "backup.jsonl:7"));
  line.add(ssh(at("03:13:00"), State::Ok, State::Alarm, {12}));
  line.add(ssh(at("03:24:00"), State::Alarm, State::Ok, {kGap}));
  EXPECT_EQ(line.render(), R"(Sunday 1 March 2026 (UTC)

  03:13–03:24  ALARM  ssh-failures   SourceIp 203.0.113.77
                      12 in 5 min (alarm at ≥ 10) · OK after 11 min
                      from hosts.log:1523
  14:02        EVENT  backup-failed  111122223333, eu-central-1
                      FAILED volume/vol-1 · from backup.jsonl:7

1 incident.
backup-failed: 1 event
)");
}

TEST_F(TimelineTest, OfManyEventsTheFirstAreNamedAndTheOthersCounted) {
  Timeline line = timeline();
  for (int i = 99'999; i >= 0; --i) {
    line.add(event_of("noise", at("00:00:00") + i * 1s, "event " + std::to_string(i), ""));
  }
  const std::string text = line.render();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 + 2 * static_cast<long>(Timeline::kNamedEvents) + 3) << text;
  EXPECT_NE(text.find("event 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("event 4\n"), std::string::npos);
  EXPECT_EQ(text.find("event 5\n"), std::string::npos);
  EXPECT_NE(text.find("No incidents.\n"
                      "noise: 100,000 events (first 5 shown, newest 2026-03-02T03:46:39Z)\n"),
            std::string::npos)
      << text;
}

TEST_F(TimelineTest, NoLineIsWiderThanTheTerminal) {
  for (const std::size_t columns : {60u, 80u, 120u}) {
    Timeline line = timeline({columns, false, false, true});
    line.add(
        ssh(at("03:13:00"), State::Ok, State::Alarm, {12, 13, 14, 15, 16, 17, 18}, std::string(300, 'x')));
    line.add(event_of(std::string(64, 'r'), at("03:14:00"), std::string(240, 's'), std::string(200, 'p')));
    std::string text = line.render();
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = text.find('\n', start);
      EXPECT_LE(text_width(std::string_view(text).substr(start, end - start)), columns) << text;
      start = end + 1;
    }
  }
}

}  // namespace
}  // namespace tocsin::cli
