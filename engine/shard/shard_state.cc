#include "engine/shard/shard_state.h"

#include <algorithm>

#include "engine/alarm/reason.h"
#include "engine/base/check.h"

namespace tocsin::shard {
namespace {

using alarm::AlarmDefinition;
using metric::MetricDefinition;

constexpr std::size_t kMaxEvidence = 5;

std::string transition_id(const AlarmDefinition& alarm, const alarm::Transition& transition) {
  return to_hex(hash128(alarm.name + '\0' + metric::describe(transition.dimensions) + '\0' +
                        std::to_string(transition.sequence) + '\0' + format_rfc3339(transition.time) + '\0' +
                        std::string(alarm::to_string(transition.to))));
}

}  // namespace

bool chooses(const AlarmDefinition& alarm, const metric::Dimensions& dimensions) {
  if (dimensions.size() != alarm.for_each.size() + alarm.dimensions.size()) return false;
  for (const auto& [name, value] : dimensions) {
    if (std::binary_search(alarm.for_each.begin(), alarm.for_each.end(), name)) continue;
    const auto same = [&](const auto& fixed) { return fixed.first == name && fixed.second == value; };
    if (std::none_of(alarm.dimensions.begin(), alarm.dimensions.end(), same)) return false;
  }
  return true;
}

EventTime Shard::State::next_instant(const AlarmDefinition& alarm) const {
  const Duration interval = evaluation_interval(alarm);
  const EventTime after = std::max(start, metrics[alarm.metric].frontier);
  return floor_to(after, interval) + interval;
}

void Shard::State::schedule(std::uint32_t index, EventTime due) {
  Machine& machine = machines[index];
  if (due >= machine.due) return;
  machine.due = due;
  metrics[alarm_of(machine).metric].duties.push({due, Duty::Kind::Judge, index, {}});
}

void Shard::State::schedule_sweep(std::uint32_t index) {
  Series& swept = series[index];
  Metric& owner = metrics[swept.metric];
  swept.sweep_at = swept.window.oldest() + bucket_of(swept.metric) + owner.retention;
  owner.duties.push({swept.sweep_at, Duty::Kind::Sweep, index, {}});
}

std::uint32_t Shard::State::add_machine(std::uint32_t alarm, std::uint32_t series_index) {
  const std::uint32_t index = place(free_machines, machines);
  machines[index] = {alarm, series_index};
  machines[index].since = std::max(start, metrics[definitions->alarms[alarm].metric].frontier);
  ++state_counts[static_cast<std::size_t>(alarm::State::InsufficientData)];
  series[series_index].machines.push_back(index);
  return index;
}

std::uint32_t Shard::State::add_series(const Hash128& hash, std::uint32_t metric,
                                       const metric::Dimensions& dimensions) {
  const std::uint32_t index = place(free_series, series);
  series[index] = {hash, metric, dimensions, false, {}, kForever, kForever, {}};
  series_by_hash.emplace(hash, index);
  ++counts.series;
  for (const std::uint32_t alarm : metrics[metric].alarms) {
    const AlarmDefinition& definition = definitions->alarms[alarm];
    if (!definition.for_each.empty() && chooses(definition, dimensions)) add_machine(alarm, index);
  }
  return index;
}

std::uint32_t Shard::State::find_or_add(std::uint32_t owner, const metric::Dimensions& dimensions) {
  const MetricDefinition& definition = definitions->metrics[owner];
  const Hash128 hash = metric::series_hash(definition.metric_namespace, definition.name, dimensions);
  const auto found = series_by_hash.find(hash);
  return found != series_by_hash.end() ? found->second : add_series(hash, owner, dimensions);
}

bool Shard::State::is_visible(std::uint32_t metric, EventTime bucket) const {
  const Metric& owner = metrics[metric];
  if (owner.frontier == kNever || bucket + bucket_of(metric) > owner.frontier) return true;
  return std::any_of(owner.alarms.begin(), owner.alarms.end(), [&](std::uint32_t index) {
    const AlarmDefinition& alarm = definitions->alarms[index];
    return bucket >= next_instant(alarm) - alarm.period * alarm.evaluation_range;
  });
}

void Shard::State::add(std::uint32_t index, EventTime bucket, const metric::StatisticSet& statistics,
                       const metric::EvidenceSample& evidence, EventTime newest) {
  Series& target = series[index];
  const bool was_empty = target.window.empty();
  if (target.window.add(bucket, statistics, evidence)) ++counts.datapoints;
  if (was_empty) {
    target.forget_at = kForever;
    schedule_sweep(index);
  }
  if (!started) return;
  for (const std::uint32_t machine : target.machines) {
    schedule_for(machine, bucket);
    if (!alarm_of(machines[machine]).early) continue;
    const auto [entry, is_new] = unproven.emplace(std::pair(machine, bucket), newest);
    if (!is_new) entry->second = std::max(entry->second, newest);
  }
}

EventTime Shard::State::instant_of(const AlarmDefinition& alarm, EventTime bucket) const {
  const EventTime complete = ceil_to(bucket + bucket_of(alarm.metric), evaluation_interval(alarm));
  return std::max(next_instant(alarm), complete);
}

void Shard::State::schedule_for(std::uint32_t index, EventTime bucket) {
  schedule(index, instant_of(alarm_of(machines[index]), bucket));
}

void Shard::State::look_at(const Machine& machine, EventTime instant) {
  const AlarmDefinition& alarm = alarm_of(machine);
  series[machine.series].window.periods(instant, alarm.period, alarm.evaluation_range, periods);
  history.assign(periods.size(), std::nullopt);
  for (std::size_t i = 0; i < periods.size(); ++i) {
    if (!periods[i].empty()) history[i] = value_of(periods[i], alarm.statistic);
  }
}

void Shard::State::judge(std::uint32_t index, EventTime now, Output& out) {
  Machine& machine = machines[index];
  if (machine.due != now) return;  // rescheduled to an earlier instant, which has passed
  machine.due = kForever;
  if (now < machine.certain_until) return schedule(index, machine.certain_until);
  ++counts.evaluations;
  const AlarmDefinition& alarm = alarm_of(machine);
  look_at(machine, now);
  const alarm::Verdict verdict = evaluate(alarm.rule, history, machine.state);
  if (verdict.state != machine.state) out.transitions.push_back(transition(machine, verdict, now, now));
  const metric::Window& window = series[machine.series].window;
  if (const auto change =
          window.next_change(now, alarm.period, alarm.evaluation_range, bucket_of(alarm.metric))) {
    schedule(index, ceil_to(*change, evaluation_interval(alarm)));
  }
}

void Shard::State::ring_early(EventTime now, Output& out) {
  for (auto at = unproven.begin(); at != unproven.end();) {
    const auto [index, bucket] = at->first;
    if (bucket > now) {
      ++at;
      continue;
    }
    const EventTime newest = at->second;
    at = unproven.erase(at);
    Machine& machine = machines[index];
    if (machine.series == UINT32_MAX || machine.state == alarm::State::Alarm) continue;
    const AlarmDefinition& alarm = alarm_of(machine);
    const EventTime instant = instant_of(alarm, bucket);
    if (bucket < instant - alarm.period * alarm.rule.evaluation_periods) continue;  // makes nothing certain
    ++counts.evaluations;
    look_at(machine, instant);
    if (!is_certain_alarm(alarm.rule, history)) continue;
    const alarm::Verdict verdict = evaluate(alarm.rule, history, machine.state);
    TOCSIN_CHECK(verdict.state == alarm::State::Alarm);
    // Between the judgement before and the one that will confirm it, wherever late events lie.
    const EventTime time = std::max(newest, instant - evaluation_interval(alarm));
    out.transitions.push_back(transition(machine, verdict, instant, time));
    machine.certain_until = instant;
    schedule(index, instant);
  }
}

alarm::Transition Shard::State::transition(Machine& machine, const alarm::Verdict& verdict, EventTime end,
                                           EventTime time) {
  const AlarmDefinition& alarm = alarm_of(machine);
  const Series& judged_series = series[machine.series];
  alarm::Transition change = begin_transition(machine, verdict.state, time);
  change.early = time < end;
  for (std::size_t i = 0; i < history.size(); ++i) {
    alarm::Point point;
    point.start = end - alarm.period * static_cast<std::int64_t>(history.size() - i);
    point.value = history[i];
    point.sample_count = periods[i].count;
    point.breaching = history[i] && breaches(alarm.rule, *history[i]);
    change.points.push_back(point);
  }
  change.reason = reason_text(alarm, verdict, machine.state, change.points);
  change.reason_data = reason_data(alarm, change.points, time);
  const bool alarming = verdict.state == alarm::State::Alarm;
  for (const std::size_t i : judged_points(alarm.rule, change.points)) {
    const alarm::Point& point = change.points[i];
    if (!point.value || point.breaching != alarming) continue;
    judged_series.window.collect_evidence(point.start, point.start + alarm.period, kMaxEvidence,
                                          change.evidence);
  }
  finish_transition(machine, change);
  return change;
}

alarm::Transition Shard::State::begin_transition(Machine& machine, alarm::State to, EventTime now) const {
  alarm::Transition change;
  change.alarm = machine.alarm;
  change.dimensions = series[machine.series].dimensions;
  if (machine.transitions > 0) change.from_since = machine.since;
  change.sequence = ++machine.transitions;
  change.time = now;
  change.from = machine.state;
  change.to = to;
  return change;
}

void Shard::State::finish_transition(Machine& machine, alarm::Transition& change) {
  change.id = transition_id(alarm_of(machine), change);
  --state_counts[static_cast<std::size_t>(machine.state)];
  ++state_counts[static_cast<std::size_t>(change.to)];
  machine.state = change.to;
  machine.since = change.time;
  machine.reason = change.reason;
}

std::optional<std::uint32_t> Shard::State::find_machine(std::uint32_t alarm,
                                                        const metric::Dimensions& dimensions) const {
  if (alarm >= definitions->alarms.size()) return std::nullopt;
  const MetricDefinition& metric = definitions->metrics[definitions->alarms[alarm].metric];
  const auto found =
      series_by_hash.find(metric::series_hash(metric.metric_namespace, metric.name, dimensions));
  if (found == series_by_hash.end()) return std::nullopt;
  for (const std::uint32_t machine : series[found->second].machines) {
    if (machines[machine].alarm == alarm) return machine;
  }
  return std::nullopt;
}

std::optional<double> Shard::State::newest_value(const Machine& machine) const {
  const AlarmDefinition& alarm = alarm_of(machine);
  const EventTime frontier = metrics[alarm.metric].frontier;
  if (frontier == kNever) return std::nullopt;
  std::vector<metric::StatisticSet> seen;
  series[machine.series].window.periods(floor_to(frontier, evaluation_interval(alarm)), alarm.period,
                                        alarm.evaluation_range, seen);
  const auto newest = std::find_if(seen.rbegin(), seen.rend(), [](const auto& set) { return !set.empty(); });
  if (newest == seen.rend()) return std::nullopt;
  return value_of(*newest, alarm.statistic);
}

void Shard::State::sweep(std::uint32_t index, EventTime now, Output& out) {
  Series& swept = series[index];
  if (swept.sweep_at != now) return;  // is another series by now
  swept.sweep_at = kForever;
  const EventTime before = now - metrics[swept.metric].retention - bucket_of(swept.metric) + Duration{1};
  evict(swept, before, out);
  if (swept.window.empty()) {
    schedule_forgetting(index, now);
  } else {
    schedule_sweep(index);
  }
}

void Shard::State::schedule_forgetting(std::uint32_t index, EventTime now) {
  Series& idle = series[index];
  if (!idle.counted || now > kLatestTime - kForgetAfter) return;
  idle.forget_at = now + kForgetAfter;
  metrics[idle.metric].duties.push({idle.forget_at, Duty::Kind::Forget, index, {}});
}

void Shard::State::forget(std::uint32_t index, EventTime now) {
  Series& idle = series[index];
  if (idle.forget_at != now) return;  // had data since, or is another series by now
  const auto rings = [&](std::uint32_t machine) { return machines[machine].state == alarm::State::Alarm; };
  if (std::any_of(idle.machines.begin(), idle.machines.end(), rings)) return schedule_forgetting(index, now);
  for (const std::uint32_t machine : idle.machines) {
    --state_counts[static_cast<std::size_t>(machines[machine].state)];
    machines[machine] = {UINT32_MAX, UINT32_MAX};
    free_machines.push_back(machine);
  }
  series_by_hash.erase(idle.hash);
  --metrics[idle.metric].series;
  --counts.series;
  idle = {};
  free_series.push_back(index);
}

void Shard::State::evict(Series& swept, EventTime before, Output& out) const {
  swept.window.evict(before, [&](const metric::Bucket& bucket) {
    if (report_closed)
      out.closed.push_back({swept.metric, swept.dimensions, bucket.start, bucket.statistics});
  });
}

void Shard::State::decide_default(std::uint32_t index, EventTime minute) {
  Default& waiting = defaults[index];
  const auto found = waiting.minutes.find(minute);
  if (found == waiting.minutes.end()) return;
  const bool matched = found->second;
  waiting.minutes.erase(found);
  waiting.decided_through = std::max(waiting.decided_through, minute);
  if (matched) return;
  const Definitions::Default& definition = definitions->defaults[index];
  const double value = definition.value;
  add(find_or_add(definition.metric, {}), minute, {1, value, value, value}, {}, minute);
}

void Shard::State::run(std::uint32_t index, EventTime frontier, Output& out) {
  Metric& metric = metrics[index];
  while (!metric.duties.empty() && metric.duties.top().time <= frontier) {
    const Duty duty = metric.duties.top();
    metric.duties.pop();
    // Before a judgement at T everything before T is settled, so that what comes in the meantime is due
    // after T.
    metric.frontier =
        std::max(metric.frontier, duty.kind == Duty::Kind::Judge ? duty.time : duty.time - Duration{1});
    switch (duty.kind) {
      case Duty::Kind::Default:
        decide_default(duty.index, duty.minute);
        break;
      case Duty::Kind::Judge:
        judge(duty.index, duty.time, out);
        break;
      case Duty::Kind::Sweep:
        sweep(duty.index, duty.time, out);
        break;
      case Duty::Kind::Forget:
        forget(duty.index, duty.time);
        break;
    }
  }
  metric.frontier = frontier;
}

}  // namespace tocsin::shard
