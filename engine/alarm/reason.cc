#include "engine/alarm/reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/number.h"

namespace tocsin::alarm {
namespace {

constexpr std::size_t kListed = 5;  // datapoints that a reason spells out

std::string_view comparison_words(Comparison comparison) {
  switch (comparison) {
    case Comparison::Greater:
      return "greater than";
    case Comparison::GreaterOrEqual:
      return "greater than or equal to";
    case Comparison::Less:
      return "less than";
    case Comparison::LessOrEqual:
      return "less than or equal to";
  }
  return {};
}

// "01/03/26 09:05:00"
std::string reason_time(EventTime time) {
  const std::string text = format_cloudwatch(time);  // 2026-03-01T09:05:00.000+0000
  return fmt::format("{}/{}/{} {}", text.substr(8, 2), text.substr(5, 2), text.substr(2, 2),
                     text.substr(11, 8));
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// The newest real judged points that do (or do not) breach, newest first.
std::string list(const std::vector<Point>& points, const std::vector<std::size_t>& judged, bool breaching) {
  std::string text;
  std::size_t listed = 0;
  for (auto at = judged.rbegin(); at != judged.rend() && listed < kListed; ++at) {
    const Point& point = points[*at];
    if (!point.value || point.breaching != breaching) continue;
    if (listed++ > 0) text += ", ";
    text += fmt::format("{} ({})", format_number_java(*point.value), reason_time(point.start));
  }
  return text;
}

nlohmann::ordered_json number(double value) { return value; }

}  // namespace

std::vector<std::size_t> judged_points(const Rule& rule, const std::vector<Point>& points) {
  const auto real = static_cast<std::size_t>(std::count_if(
      points.begin(), points.end(), [](const Point& point) { return point.value.has_value(); }));
  std::size_t reals_left = std::min<std::size_t>(real, rule.evaluation_periods);
  std::size_t gaps_left = rule.evaluation_periods - reals_left;
  std::vector<std::size_t> judged;
  for (std::size_t i = points.size(); i-- > 0;) {
    std::size_t& left = points[i].value ? reals_left : gaps_left;
    if (left == 0) continue;
    --left;
    judged.push_back(i);
  }
  std::reverse(judged.begin(), judged.end());
  return judged;
}

std::string reason_text(const AlarmDefinition& alarm, const Verdict& verdict, State from,
                        const std::vector<Point>& points) {
  const Rule& rule = alarm.rule;
  if (verdict.state == State::InsufficientData) {
    return fmt::format("Insufficient Data: {} {} unknown.", plural(rule.evaluation_periods, "datapoint"),
                       rule.evaluation_periods == 1 ? "was" : "were");
  }
  const std::string_view treated =
      rule.missing_data == MissingData::Breaching ? "[Breaching]" : "[NonBreaching]";
  const bool alarming = verdict.state == State::Alarm;
  const std::uint32_t crossed = alarming ? verdict.breaching : verdict.judged - verdict.breaching;
  if (crossed == 0) {
    // Only the gaps decide; what real datapoints there are stand on the other side.
    return fmt::format("Threshold Crossed: no datapoints were received for {} and {} {} treated as {}.",
                       plural(verdict.filled, "period"), plural(verdict.filled, "missing datapoint"),
                       verdict.filled == 1 ? "was" : "were", treated);
  }

  const std::uint32_t filled =
      (rule.missing_data == MissingData::Breaching) == alarming &&
              (rule.missing_data == MissingData::Breaching || rule.missing_data == MissingData::NotBreaching)
          ? verdict.filled
          : 0;
  const std::vector<std::size_t> judged = judged_points(rule, points);
  const std::string listed = list(points, judged, alarming);

  std::string text = "Threshold Crossed: ";
  text += from == State::InsufficientData
              ? plural(crossed, "datapoint")
              : fmt::format("{} out of the last {} datapoints", crossed, verdict.judged);
  if (crossed <= kListed) text += fmt::format(" [{}]", listed);
  text += fmt::format(" {} {}{} the threshold ({})", crossed == 1 ? "was" : "were", alarming ? "" : "not ",
                      comparison_words(rule.comparison), format_number_java(rule.threshold));
  if (filled > 0) {
    text += fmt::format(" and {} {} treated as {}", plural(filled, "missing datapoint"),
                        filled == 1 ? "was" : "were", treated);
  }
  if (crossed > kListed)
    text += fmt::format(". The most recent datapoints which crossed the threshold: [{}]", listed);
  if (from != State::InsufficientData) {
    const std::uint32_t minimum =
        alarming ? rule.datapoints_to_alarm : rule.evaluation_periods - rule.datapoints_to_alarm + 1;
    text += fmt::format(" (minimum {} for {} -> {} transition)", plural(minimum, "datapoint"),
                        to_string(from), to_string(verdict.state));
  }
  text += ".";
  if (text.size() > kMaxReason) text.resize(kMaxReason);
  return text;
}

std::string reason_data(const AlarmDefinition& alarm, const std::vector<Point>& points, EventTime now) {
  std::vector<std::size_t> judged = judged_points(alarm.rule, points);
  for (;;) {
    nlohmann::ordered_json recent = nlohmann::ordered_json::array();
    nlohmann::ordered_json evaluated = nlohmann::ordered_json::array();
    std::optional<EventTime> start;
    for (const std::size_t i : judged) {
      if (!points[i].value) continue;
      if (!start) start = points[i].start;
      recent.push_back(number(*points[i].value));
    }
    for (auto at = judged.rbegin(); at != judged.rend(); ++at) {
      const Point& point = points[*at];
      nlohmann::ordered_json entry{{"timestamp", format_cloudwatch(point.start)}};
      if (point.value) {
        entry["sampleCount"] = number(point.sample_count);
        entry["value"] = number(*point.value);
      }
      evaluated.push_back(std::move(entry));
    }
    nlohmann::ordered_json data{{"version", "1.0"}, {"queryDate", format_cloudwatch(now)}};
    if (start) data["startDate"] = format_cloudwatch(*start);
    if (!alarm.unit.empty()) data["unit"] = alarm.unit;
    data["statistic"] = std::string(metric::to_string(alarm.statistic));
    data["period"] = std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count();
    data["recentDatapoints"] = std::move(recent);
    data["threshold"] = number(alarm.rule.threshold);
    data["evaluatedDatapoints"] = std::move(evaluated);
    std::string text = data.dump();
    if (text.size() <= kMaxReasonData || judged.empty()) return text;
    judged.erase(judged.begin(), judged.begin() + static_cast<std::ptrdiff_t>((judged.size() + 3) / 4));
  }
}

std::string missing_data_in_words(MissingData mode) {
  switch (mode) {
    case MissingData::Missing:
      return "missing counts as missing";
    case MissingData::Ignore:
      return "missing is ignored";
    case MissingData::Breaching:
      return "missing counts as breaching";
    case MissingData::NotBreaching:
      return "missing counts as good";
  }
  return {};
}

}  // namespace tocsin::alarm
