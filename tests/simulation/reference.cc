#include "tests/simulation/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tocsin::simulation {
namespace {

using alarm::Comparison;
using alarm::MissingData;
using alarm::State;
using Points = std::vector<std::optional<double>>;  // newest first

constexpr Duration kMinute = std::chrono::minutes(1);

bool is_bad(const alarm::Rule& rule, double value) {
  switch (rule.comparison) {
    case Comparison::Greater:
      return value > rule.threshold;
    case Comparison::GreaterOrEqual:
      return value >= rule.threshold;
    case Comparison::Less:
      return value < rule.threshold;
    case Comparison::LessOrEqual:
      return value <= rule.threshold;
  }
  return false;
}

// The state where nothing is there at all.
State without_data(MissingData missing, State kept) {
  switch (missing) {
    case MissingData::Missing:
      return State::InsufficientData;
    case MissingData::Ignore:
      return kept;
    case MissingData::Breaching:
      return State::Alarm;
    case MissingData::NotBreaching:
      return State::Ok;
  }
  return kept;
}

// "M out of N" with missing data, by CloudWatch's published rules.
State decide(const alarm::Rule& rule, const Points& points, State kept) {
  const std::size_t n = rule.evaluation_periods;
  const std::size_t m = rule.datapoints_to_alarm;
  std::vector<double> real;
  for (const auto& point : points) {
    if (point) real.push_back(*point);
  }
  if (real.empty()) return without_data(rule.missing_data, kept);
  const std::size_t filled = real.size() >= n ? 0 : n - real.size();
  if (filled == 0) real.resize(n);
  const auto bad = static_cast<std::size_t>(
      std::ranges::count_if(real, [&](double value) { return is_bad(rule, value); }));
  if (filled == 0 || rule.missing_data == MissingData::NotBreaching)
    return bad >= m ? State::Alarm : State::Ok;
  if (rule.missing_data == MissingData::Breaching) return bad + filled >= m ? State::Alarm : State::Ok;
  if (bad >= m) return State::Alarm;
  if (bad < real.size()) return State::Ok;
  // Nothing but breaches, and too few of them: premature if the oldest of the N newest periods' is so far
  // back that waiting for more is of no use.
  std::size_t oldest = 0;
  for (std::size_t i = 0; i < std::min(n, points.size()); ++i) {
    if (points[i]) oldest = i + 1;
  }
  return rule.missing_data == MissingData::Missing && oldest >= m ? State::Alarm : kept;
}

// The values of the periods that end at `end`, newest first.
Points points_of(const std::map<EventTime, metric::StatisticSet>& minutes,
                 const alarm::AlarmDefinition& alarm, EventTime end) {
  Points points;
  for (; points.size() < alarm.evaluation_range; end -= alarm.period) {
    metric::StatisticSet period;
    for (const auto& [minute, statistics] : minutes) {
      if (minute >= end - alarm.period && minute < end) period.merge(statistics);
    }
    points.push_back(period.empty() ? std::nullopt : std::optional(value_of(period, alarm.statistic)));
  }
  return points;
}

EventTime next_minute(EventTime time) { return floor_to(time, kMinute) + kMinute; }

}  // namespace

std::string to_text(const Decision& decision) {
  return fmt::format("{} {}{}{} from {} to {}", format_rfc3339(decision.time), decision.alarm,
                     decision.series.empty() ? "" : " of ", decision.series, to_string(decision.from),
                     to_string(decision.to));
}

void Reference::configure(const shard::Definitions& definitions) {
  definitions_ = definitions;
  std::map<std::string, Metric> metrics;
  std::map<std::pair<std::string, std::string>, State> states;
  for (std::size_t i = 0; i < definitions.metrics.size(); ++i) {
    const std::string& name = definitions.metrics[i].name;
    const auto known = metrics_.find(name);
    // A metric that is new begins where its sources have come to.
    metrics[name] = known != metrics_.end() ? known->second : Metric{start_ ? reached(i) : kNever, {}};
  }
  for (const alarm::AlarmDefinition& alarm : definitions.alarms) {
    for (const auto& [key, state] : states_) {
      if (key.first == alarm.name) states[key] = state;
    }
  }
  metrics_ = std::move(metrics);
  states_ = std::move(states);
}

// The least of its sources that have come anywhere, or the furthest of all if none of them has.
EventTime Reference::reached(std::size_t metric) const {
  EventTime least = kForever;
  EventTime furthest = kNever;
  for (const auto& [source, time] : sources_) furthest = std::max(furthest, time);
  for (const std::uint32_t source : definitions_.metric_sources[metric]) {
    const auto at = sources_.find(definitions_.sources[source]);
    if (at != sources_.end() && at->second != kNever) least = std::min(least, at->second);
  }
  return least == kForever ? furthest : least;
}

EventTime Reference::judged_through(const Metric& metric) const {
  return std::max(start_.value_or(kNever), metric.frontier);
}

// Time has passed it, and no judgement to come looks back so far.
bool Reference::is_late(std::size_t metric, EventTime minute) const {
  const Metric& owner = metrics_.at(definitions_.metrics[metric].name);
  if (owner.frontier == kNever || minute + kMinute > owner.frontier) return false;
  const EventTime instant = next_minute(judged_through(owner));
  return std::ranges::none_of(definitions_.alarms, [&](const alarm::AlarmDefinition& alarm) {
    return alarm.metric == metric && minute >= instant - alarm.period * alarm.evaluation_range;
  });
}

void Reference::add(const Contributions& contributions) {
  for (const auto& [key, statistics] : contributions) {
    const auto& [name, series, minute] = key;
    const auto at = std::ranges::find(definitions_.metrics, name, &metric::MetricDefinition::name);
    if (at == definitions_.metrics.end()) continue;
    const auto metric = static_cast<std::size_t>(at - definitions_.metrics.begin());
    if (!is_late(metric, minute)) metrics_.at(name).series[series][minute].merge(statistics);
  }
}

std::vector<Decision> Reference::tick(const std::vector<EventTime>& frontier) {
  for (std::size_t i = 0; i < frontier.size(); ++i) {
    EventTime& source = sources_.try_emplace(definitions_.sources[i], kNever).first->second;
    source = std::max(source, frontier[i]);
  }
  std::vector<Decision> decisions;
  for (std::size_t i = 0; i < definitions_.metrics.size(); ++i) {
    EventTime to = kForever;
    for (const std::uint32_t source : definitions_.metric_sources[i]) {
      to = std::min(to, sources_.at(definitions_.sources[source]));
    }
    Metric& metric = metrics_.at(definitions_.metrics[i].name);
    if (to == kForever || to <= metric.frontier) continue;
    for (EventTime instant = next_minute(judged_through(metric)); instant <= to; instant += kMinute) {
      for (const alarm::AlarmDefinition& alarm : definitions_.alarms) {
        if (alarm.metric == i) judge(alarm, instant, decisions);
      }
    }
    metric.frontier = to;
  }
  // By time, then as the alarms stand in the definitions, then by series.
  const auto place = [&](const Decision& decision) {
    const auto at = std::ranges::find(definitions_.alarms, decision.alarm, &alarm::AlarmDefinition::name);
    return std::tuple(decision.time, at - definitions_.alarms.begin(), decision.series);
  };
  std::ranges::sort(decisions, {}, place);
  return decisions;
}

// On each series that it has: of an alarm without `for_each`, the one without dimensions.
void Reference::judge(const alarm::AlarmDefinition& alarm, EventTime instant,
                      std::vector<Decision>& decisions) {
  Metric& metric = metrics_.at(definitions_.metrics[alarm.metric].name);
  if (alarm.for_each.empty()) metric.series.try_emplace("");
  for (const auto& [series, minutes] : metric.series) {
    State& state = states_.try_emplace({alarm.name, series}, State::InsufficientData).first->second;
    const State to = decide(alarm.rule, points_of(minutes, alarm, instant), state);
    if (to != state) decisions.push_back({instant, alarm.name, series, state, to});
    state = to;
  }
}

}  // namespace tocsin::simulation
