#include "engine/shard/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

namespace tocsin::shard {
namespace {

using alarm::AlarmDefinition;
using alarm::Comparison;
using alarm::MissingData;
using alarm::State;
using std::chrono::minutes;
using std::chrono::seconds;

const EventTime kStart = *parse_rfc3339("2026-03-01T09:00:00Z");

EventTime at(Duration since) { return kStart + since; }

Definitions one_metric(std::vector<AlarmDefinition> alarms, Duration bucket = seconds(60)) {
  Definitions definitions;
  definitions.metrics.push_back({"App", "Errors", "None", bucket, Duration{0}, 3});
  definitions.alarms = std::move(alarms);
  definitions.metric_sources = {{0}};
  return definitions;
}

AlarmDefinition sum_alarm(std::string name, Duration period, alarm::Rule rule) {
  AlarmDefinition alarm;
  alarm.name = std::move(name);
  alarm.period = period;
  alarm.rule = rule;
  alarm.evaluation_range = alarm::default_evaluation_range(rule.evaluation_periods, period);
  return alarm;
}

Chunk datum(EventTime time, double value, const metric::Dimensions& dimensions = {},
            Duration bucket = seconds(60)) {
  Chunk chunk;
  chunk.series.push_back({metric::series_hash("App", "Errors", dimensions), 0, dimensions});
  chunk.entries.push_back({0, floor_to(time, bucket), {1, value, value, value}, {}});
  return chunk;
}

// Transitions as "09:05 OK->ALARM {…}".
std::vector<std::string> told(const Output& output) {
  std::vector<std::string> lines;
  for (const alarm::Transition& transition : output.transitions) {
    lines.push_back(format_rfc3339(transition.time).substr(11, 8) + " " +
                    std::string(to_string(transition.from)) + "->" + std::string(to_string(transition.to)) +
                    metric::describe(transition.dimensions));
  }
  return lines;
}

struct Judged {
  Shard shard;
  Output output;

  explicit Judged(Definitions definitions, bool closed = false)
      : shard(std::make_shared<Definitions>(std::move(definitions)), closed) {
    shard.apply(Start{kStart, {}});
  }
  void tick(Duration since) { shard.apply(Tick{{at(since)}}, output); }
};

TEST(Shard, JudgesTheWindowThatSlidesWithEachMinute) {
  AlarmDefinition alarm =
      sum_alarm("a", minutes(5), {10, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  alarm.evaluation_range = 1;
  Judged run(one_metric({alarm}));
  run.shard.apply(datum(at(seconds(30)), 6));
  run.shard.apply(datum(at(seconds(150)), 4));
  run.tick(minutes(20));
  // 6 + 4 are in one window from 09:03 to 09:05; at 09:06 the six has left it.
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK",
                                                        "09:03:00 OK->ALARM", "09:06:00 ALARM->OK"}));
  EXPECT_EQ(run.output.transitions[1].points.back().value, 10);
}

// CloudWatch's widened range: while the newest periods are empty, an older one decides, and as periods slide
// it may hold both buckets again. `evaluation_range: 1` (above) is the way out for sparse metrics.
TEST(Shard, InAWidenedRangeTheLastKnownPeriodDecides) {
  Judged run(one_metric(
      {sum_alarm("a", minutes(5), {10, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching})}));
  run.shard.apply(datum(at(seconds(30)), 6));
  run.shard.apply(datum(at(seconds(150)), 4));
  run.tick(minutes(20));
  EXPECT_EQ(told(run.output),
            (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK", "09:03:00 OK->ALARM",
                                      "09:06:00 ALARM->OK", "09:08:00 OK->ALARM", "09:11:00 ALARM->OK",
                                      "09:13:00 OK->ALARM", "09:16:00 ALARM->OK"}));
}

TEST(Shard, SilenceRaisesAnAlarmWhereMissingDataBreaches) {
  Judged run(one_metric({sum_alarm("a", minutes(60), {1, Comparison::Less, 1, 1, MissingData::Breaching})}));
  run.shard.apply(datum(at(seconds(10)), 1));
  run.tick(minutes(30));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK"}));
  run.tick(minutes(180));
  // N = 1 and R = 1 for an hour: the datapoint leaves the only period at 10:01.
  EXPECT_EQ(told(run.output).back(), "10:01:00 OK->ALARM");
}

TEST(Shard, AnAlarmOnASeriesNeverSeenIsJudgedFromTheStart) {
  AlarmDefinition alarm = sum_alarm("a", minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching});
  alarm.dimensions = {{"System", "crm"}};
  Judged run(one_metric({alarm}));
  run.tick(minutes(2));
  EXPECT_EQ(told(run.output),
            (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->ALARM{System=\"crm\"}"}));
}

TEST(Shard, LateDataCorrectsABucketThatTheAlarmStillSees) {
  Judged run(one_metric(
      {sum_alarm("a", minutes(1), {10, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching})}));
  run.shard.apply(datum(at(seconds(10)), 5));
  run.tick(minutes(2));
  run.shard.apply(
      datum(at(seconds(20)), 5));  // its minute was judged at 09:01; the range of 3 periods still sees it
  run.tick(minutes(3));
  EXPECT_EQ(told(run.output),
            (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK", "09:03:00 OK->ALARM"}));
  run.tick(minutes(10));
  run.shard.apply(datum(at(seconds(20)), 5));
  EXPECT_EQ(run.shard.counts().late, 1U);
}

TEST(Shard, ForEachKeepsAStateForEachValueFromItsFirstDatapoint) {
  AlarmDefinition alarm = sum_alarm("a", minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching});
  alarm.for_each = {"Account"};
  alarm.evaluation_range = 1;
  Judged run(one_metric({alarm}));
  run.shard.apply(datum(at(minutes(5)), 1, {{"Account", "1"}}));
  run.shard.apply(datum(at(minutes(6)), 1, {{"Account", "2"}}));
  run.tick(minutes(10));
  EXPECT_EQ(told(run.output),
            (std::vector<std::string>{
                "09:06:00 INSUFFICIENT_DATA->OK{Account=\"1\"}", "09:07:00 OK->ALARM{Account=\"1\"}",
                "09:07:00 INSUFFICIENT_DATA->OK{Account=\"2\"}", "09:08:00 OK->ALARM{Account=\"2\"}"}));
}

TEST(Shard, BeyondTheMaximumOfSeriesTotalsStayExactInOverflow) {
  AlarmDefinition alarm =
      sum_alarm("a", minutes(1), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  alarm.for_each = {"Ip"};
  Judged run(one_metric({alarm}), true);
  for (int i = 0; i < 8; ++i) run.shard.apply(datum(at(seconds(i)), 2, {{"Ip", std::to_string(i)}}));
  run.tick(minutes(2));
  run.shard.close_all(run.output);
  EXPECT_EQ(run.shard.counts().overflow, 5U);
  EXPECT_EQ(run.output.closed.size(), 4U);  // max_series is 3
  double total = 0;
  for (const ClosedBucket& bucket : run.output.closed) total += bucket.statistics.sum;
  EXPECT_EQ(total, 16);
  EXPECT_EQ(run.output.closed.back().dimensions, (metric::Dimensions{{"Ip", "__overflow__"}}));
}

TEST(Shard, AMinuteWithEventsAndNoMatchGetsTheDefaultValue) {
  Definitions definitions = one_metric({});
  definitions.defaults.push_back({0, 0});
  Judged run(std::move(definitions), true);
  Chunk chunk = datum(at(seconds(5)), 2);
  chunk.seen = {{0, at(seconds(0)), false}, {0, at(seconds(0)), true}, {0, at(minutes(1)), false}};
  run.shard.apply(chunk);
  run.tick(minutes(1));
  EXPECT_EQ(run.shard.counts().datapoints, 1U);
  run.tick(minutes(2));
  EXPECT_EQ(run.shard.counts().datapoints, 2U);  // decided at the end of the minute
  run.tick(minutes(10));
  ASSERT_EQ(run.output.closed.size(), 2U);
  EXPECT_EQ(run.output.closed[0].statistics, (metric::StatisticSet{1, 2, 2, 2}));
  EXPECT_EQ(run.output.closed[1].start, at(minutes(1)));
  EXPECT_EQ(run.output.closed[1].statistics, (metric::StatisticSet{1, 0, 0, 0}));
}

TEST(Shard, TheJudgementAtAMinutesEndSeesItsDefault) {
  AlarmDefinition alarm =
      sum_alarm("a", minutes(1), {0, Comparison::LessOrEqual, 1, 1, MissingData::NotBreaching});
  alarm.evaluation_range = 1;
  Definitions definitions = one_metric({alarm});
  definitions.defaults.push_back({0, 0});
  Judged run(std::move(definitions));
  Chunk chunk = datum(at(seconds(5)), 2);
  chunk.seen = {{0, at(seconds(0)), true}, {0, at(minutes(1)), false}};
  run.shard.apply(chunk);
  run.tick(minutes(10));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK",
                                                        "09:02:00 OK->ALARM", "09:03:00 ALARM->OK"}));
}

TEST(Shard, ForgetsASeriesTwoWeeksAfterItsLastDataButNotOneInAlarm) {
  AlarmDefinition quiet =
      sum_alarm("a", minutes(1), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  quiet.for_each = {"Ip"};
  Judged run(one_metric({quiet}));
  constexpr auto kDay = std::chrono::hours(24);
  for (int i = 0; i < 3; ++i) run.shard.apply(datum(at(seconds(i)), 1, {{"Ip", std::to_string(i)}}));
  run.tick(13 * kDay);
  EXPECT_EQ(run.shard.counts().series, 3U);
  run.tick(15 * kDay);
  EXPECT_EQ(run.shard.counts().series, 0U);
  // There is room again, and a series that comes back is a new one.
  for (int i = 1; i < 4; ++i)
    run.shard.apply(datum(at(15 * kDay + seconds(i)), 1, {{"Ip", std::to_string(i)}}));
  run.tick(15 * kDay + minutes(30));
  EXPECT_EQ(run.shard.counts().overflow, 0U);
  EXPECT_EQ(run.shard.alarm_states().size(), 3U);
  EXPECT_EQ(run.output.transitions.size(), 12U);  // each of six states: to ALARM, to OK

  AlarmDefinition heartbeat = sum_alarm("a", minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching});
  heartbeat.for_each = {"System"};
  Judged silent(one_metric({heartbeat}));
  silent.shard.apply(datum(at(seconds(1)), 1, {{"System", "web"}}));
  silent.tick(60 * kDay);
  EXPECT_EQ(silent.shard.counts().series, 1U);
  EXPECT_EQ(silent.shard.alarm_states().front().state, State::Alarm);
}

TEST(Shard, HighResolutionPeriodsAreJudgedAtTheirEnds) {
  Judged run(one_metric(
      {sum_alarm("a", seconds(10), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching})},
      seconds(1)));
  run.shard.apply(datum(at(seconds(12)), 1, {}, seconds(1)));
  run.tick(seconds(60));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:00:10 INSUFFICIENT_DATA->OK",
                                                        "09:00:20 OK->ALARM", "09:00:50 ALARM->OK"}));
}

TEST(Shard, RangesOfMoreThanADayAreJudgedEachHour) {
  Judged run(one_metric(
      {sum_alarm("a", std::chrono::hours(24), {1, Comparison::GreaterOrEqual, 2, 1, MissingData::Missing})}));
  run.shard.apply(datum(at(seconds(70)), 1));
  run.tick(minutes(180));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"10:00:00 INSUFFICIENT_DATA->ALARM"}));
}

TEST(Shard, ASourceThatIsNotKnownHoldsOnlyTheAlarmsItFeeds) {
  Definitions definitions =
      one_metric({sum_alarm("a", minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching})});
  definitions.metrics.push_back({"App", "Other", "None", seconds(60), Duration{0}, 3});
  AlarmDefinition other = definitions.alarms[0];
  other.name = "b";
  other.metric = 1;
  definitions.alarms.push_back(other);
  definitions.sources = {"a", "b"};
  definitions.metric_sources = {{0}, {0, 1}};
  Shard shard(std::make_shared<Definitions>(std::move(definitions)));
  shard.apply(Start{kStart, {}});
  Output output;
  shard.apply(Tick{{at(minutes(5)), kNever}}, output);
  ASSERT_EQ(output.transitions.size(), 1U);
  EXPECT_EQ(output.transitions[0].alarm, 0U);
  shard.apply(Tick{{at(minutes(5)), at(minutes(3))}}, output);
  EXPECT_EQ(output.transitions.size(), 2U);
}

TEST(Shard, TransitionIdsNameAlarmDimensionsSequenceAndTime) {
  const auto ids = [] {
    Judged run(one_metric(
        {sum_alarm("a", minutes(1), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching})}));
    for (int i = 0; i < 20; i += 5) run.shard.apply(datum(at(minutes(i)), 1));
    run.tick(minutes(30));
    std::vector<std::string> all;
    for (const auto& transition : run.output.transitions) all.push_back(transition.id);
    return all;
  };
  std::vector<std::string> first = ids();
  EXPECT_EQ(first, ids());
  EXPECT_EQ(first[0].size(), 32U);
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::unique(first.begin(), first.end()), first.end());
}

// --- the reference: no schedule, no shortcuts, every alarm judged at every instant
// -----------------------------------------

struct Sample {
  EventTime time;
  double value;
  std::string account;
};

std::vector<std::string> plain_transitions(const AlarmDefinition& alarm, const std::vector<Sample>& samples,
                                           Duration bucket, Duration end) {
  std::map<std::string, EventTime> first_data;
  for (const Sample& sample : samples) {
    const EventTime complete = floor_to(sample.time, bucket) + bucket;
    const auto [entry, is_new] = first_data.emplace(sample.account, complete);
    if (!is_new) entry->second = std::min(entry->second, complete);
  }
  std::vector<std::string> lines;
  std::map<std::string, State> states;
  const Duration interval = evaluation_interval(alarm);
  for (EventTime now = floor_to(kStart, interval) + interval; now <= at(end); now += interval) {
    for (const auto& [account, complete] : first_data) {
      if (now < complete) continue;
      std::vector<std::optional<double>> history;
      for (std::uint32_t i = alarm.evaluation_range; i-- > 0;) {
        metric::StatisticSet set;
        for (const Sample& sample : samples) {
          const EventTime start = floor_to(sample.time, bucket);
          if (sample.account == account && start >= now - alarm.period * (i + 1) &&
              start < now - alarm.period * i) {
            set.add(sample.value);
          }
        }
        history.push_back(set.empty() ? std::nullopt : std::optional(value_of(set, alarm.statistic)));
      }
      State& state = states[account];
      const State next = evaluate(alarm.rule, history, state).state;
      if (next == state) continue;
      lines.push_back(format_rfc3339(now).substr(11, 8) + " " + std::string(to_string(state)) + "->" +
                      std::string(to_string(next)) + "{Account=\"" + account + "\"}");
      state = next;
    }
  }
  return lines;
}

TEST(Shard, AgreesWithJudgingEveryAlarmAtEveryInstant) {
  std::mt19937 random(20260301);
  for (int round = 0; round < 400; ++round) {
    const bool fine = random() % 4 == 0;
    const Duration bucket = fine ? seconds(1) : seconds(60);
    const Duration period =
        fine ? Duration(seconds(10 * (1 + random() % 3))) : Duration(minutes(1 + random() % 8));
    const auto n = static_cast<std::uint32_t>(1 + random() % 4);
    AlarmDefinition alarm =
        sum_alarm("a", period,
                  {static_cast<double>(random() % 4), static_cast<Comparison>(random() % 4), n,
                   static_cast<std::uint32_t>(1 + random() % n), static_cast<MissingData>(random() % 4)});
    alarm.statistic = static_cast<metric::Statistic>(random() % 5);
    alarm.for_each = {"Account"};
    const int span = fine ? 600 : 7200;
    std::vector<Sample> samples;
    for (int i = static_cast<int>(random() % 25); i > 0; --i) {
      samples.push_back({at(seconds(random() % static_cast<unsigned>(span))),
                         static_cast<double>(random() % 5), std::to_string(random() % 3)});
    }
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.time < b.time; });
    Judged run(one_metric({alarm}, bucket));
    std::size_t next = 0;
    EventTime reached = kStart;
    while (next < samples.size()) {
      // Data comes in any order of up to a few, then time moves to somewhere before the next.
      const std::size_t upto = std::min(samples.size(), next + 1 + random() % 4);
      std::vector<Sample> some(samples.begin() + static_cast<std::ptrdiff_t>(next),
                               samples.begin() + static_cast<std::ptrdiff_t>(upto));
      std::shuffle(some.begin(), some.end(), random);
      for (const Sample& sample : some)
        run.shard.apply(datum(sample.time, sample.value, {{"Account", sample.account}}, bucket));
      next = upto;
      if (next == samples.size()) break;
      const EventTime limit = floor_to(samples[next].time, bucket);
      if (limit > reached && random() % 2 == 0) {
        reached = limit;
        run.shard.apply(Tick{{reached}}, run.output);
      }
    }
    run.tick(seconds(span + 3600));
    ASSERT_EQ(told(run.output), plain_transitions(alarm, samples, bucket, seconds(span + 3600)))
        << "round " << round;
  }
}

// --- early truth ---

AlarmDefinition early_alarm(Duration period, alarm::Rule rule) {
  AlarmDefinition alarm = sum_alarm("a", period, rule);
  alarm.early = true;
  return alarm;
}

Chunk event_at(EventTime time, double value, Duration bucket = seconds(60)) {
  Chunk chunk = datum(time, value, {}, bucket);
  chunk.entries[0].newest = time;
  return chunk;
}

// One alarm that may ring early, in `run`: what comes, and how far time and the clock are.
struct Early : Judged {
  explicit Early(AlarmDefinition alarm, Duration bucket = seconds(60))
      : Judged(one_metric({std::move(alarm)}, bucket)) {}
  void tick(Duration frontier, Duration now) { shard.apply(Tick{{at(frontier)}, at(now)}, output); }
};

TEST(EarlyTruth, RingsWhenThePeriodInProgressBreachesAndNotAgainAtItsEnd) {
  Early run(early_alarm(minutes(5), {10, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching}));
  run.tick(minutes(5), minutes(5));
  run.shard.apply(event_at(at(seconds(310)), 6));
  run.tick(seconds(312), seconds(312));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK"}));
  run.shard.apply(event_at(at(seconds(314)), 4));
  run.tick(seconds(315), seconds(315));
  run.tick(minutes(30), minutes(30));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK",
                                                        "09:05:14 OK->ALARM", "09:21:00 ALARM->OK"}));
  const alarm::Transition& rang = run.output.transitions[1];
  EXPECT_TRUE(rang.early);
  EXPECT_EQ(rang.points.back().start, at(minutes(1)));  // the period that ends at 09:06
  EXPECT_EQ(rang.points.back().value, 10);
  EXPECT_EQ(rang.sequence, 2U);
  EXPECT_FALSE(run.output.transitions[2].early);
}

TEST(EarlyTruth, WaitsForTheEndWithoutAClock) {
  Judged run(one_metric(
      {early_alarm(minutes(1), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching})}));
  run.shard.apply(event_at(at(seconds(10)), 1));
  run.tick(seconds(30));
  EXPECT_TRUE(run.output.transitions.empty());
  run.tick(seconds(60));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->ALARM"}));
}

TEST(EarlyTruth, NeedsMOfTheNewestNPeriodsThemselves) {
  // The first breach is two periods back: a datapoint still to come between the two would push it out.
  AlarmDefinition alarm =
      early_alarm(minutes(1), {1, Comparison::GreaterOrEqual, 2, 2, MissingData::NotBreaching});
  Early run(alarm);
  run.shard.apply(event_at(at(seconds(10)), 1));
  run.tick(seconds(125), seconds(125));
  run.shard.apply(event_at(at(seconds(130)), 1));
  run.tick(seconds(131), seconds(131));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK"}));
  run.shard.apply(event_at(at(seconds(70)), 1));  // late, and now there are two in a row
  run.tick(seconds(132), seconds(132));
  EXPECT_EQ(told(run.output).back(), "09:02:00 OK->ALARM");
}

TEST(EarlyTruth, GapsNeverRingEarly) {
  Early run(early_alarm(minutes(1), {1, Comparison::GreaterOrEqual, 3, 3, MissingData::Breaching}));
  run.shard.apply(event_at(at(seconds(10)), 1));
  run.tick(seconds(30), seconds(30));
  EXPECT_TRUE(run.output.transitions.empty());
  run.tick(seconds(60), seconds(60));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->ALARM"}));
}

TEST(EarlyTruth, RingsWhileASourceHoldsTimeBackAndIsNotJudgedUntilItsPeriodIs) {
  Early run(early_alarm(minutes(1), {2, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching}));
  run.shard.apply(event_at(at(seconds(10)), 1));
  run.shard.apply(event_at(at(minutes(20) + seconds(7)), 2));
  run.tick(seconds(30), minutes(20) + seconds(8));  // one source has stood still for 20 minutes
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:20:07 INSUFFICIENT_DATA->ALARM"}));
  run.tick(minutes(20) + seconds(30), minutes(20) + seconds(31));
  run.tick(minutes(21), minutes(21));
  EXPECT_EQ(run.output.transitions.size(), 1U);
  run.tick(minutes(30), minutes(30));
  EXPECT_EQ(told(run.output).back(), "09:24:00 ALARM->OK");
}

TEST(EarlyTruth, AClockThatIsAheadRingsNothing) {
  Early run(early_alarm(minutes(1), {1, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching}));
  run.shard.apply(event_at(at(minutes(60)), 1));
  run.tick(seconds(30), seconds(30));
  EXPECT_TRUE(run.output.transitions.empty());
  run.tick(minutes(60) - seconds(1), minutes(60) - seconds(1));
  EXPECT_EQ(run.output.transitions.size(), 1U);  // to OK
  run.tick(minutes(60), minutes(60) + seconds(1));
  EXPECT_EQ(told(run.output).back(), "10:00:00 OK->ALARM");
  EXPECT_TRUE(run.output.transitions.back().early);
}

TEST(EarlyTruth, ALateEventRingsAtTheTimeOfTheLastJudgementAtTheEarliest) {
  Early run(early_alarm(minutes(5), {2, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching}));
  run.tick(seconds(200), seconds(200));
  run.shard.apply(event_at(at(seconds(70)), 2));
  run.tick(seconds(201), seconds(201));
  EXPECT_EQ(told(run.output).back(), "09:03:00 OK->ALARM");
}

// Whatever comes and in whatever order: an early ALARM is the state after the judgement at its period's end,
// and from there on both go the same way.
TEST(EarlyTruth, IsAlwaysConfirmedByTheJudgementAtThePeriodsEnd) {
  std::mt19937 random(20261124);
  std::size_t rang_early = 0;
  for (int round = 0; round < 1500; ++round) {
    const bool fine = random() % 4 == 0;
    const Duration bucket = fine ? seconds(1) : seconds(60);
    const Duration period =
        fine ? Duration(seconds(10 * (1 + random() % 3))) : Duration(minutes(1 + random() % 6));
    const auto n = static_cast<std::uint32_t>(1 + random() % 4);
    AlarmDefinition alarm =
        sum_alarm("a", period,
                  {static_cast<double>(random() % 6),
                   random() % 2 == 0 ? Comparison::Greater : Comparison::GreaterOrEqual, n,
                   static_cast<std::uint32_t>(1 + random() % n), static_cast<MissingData>(random() % 4)});
    alarm.statistic = std::array{metric::Statistic::Sum, metric::Statistic::SampleCount,
                                 metric::Statistic::Maximum}[random() % 3];
    Judged regular(one_metric({alarm}, bucket));
    alarm.early = true;
    Early early(alarm, bucket);

    // Events come within some lateness of the clock; time is known as far as a random delay behind it.
    const Duration lateness = period * static_cast<int>(random() % 4);
    Duration frontier{0};
    for (Duration now{0}; now < period * 30;
         now += Duration(1 + static_cast<int>(random() % static_cast<unsigned>(period.count())))) {
      for (int i = static_cast<int>(random() % 3); i > 0; --i) {
        const Duration ago(static_cast<int>(random() % static_cast<unsigned>(lateness.count() + 1)));
        const Chunk chunk = event_at(at(now - ago), static_cast<double>(random() % 5), bucket);
        regular.shard.apply(chunk);
        early.shard.apply(chunk);
      }
      if (random() % 3 != 0)
        frontier = std::max(
            frontier, now - Duration(static_cast<int>(random() % static_cast<unsigned>(2 * period.count()))));
      regular.tick(frontier);
      early.tick(frontier, now);
    }
    regular.tick(period * 60);
    early.tick(period * 60, period * 60);

    const auto state_after = [](const Output& output, EventTime time) {
      State state = State::InsufficientData;
      for (const alarm::Transition& transition : output.transitions) {
        if (transition.time <= time) state = transition.to;
      }
      return state;
    };
    EventTime last = kNever;
    for (const alarm::Transition& transition : early.output.transitions) {
      ASSERT_GE(transition.time, last) << "round " << round;
      last = transition.time;
      if (!transition.early) {
        // Unless an early one stands for it, a change is one of the regular judgement too.
        ASSERT_EQ(state_after(regular.output, transition.time), transition.to) << "round " << round;
        continue;
      }
      ++rang_early;
      ASSERT_EQ(transition.to, State::Alarm);
      const EventTime end = transition.points.back().start + alarm.period;
      ASSERT_LT(transition.time, end);
      ASSERT_EQ(state_after(regular.output, end), State::Alarm) << "round " << round;
    }
    ASSERT_EQ(early.shard.alarm_states().front().state, regular.shard.alarm_states().front().state);
  }
  EXPECT_GT(rang_early, 1000U);
}

// A sum that must stay under 10, judged each minute.
AlarmDefinition minute_alarm() {
  AlarmDefinition alarm =
      sum_alarm("a", minutes(1), {10, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  alarm.evaluation_range = 1;
  return alarm;
}

TEST(Shard, AStateSetByHandIsATransitionAndTheNextJudgementMayChangeItBack) {
  Judged run(one_metric({minute_alarm()}));
  run.tick(minutes(5));
  const SetState set{0, {}, State::Alarm, "testing the pager", at(minutes(5) + seconds(20))};
  EXPECT_EQ(run.shard.apply(set, run.output), SetStateOutcome::Changed);
  EXPECT_EQ(run.output.transitions.back().reason, "testing the pager");
  EXPECT_EQ(run.output.transitions.back().sequence, 2U);
  EXPECT_EQ(run.shard.apply(set, run.output), SetStateOutcome::Unchanged);
  run.tick(minutes(7));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:01:00 INSUFFICIENT_DATA->OK",
                                                        "09:05:20 OK->ALARM", "09:06:00 ALARM->OK"}));
  EXPECT_NE(run.output.transitions[1].id, run.output.transitions[2].id);
}

TEST(Shard, AStateSetByHandStaysWhereMissingDataIsIgnored) {
  AlarmDefinition alarm = minute_alarm();
  alarm.rule.missing_data = MissingData::Ignore;
  Judged run(one_metric({alarm}));
  run.tick(minutes(2));
  EXPECT_EQ(run.shard.apply(SetState{0, {}, State::Alarm, "by hand", at(minutes(2))}, run.output),
            SetStateOutcome::Changed);
  run.tick(minutes(30));
  EXPECT_EQ(told(run.output), (std::vector<std::string>{"09:02:00 INSUFFICIENT_DATA->ALARM"}));
}

TEST(Shard, OnlyAStateThatExistsCanBeSet) {
  AlarmDefinition alarm = minute_alarm();
  alarm.for_each = {"Account"};
  Judged run(one_metric({alarm}));
  run.shard.apply(datum(at(seconds(10)), 1, {{"Account", "1111"}}));
  const auto set = [&](std::uint32_t index, const std::string& account) {
    return run.shard.apply(SetState{index, {{"Account", account}}, State::Alarm, "r", at(seconds(30))},
                           run.output);
  };
  EXPECT_EQ(set(0, "2222"), SetStateOutcome::UnknownState);
  EXPECT_EQ(set(7, "1111"), SetStateOutcome::UnknownState);
  EXPECT_EQ(set(0, "1111"), SetStateOutcome::Changed);
}

TEST(Shard, TellsSinceWhenAndWhyAnAlarmIsInItsState) {
  Judged run(one_metric({minute_alarm()}));
  const auto only = [&] { return run.shard.alarm_states().at(0); };
  EXPECT_EQ(only().since, kStart);
  EXPECT_EQ(only().reason, "");
  run.shard.apply(datum(at(seconds(70)), 12));
  run.tick(minutes(2));
  EXPECT_EQ(only().state, State::Alarm);
  EXPECT_EQ(only().since, at(minutes(2)));
  EXPECT_EQ(only().reason, run.output.transitions.back().reason);
  EXPECT_EQ(only().value, 12);
  run.tick(minutes(4));
  EXPECT_EQ(only().value, std::nullopt);
}

TEST(Shard, CountsItsAlarmsByState) {
  AlarmDefinition each = minute_alarm();
  each.for_each = {"Account"};
  Judged run(one_metric({each}));
  EXPECT_EQ(run.shard.state_counts(), (StateCounts{0, 0, 0}));
  run.shard.apply(datum(at(seconds(10)), 12, {{"Account", "1"}}));
  run.shard.apply(datum(at(seconds(10)), 1, {{"Account", "2"}}));
  EXPECT_EQ(run.shard.state_counts(), (StateCounts{2, 0, 0}));
  run.tick(minutes(1));
  EXPECT_EQ(run.shard.state_counts(), (StateCounts{0, 1, 1}));
  run.tick(kForgetAfter + minutes(10));  // both series are forgotten by then
  EXPECT_EQ(run.shard.state_counts(), (StateCounts{0, 0, 0}));
}

}  // namespace
}  // namespace tocsin::shard
