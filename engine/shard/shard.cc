#include "engine/shard/shard.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <tuple>

#include "engine/alarm/reason.h"
#include "engine/base/check.h"
#include "engine/metric/window.h"

namespace tocsin::shard {
namespace {

using alarm::AlarmDefinition;
using metric::MetricDefinition;

constexpr std::size_t kMaxEvidence = 5;
constexpr Duration kMinute = std::chrono::seconds(60);

struct Series {
  Hash128 hash;
  std::uint32_t metric = 0;
  metric::Dimensions dimensions;
  bool counted = false;  // against the metric's maximum: came with data, and is not the overflow series
  metric::Window window;
  EventTime forget_at = kForever;       // while the window is empty
  std::vector<std::uint32_t> machines;  // alarms judged on this series
};

// One alarm over one series: its state, and when it has to be judged next.
struct Machine {
  std::uint32_t alarm = 0;
  std::uint32_t series = 0;
  alarm::State state = alarm::State::InsufficientData;
  std::uint64_t transitions = 0;
  EventTime due = kForever;          // kForever: idle until data comes
  EventTime certain_until = kNever;  // rang early: the judgement that confirms it
  EventTime since{};                 // of the last transition, else of its coming into being
  std::string reason;                // of the last transition
};

// Something that a metric has to do once its frontier reaches `time`. At the same time defaults come before
// judgements, which see them; sweeping and forgetting come last.
struct Duty {
  enum class Kind : std::uint8_t { Default, Judge, Sweep, Forget };
  EventTime time{};
  Kind kind = Kind::Judge;
  std::uint32_t index = 0;  // of the default, machine or series
  EventTime minute{};       // Default: the minute to decide

  friend bool operator>(const Duty& a, const Duty& b) {
    return std::tie(a.time, a.kind, a.index, a.minute) > std::tie(b.time, b.kind, b.index, b.minute);
  }
};

struct Metric {
  std::vector<std::uint32_t> alarms;
  Duration retention{0};  // how far back from an instant some alarm looks
  EventTime frontier = kNever;
  std::uint32_t series = 0;  // that count against its maximum
  std::priority_queue<Duty, std::vector<Duty>, std::greater<>> duties;
};

struct Default {
  std::map<EventTime, bool> minutes;  // with events, not decided yet; true: something matched
  EventTime decided_through = kNever;
};

bool chooses(const AlarmDefinition& alarm, const metric::Dimensions& dimensions) {
  if (dimensions.size() != alarm.for_each.size() + alarm.dimensions.size()) return false;
  for (const auto& [name, value] : dimensions) {
    if (std::binary_search(alarm.for_each.begin(), alarm.for_each.end(), name)) continue;
    const auto same = [&](const auto& fixed) { return fixed.first == name && fixed.second == value; };
    if (std::none_of(alarm.dimensions.begin(), alarm.dimensions.end(), same)) return false;
  }
  return true;
}

std::string transition_id(const AlarmDefinition& alarm, const alarm::Transition& transition) {
  return to_hex(hash128(alarm.name + '\0' + metric::describe(transition.dimensions) + '\0' +
                        std::to_string(transition.sequence) + '\0' + format_rfc3339(transition.time) + '\0' +
                        std::string(alarm::to_string(transition.to))));
}

}  // namespace

struct Shard::State {
  std::shared_ptr<const Definitions> definitions;
  bool report_closed = false;
  bool started = false;
  EventTime start = kNever;
  std::vector<EventTime> source_frontier;
  std::vector<Metric> metrics;
  std::vector<Series> series;
  absl::flat_hash_map<Hash128, std::uint32_t> series_by_hash;
  std::vector<Machine> machines;
  std::vector<std::uint32_t> free_series;  // forgotten ones, whose places are taken again
  std::vector<std::uint32_t> free_machines;
  std::vector<Default> defaults;
  // What came since the last tick for alarms that may ring early: machine and bucket, and the newest event.
  std::map<std::pair<std::uint32_t, EventTime>, EventTime> unproven;
  Counts counts;
  StateCounts state_counts{};
  std::vector<metric::StatisticSet> periods;  // kept for their memory, as are the two below
  std::vector<std::optional<double>> history;
  std::vector<std::uint32_t> chunk_series;

  const AlarmDefinition& alarm_of(const Machine& machine) const { return definitions->alarms[machine.alarm]; }
  Duration bucket_of(std::uint32_t metric) const { return definitions->metrics[metric].bucket; }

  // The first instant at which an alarm is judged after everything that is already settled.
  EventTime next_instant(const AlarmDefinition& alarm) const {
    const Duration interval = evaluation_interval(alarm);
    const EventTime after = std::max(start, metrics[alarm.metric].frontier);
    return floor_to(after, interval) + interval;
  }

  void schedule(std::uint32_t index, EventTime due) {
    Machine& machine = machines[index];
    if (due >= machine.due) return;
    machine.due = due;
    metrics[alarm_of(machine).metric].duties.push({due, Duty::Kind::Judge, index, {}});
  }

  void schedule_sweep(std::uint32_t index) {
    const Series& swept = series[index];
    Metric& owner = metrics[swept.metric];
    owner.duties.push(
        {swept.window.oldest() + bucket_of(swept.metric) + owner.retention, Duty::Kind::Sweep, index, {}});
  }

  std::uint32_t add_machine(std::uint32_t alarm, std::uint32_t series_index) {
    const std::uint32_t index = place(free_machines, machines);
    machines[index] = {alarm, series_index};
    machines[index].since = std::max(start, metrics[definitions->alarms[alarm].metric].frontier);
    ++state_counts[static_cast<std::size_t>(alarm::State::InsufficientData)];
    series[series_index].machines.push_back(index);
    return index;
  }

  std::uint32_t add_series(const Hash128& hash, std::uint32_t metric, const metric::Dimensions& dimensions) {
    const std::uint32_t index = place(free_series, series);
    series[index] = {hash, metric, dimensions, false, {}, kForever, {}};
    series_by_hash.emplace(hash, index);
    ++counts.series;
    for (const std::uint32_t alarm : metrics[metric].alarms) {
      const AlarmDefinition& definition = definitions->alarms[alarm];
      if (!definition.for_each.empty() && chooses(definition, dimensions)) add_machine(alarm, index);
    }
    return index;
  }

  // A free place, or a new one at the end.
  template <typename T>
  static std::uint32_t place(std::vector<std::uint32_t>& free, std::vector<T>& all) {
    if (free.empty()) {
      all.emplace_back();
      return static_cast<std::uint32_t>(all.size() - 1);
    }
    const std::uint32_t index = free.back();
    free.pop_back();
    return index;
  }

  std::uint32_t find_or_add(std::uint32_t owner, const metric::Dimensions& dimensions) {
    const MetricDefinition& definition = definitions->metrics[owner];
    const Hash128 hash = metric::series_hash(definition.metric_namespace, definition.name, dimensions);
    const auto found = series_by_hash.find(hash);
    return found != series_by_hash.end() ? found->second : add_series(hash, owner, dimensions);
  }

  bool is_visible(std::uint32_t metric, EventTime bucket) const {
    const Metric& owner = metrics[metric];
    if (owner.frontier == kNever || bucket + bucket_of(metric) > owner.frontier) return true;
    return std::any_of(owner.alarms.begin(), owner.alarms.end(), [&](std::uint32_t index) {
      const AlarmDefinition& alarm = definitions->alarms[index];
      return bucket >= next_instant(alarm) - alarm.period * alarm.evaluation_range;
    });
  }

  void add(std::uint32_t index, EventTime bucket, const metric::StatisticSet& statistics,
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

  // Data of `bucket` counts from the first instant to come that has the whole bucket behind it.
  EventTime instant_of(const AlarmDefinition& alarm, EventTime bucket) const {
    const EventTime complete = ceil_to(bucket + bucket_of(alarm.metric), evaluation_interval(alarm));
    return std::max(next_instant(alarm), complete);
  }

  void schedule_for(std::uint32_t index, EventTime bucket) {
    schedule(index, instant_of(alarm_of(machines[index]), bucket));
  }

  // Fills `periods` and `history` with what an alarm looks at at `instant`.
  void look_at(const Machine& machine, EventTime instant) {
    const AlarmDefinition& alarm = alarm_of(machine);
    series[machine.series].window.periods(instant, alarm.period, alarm.evaluation_range, periods);
    history.assign(periods.size(), std::nullopt);
    for (std::size_t i = 0; i < periods.size(); ++i) {
      if (!periods[i].empty()) history[i] = value_of(periods[i], alarm.statistic);
    }
  }

  void judge(std::uint32_t index, EventTime now, Output& out) {
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

  // Rings the alarms that what came since the last tick has made certain. What lies ahead of the clock waits
  // for it: no producer's clock may ring an alarm for a period that has not begun.
  void ring_early(EventTime now, Output& out) {
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

  // Moves the machine to its new state and says why. `periods` and `history` hold what it was judged on.
  // The newest period ends at `end`; `time` before that means that the alarm rings early.
  alarm::Transition transition(Machine& machine, const alarm::Verdict& verdict, EventTime end,
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

  alarm::Transition begin_transition(Machine& machine, alarm::State to, EventTime now) const {
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

  void finish_transition(Machine& machine, alarm::Transition& change) {
    change.id = transition_id(alarm_of(machine), change);
    --state_counts[static_cast<std::size_t>(machine.state)];
    ++state_counts[static_cast<std::size_t>(change.to)];
    machine.state = change.to;
    machine.since = change.time;
    machine.reason = change.reason;
  }

  // The machine of an alarm for the series with these dimensions.
  std::optional<std::uint32_t> find_machine(std::uint32_t alarm, const metric::Dimensions& dimensions) const {
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

  // The value of the newest period with data that its alarm can see.
  std::optional<double> newest_value(const Machine& machine) const {
    const AlarmDefinition& alarm = alarm_of(machine);
    const EventTime frontier = metrics[alarm.metric].frontier;
    if (frontier == kNever) return std::nullopt;
    std::vector<metric::StatisticSet> seen;
    series[machine.series].window.periods(floor_to(frontier, evaluation_interval(alarm)), alarm.period,
                                          alarm.evaluation_range, seen);
    const auto newest =
        std::find_if(seen.rbegin(), seen.rend(), [](const auto& set) { return !set.empty(); });
    if (newest == seen.rend()) return std::nullopt;
    return value_of(*newest, alarm.statistic);
  }

  void sweep(std::uint32_t index, EventTime now, Output& out) {
    Series& swept = series[index];
    const EventTime before = now - metrics[swept.metric].retention - bucket_of(swept.metric) + Duration{1};
    evict(swept, before, out);
    if (swept.window.empty()) {
      schedule_forgetting(index, now);
    } else {
      schedule_sweep(index);
    }
  }

  void schedule_forgetting(std::uint32_t index, EventTime now) {
    Series& idle = series[index];
    if (!idle.counted || now > kLatestTime - kForgetAfter) return;
    idle.forget_at = now + kForgetAfter;
    metrics[idle.metric].duties.push({idle.forget_at, Duty::Kind::Forget, index, {}});
  }

  void forget(std::uint32_t index, EventTime now) {
    Series& idle = series[index];
    if (idle.forget_at != now) return;  // had data since, or is another series by now
    const auto rings = [&](std::uint32_t machine) { return machines[machine].state == alarm::State::Alarm; };
    if (std::any_of(idle.machines.begin(), idle.machines.end(), rings))
      return schedule_forgetting(index, now);
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

  void evict(Series& swept, EventTime before, Output& out) const {
    swept.window.evict(before, [&](const metric::Bucket& bucket) {
      if (report_closed)
        out.closed.push_back({swept.metric, swept.dimensions, bucket.start, bucket.statistics});
    });
  }

  // A minute that had events: its default value, unless something matched.
  void decide_default(std::uint32_t index, EventTime minute) {
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

  // Does everything that is due up to `frontier`, in the order of time.
  void run(std::uint32_t index, EventTime frontier, Output& out) {
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
};

Shard::Shard(std::shared_ptr<const Definitions> definitions, bool report_closed)
    : state_(std::make_unique<State>()) {
  state_->definitions = std::move(definitions);
  const Definitions& given = *state_->definitions;
  TOCSIN_CHECK(given.metric_sources.size() == given.metrics.size());
  state_->report_closed = report_closed;
  state_->source_frontier.assign(given.sources, kNever);
  state_->metrics.resize(given.metrics.size());
  state_->defaults.resize(given.defaults.size());
  for (std::uint32_t i = 0; i < given.alarms.size(); ++i) {
    const AlarmDefinition& alarm = given.alarms[i];
    TOCSIN_CHECK(!alarm.early || can_ring_early(alarm.statistic, alarm.rule.comparison));
    Metric& metric = state_->metrics[alarm.metric];
    metric.alarms.push_back(i);
    metric.retention = std::max(metric.retention, looks_back(alarm));
  }
  for (const Definitions::Default& value : given.defaults) {
    // A bucket stays open until the default of its minute is decided.
    Duration& retention = state_->metrics[value.metric].retention;
    retention = std::max(retention, kMinute);
  }
}

Shard::~Shard() = default;
Shard::Shard(Shard&&) noexcept = default;
Shard& Shard::operator=(Shard&&) noexcept = default;

void Shard::start(EventTime time, std::optional<Later> later) {
  TOCSIN_CHECK(!state_->started);
  state_->started = true;
  state_->start = time;
  for (std::uint32_t i = 0; later && i < state_->metrics.size(); ++i) {
    if (state_->definitions->metric_sources[i] == std::vector{later->source}) {
      state_->metrics[i].frontier = std::max(time, later->time);
    }
  }
  for (Machine& machine : state_->machines) {
    machine.since = std::max(time, state_->metrics[state_->alarm_of(machine).metric].frontier);
  }
  for (std::uint32_t i = 0; i < state_->definitions->alarms.size(); ++i) {
    const AlarmDefinition& alarm = state_->definitions->alarms[i];
    if (!alarm.for_each.empty()) continue;
    const std::uint32_t series = state_->find_or_add(alarm.metric, alarm.dimensions);
    state_->schedule(state_->add_machine(i, series), state_->next_instant(alarm));
  }
  // What came before the start waits for the first instant after it.
  for (std::uint32_t i = 0; i < state_->machines.size(); ++i) {
    const metric::Window& window = state_->series[state_->machines[i].series].window;
    if (!window.empty()) state_->schedule_for(i, window.oldest());
  }
}

void Shard::apply(const Chunk& chunk) {
  State& state = *state_;
  state.chunk_series.assign(chunk.series.size(), UINT32_MAX);
  for (const ChunkEntry& entry : chunk.entries) {
    const ChunkSeries& named = chunk.series[entry.series];
    if (!state.is_visible(named.metric, entry.bucket)) {
      state.counts.late += static_cast<std::uint64_t>(entry.statistics.count);
      continue;
    }
    std::uint32_t& index = state.chunk_series[entry.series];
    if (index == UINT32_MAX) {
      const auto found = state.series_by_hash.find(named.hash);
      if (found != state.series_by_hash.end()) {
        index = found->second;
      } else if (Metric& metric = state.metrics[named.metric];
                 metric.series < state.definitions->metrics[named.metric].max_series) {
        ++metric.series;
        index = state.add_series(named.hash, named.metric, named.dimensions);
        state.series[index].counted = true;
      }
    }
    if (index != UINT32_MAX) {
      state.add(index, entry.bucket, entry.statistics, entry.evidence, entry.newest);
      continue;
    }
    state.counts.overflow += static_cast<std::uint64_t>(entry.statistics.count);
    metric::Dimensions overflow = named.dimensions;
    for (auto& [name, value] : overflow) value = kOverflowValue;
    state.add(state.find_or_add(named.metric, overflow), entry.bucket, entry.statistics, entry.evidence,
              entry.newest);
  }
  for (const ChunkSeen& seen : chunk.seen) {
    Default& waiting = state.defaults[seen.default_index];
    const std::uint32_t metric = state.definitions->defaults[seen.default_index].metric;
    if (seen.minute <= waiting.decided_through || !state.is_visible(metric, seen.minute)) continue;
    const auto [at, is_new] = waiting.minutes.emplace(seen.minute, seen.matched);
    at->second |= seen.matched;
    if (!is_new) continue;
    state.metrics[metric].duties.push(
        {seen.minute + kMinute, Duty::Kind::Default, seen.default_index, seen.minute});
  }
}

void Shard::apply(const Tick& tick, Output& out) {
  State& state = *state_;
  TOCSIN_CHECK(state.started && tick.frontier.size() == state.source_frontier.size());
  for (std::size_t i = 0; i < tick.frontier.size(); ++i) {
    state.source_frontier[i] = std::max(state.source_frontier[i], tick.frontier[i]);
  }
  const std::size_t first = out.transitions.size();
  for (std::uint32_t i = 0; i < state.metrics.size(); ++i) {
    EventTime frontier = kForever;
    for (const std::uint32_t source : state.definitions->metric_sources[i]) {
      frontier = std::min(frontier, state.source_frontier[source]);
    }
    if (frontier == kForever || frontier <= state.metrics[i].frontier) continue;
    state.run(i, frontier, out);
  }
  if (tick.now == kNever) {
    state.unproven.clear();
  } else {
    state.ring_early(tick.now, out);
  }
  std::stable_sort(out.transitions.begin() + static_cast<std::ptrdiff_t>(first), out.transitions.end(),
                   [](const alarm::Transition& a, const alarm::Transition& b) {
                     return std::tie(a.time, a.alarm, a.dimensions) < std::tie(b.time, b.alarm, b.dimensions);
                   });
}

SetStateOutcome Shard::apply(const SetState& set, Output& out) {
  State& state = *state_;
  TOCSIN_CHECK(state.started);
  const auto index = state.find_machine(set.alarm, set.dimensions);
  if (!index) return SetStateOutcome::UnknownState;
  Machine& machine = state.machines[*index];
  if (machine.state == set.state) return SetStateOutcome::Unchanged;
  alarm::Transition change = state.begin_transition(machine, set.state, set.time);
  change.reason = set.reason;
  change.reason_data = "{}";
  state.finish_transition(machine, change);
  machine.certain_until = kNever;
  out.transitions.push_back(std::move(change));
  state.schedule(*index, state.next_instant(state.alarm_of(machine)));
  return SetStateOutcome::Changed;
}

void Shard::close_all(Output& out) {
  for (Series& series : state_->series) state_->evict(series, kForever, out);
}

const Counts& Shard::counts() const { return state_->counts; }
const StateCounts& Shard::state_counts() const { return state_->state_counts; }

std::vector<AlarmState> Shard::alarm_states() const {
  std::vector<AlarmState> states;
  for (const Machine& machine : state_->machines) {
    if (machine.series == UINT32_MAX) continue;  // a free place
    states.push_back({machine.alarm, state_->series[machine.series].dimensions, machine.state,
                      machine.transitions, machine.since, machine.reason, state_->newest_value(machine)});
  }
  std::sort(states.begin(), states.end(), [](const AlarmState& a, const AlarmState& b) {
    return std::tie(a.alarm, a.dimensions) < std::tie(b.alarm, b.dimensions);
  });
  return states;
}

}  // namespace tocsin::shard
