#include "engine/alarm/evaluate.h"

#include <algorithm>
#include <array>

#include "engine/base/check.h"

namespace tocsin::alarm {
namespace {

// CloudWatch's premature alarm: too few datapoints, all of them breaching, but the oldest breaching one among
// the newest N positions is so old (position M or more, the newest being 1) that data still to come could not
// be waited for. It stands where no datapoint in the range is good.
bool is_premature_alarm(const Rule& rule, std::span<const std::optional<double>> history) {
  std::uint32_t oldest = 0;
  const std::size_t newest_positions =
      history.size() < rule.evaluation_periods ? history.size() : rule.evaluation_periods;
  for (std::size_t position = 1; position <= newest_positions; ++position) {
    if (history[history.size() - position]) oldest = static_cast<std::uint32_t>(position);
  }
  return oldest >= rule.datapoints_to_alarm;
}

}  // namespace

std::string_view to_string(State state) {
  static constexpr std::array<std::string_view, 3> kNames{"INSUFFICIENT_DATA", "OK", "ALARM"};
  return kNames[static_cast<std::size_t>(state)];
}

Verdict evaluate(const Rule& rule, std::span<const std::optional<double>> history, State previous) noexcept {
  const std::uint32_t n = rule.evaluation_periods;
  const std::uint32_t m = rule.datapoints_to_alarm;
  TOCSIN_CHECK(m >= 1 && m <= n && history.size() >= n);

  Verdict verdict;
  for (std::size_t i = history.size(); i-- > 0;) {
    if (!history[i]) continue;
    ++verdict.real;
    if (verdict.judged == n) continue;
    ++verdict.judged;
    if (breaches(rule, *history[i])) ++verdict.breaching;
  }

  const auto alarm_if = [](bool breaching) { return breaching ? State::Alarm : State::Ok; };
  if (verdict.real >= n) {
    verdict.state = alarm_if(verdict.breaching >= m);
    return verdict;
  }
  verdict.filled = n - verdict.real;
  if (verdict.real == 0) {
    switch (rule.missing_data) {
      case MissingData::Missing:
        verdict.state = State::InsufficientData;
        break;
      case MissingData::Ignore:
        verdict.state = previous;
        break;
      case MissingData::Breaching:
        verdict.state = State::Alarm;
        break;
      case MissingData::NotBreaching:
        verdict.state = State::Ok;
        break;
    }
    return verdict;
  }
  switch (rule.missing_data) {
    case MissingData::Breaching:
      verdict.state = alarm_if(verdict.breaching + verdict.filled >= m);
      break;
    case MissingData::NotBreaching:
      verdict.state = alarm_if(verdict.breaching >= m);
      break;
    case MissingData::Missing:
    case MissingData::Ignore:
      if (verdict.breaching >= m) {
        verdict.state = State::Alarm;
      } else if (verdict.breaching < verdict.real) {
        verdict.state = State::Ok;
      } else if (rule.missing_data == MissingData::Missing && is_premature_alarm(rule, history)) {
        verdict.state = State::Alarm;
      } else {
        verdict.state = previous;
      }
      break;
  }
  return verdict;
}

bool is_certain_alarm(const Rule& rule, std::span<const std::optional<double>> history) noexcept {
  TOCSIN_CHECK(history.size() >= rule.evaluation_periods);
  const auto newest = history.last(rule.evaluation_periods);
  const auto breaching = std::count_if(newest.begin(), newest.end(), [&](const std::optional<double>& value) {
    return value && breaches(rule, *value);
  });
  return static_cast<std::uint32_t>(breaching) >= rule.datapoints_to_alarm;
}

}  // namespace tocsin::alarm
