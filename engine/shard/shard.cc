#include "engine/shard/shard.h"

#include <algorithm>
#include <tuple>

#include "engine/base/check.h"
#include "engine/shard/shard_state.h"

namespace tocsin::shard {

using alarm::AlarmDefinition;

Shard::Shard(std::shared_ptr<const Definitions> definitions, bool report_closed)
    : state_(std::make_unique<State>()) {
  state_->definitions = std::move(definitions);
  const Definitions& given = *state_->definitions;
  TOCSIN_CHECK(given.metric_sources.size() == given.metrics.size());
  state_->report_closed = report_closed;
  state_->source_frontier.assign(given.sources.size(), kNever);
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

void Shard::apply(const Start& start) {
  TOCSIN_CHECK(!state_->started);
  state_->started = true;
  state_->start = start.time;
  for (std::uint32_t i = 0; start.later && i < state_->metrics.size(); ++i) {
    if (state_->definitions->metric_sources[i] == std::vector{start.later->source}) {
      state_->metrics[i].frontier = std::max(start.time, start.later->time);
    }
  }
  for (Machine& machine : state_->machines) {
    machine.since = std::max(start.time, state_->metrics[state_->alarm_of(machine).metric].frontier);
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
    std::uint32_t& index = state.chunk_series[entry.series];
    if (index == UINT32_MAX) {
      const auto found = state.series_by_hash.find(named.hash);
      if (found != state.series_by_hash.end()) index = found->second;
    }
    TOCSIN_CHECK(named.named || index != UINT32_MAX);
    const std::uint32_t owner = index != UINT32_MAX ? state.series[index].metric : named.metric;
    if (!state.is_visible(owner, entry.bucket)) {
      state.counts.late += static_cast<std::uint64_t>(entry.statistics.count);
      continue;
    }
    if (Metric& metric = state.metrics[owner];
        index == UINT32_MAX && metric.series < state.definitions->metrics[owner].max_series) {
      ++metric.series;
      index = state.add_series(named.hash, owner, named.dimensions);
      state.series[index].counted = true;
    }
    if (index != UINT32_MAX) {
      state.add(index, entry.bucket, entry.statistics, entry.evidence, entry.newest);
      continue;
    }
    state.counts.overflow += static_cast<std::uint64_t>(entry.statistics.count);
    metric::Dimensions overflow = named.dimensions;
    for (auto& [name, value] : overflow) value = kOverflowValue;
    state.add(state.find_or_add(owner, overflow), entry.bucket, entry.statistics, entry.evidence,
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

bool Shard::may_ring_at(EventTime now) const {
  return std::ranges::any_of(state_->unproven, [&](const auto& entry) { return entry.first.second <= now; });
}

const Counts& Shard::counts() const { return state_->counts; }
const StateCounts& Shard::state_counts() const { return state_->state_counts; }
const Definitions& Shard::definitions() const { return *state_->definitions; }
bool Shard::started() const { return state_->started; }
bool Shard::knows(const Hash128& series) const { return state_->series_by_hash.contains(series); }

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
