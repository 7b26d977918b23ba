// Alarms and transitions for the tests of what is drawn for people. The day is Sunday 1 March 2026.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"
#include "engine/base/time.h"

namespace tocsin::cli {

inline EventTime at(const std::string& clock) { return *parse_rfc3339("2026-03-01T" + clock + "Z"); }

inline alarm::AlarmDefinition sum_alarm(std::string name, Duration period, double threshold) {
  alarm::AlarmDefinition alarm;
  alarm.name = std::move(name);
  alarm.period = period;
  alarm.rule.threshold = threshold;
  alarm.rule.comparison = alarm::Comparison::GreaterOrEqual;
  alarm.rule.missing_data = alarm::MissingData::NotBreaching;
  return alarm;
}

// Judged at `time`, which is where the newest of `values` (oldest first) ends.
inline alarm::Transition transition_of(const alarm::AlarmDefinition& alarm, EventTime time, alarm::State from,
                                       alarm::State to, std::initializer_list<std::optional<double>> values) {
  alarm::Transition transition;
  transition.time = time;
  transition.from = from;
  transition.to = to;
  EventTime start = time - alarm.period * static_cast<std::int64_t>(values.size());
  for (const std::optional<double>& value : values) {
    transition.points.push_back(
        {start, value, value ? 1.0 : 0.0, value && alarm::breaches(alarm.rule, *value)});
    start += alarm.period;
  }
  return transition;
}

}  // namespace tocsin::cli
