// An alarm as configured: whose datapoints, which statistic, which rule, and whom to tell. Immutable; part of
// the plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/base/time.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"

namespace tocsin::alarm {

struct AlarmDefinition {
  std::string name;
  std::string description;
  std::uint32_t metric = 0;  // index into the plan's metrics
  metric::Statistic statistic = metric::Statistic::Sum;
  Duration period = std::chrono::seconds(60);  // 10, 20, 30 s or a multiple of 60 s
  Rule rule;
  std::uint32_t evaluation_range = 1;  // periods looked at: at least rule.evaluation_periods
  std::vector<std::string> for_each;   // sorted: one state for each combination of their values
  metric::Dimensions dimensions;       // fixed values; with for_each they choose among its series
  std::string unit;                    // empty: not named
  bool actions_enabled = true;
  bool early = false;                       // may ring before its period is over; only where can_ring_early()
  bool datapoints_to_alarm_given = false;   // notifications name M only if the user did
  std::vector<std::uint32_t> notify_alarm;  // topics, as indexes into the plan's
  std::vector<std::uint32_t> notify_ok;
  std::vector<std::uint32_t> notify_insufficient_data;
};

// Default evaluation range of CloudWatch-like alarms: N + min(2, floor(600 s / period)).
[[nodiscard]] constexpr std::uint32_t default_evaluation_range(std::uint32_t evaluation_periods,
                                                               Duration period) {
  const auto extra = std::chrono::seconds(600) / period;
  return evaluation_periods + static_cast<std::uint32_t>(extra < 2 ? extra : 2);
}

// Whether more data can only take this statistic further past the threshold, so that an alarm may ring as
// soon as the period in progress breaches. Of a Sum that is so where no value is negative, which is for the
// caller to know.
[[nodiscard]] constexpr bool can_ring_early(metric::Statistic statistic, Comparison comparison) {
  const bool grows = statistic == metric::Statistic::Sum || statistic == metric::Statistic::SampleCount ||
                     statistic == metric::Statistic::Maximum;
  return grows && (comparison == Comparison::Greater || comparison == Comparison::GreaterOrEqual);
}

// How often an alarm is judged: every 10 s for periods below a minute (of which only full periods count),
// every hour where N periods span more than a day, else every minute.
[[nodiscard]] constexpr Duration evaluation_interval(const AlarmDefinition& alarm) {
  if (alarm.period < std::chrono::seconds(60)) return alarm.period;
  if (alarm.period * alarm.rule.evaluation_periods > std::chrono::hours(24)) return std::chrono::hours(1);
  return std::chrono::seconds(60);
}

// How far back from an instant an alarm looks, and so how late data may come and still count. A judgement
// that is made each hour looks from the last full hour.
[[nodiscard]] constexpr Duration looks_back(const AlarmDefinition& alarm) {
  const Duration range = alarm.period * alarm.evaluation_range;
  return evaluation_interval(alarm) > std::chrono::seconds(60) ? range + evaluation_interval(alarm) : range;
}

}  // namespace tocsin::alarm
