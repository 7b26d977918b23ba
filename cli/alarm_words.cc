#include "cli/alarm_words.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "engine/alarm/reason.h"
#include "engine/base/number.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kMaxValueColumns = 64;  // of a dimension's value
constexpr std::size_t kMaxValues = 5;         // named in one sentence

// "12", "average 61.5", "maximum 900": a value of the alarm's statistic, with its unit if it has a telling
// one.
std::string value_in_words(double value, const alarm::AlarmDefinition& alarm,
                           const metric::MetricDefinition& metric) {
  std::string words = format_number(value);
  if (metric.unit != "None" && metric.unit != "Count" && !metric.unit.empty()) words += " " + metric.unit;
  switch (alarm.statistic) {
    case metric::Statistic::SampleCount:
    case metric::Statistic::Sum:
      return words;
    case metric::Statistic::Average:
      return "average " + words;
    case metric::Statistic::Minimum:
      return "minimum " + words;
    case metric::Statistic::Maximum:
      return "maximum " + words;
  }
  return words;
}

}  // namespace

std::string condition_in_words(const alarm::Rule& rule, const TextStyle& style) {
  std::string_view sign;
  switch (rule.comparison) {
    case alarm::Comparison::Greater:
      sign = ">";
      break;
    case alarm::Comparison::GreaterOrEqual:
      sign = style.unicode ? "≥" : ">=";
      break;
    case alarm::Comparison::Less:
      sign = "<";
      break;
    case alarm::Comparison::LessOrEqual:
      sign = style.unicode ? "≤" : "<=";
      break;
  }
  return fmt::format("{} {}", sign, format_number(rule.threshold));
}

std::string dimensions_in_words(const metric::Dimensions& dimensions, const TextStyle& style) {
  std::string words;
  for (const auto& [name, value] : dimensions) {
    if (!words.empty()) words += ", ";
    words += fmt::format("{} {}", printable(name, style),
                         shorten(printable(value, style), kMaxValueColumns, style));
  }
  return words;
}

std::string why_in_words(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                         const metric::MetricDefinition& metric, const TextStyle& style) {
  const std::string period = duration_in_words(alarm.period);
  const std::string condition = condition_in_words(alarm.rule, style);
  std::vector<double> breaching;
  std::size_t real = 0;
  std::size_t gaps = 0;
  for (const std::size_t i : alarm::judged_points(alarm.rule, transition.points)) {
    const alarm::Point& point = transition.points[i];
    if (!point.value) {
      ++gaps;
      continue;
    }
    ++real;
    if (point.breaching) breaching.push_back(*point.value);
  }
  if (real == 0) {
    const Duration range = alarm.period * static_cast<std::int64_t>(transition.points.size());
    return fmt::format("no data for {} ({})", duration_in_words(range),
                       missing_data_in_words(alarm.rule.missing_data));
  }
  if (alarm.rule.evaluation_periods == 1 && breaching.size() == 1) {
    return fmt::format("{} in {} (alarm at {})", value_in_words(breaching.front(), alarm, metric), period,
                       condition);
  }
  std::string values;
  for (std::size_t i = breaching.size() - std::min(breaching.size(), kMaxValues); i < breaching.size(); ++i) {
    if (!values.empty()) values += ", ";
    values += value_in_words(breaching[i], alarm, metric);
  }
  std::string words =
      fmt::format("{} of {} periods of {} at {}", breaching.size(), real + gaps, period, condition);
  if (!values.empty()) words += fmt::format(": {}{}", breaching.size() > kMaxValues ? "newest " : "", values);
  if (gaps > 0 && alarm.rule.missing_data == alarm::MissingData::Breaching) {
    words += fmt::format(", {} without data ({})", gaps, missing_data_in_words(alarm.rule.missing_data));
  }
  return words;
}

Ink ink_of(alarm::State state) {
  switch (state) {
    case alarm::State::Alarm:
      return Ink::Red;
    case alarm::State::Ok:
      return Ink::Green;
    case alarm::State::InsufficientData:
      return Ink::Yellow;
  }
  return Ink::Plain;
}

}  // namespace tocsin::cli
