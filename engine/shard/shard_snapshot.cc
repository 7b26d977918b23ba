#include <algorithm>
#include <set>
#include <string>

#include "engine/base/check.h"
#include "engine/shard/fields.h"
#include "engine/shard/shard_state.h"

namespace tocsin::shard {
namespace {

void put(WireWriter& out, const Machine& machine) {
  out.number(machine.alarm);
  out.byte(static_cast<std::uint8_t>(machine.state));
  out.number(machine.transitions);
  out.time(machine.due);
  out.time(machine.certain_until);
  out.time(machine.since);
  out.text(machine.reason);
}

Machine get_machine(WireReader& in, std::size_t alarms) {
  Machine machine;
  machine.alarm = in.below(alarms);
  machine.state = static_cast<alarm::State>(in.below(3));
  machine.transitions = in.number();
  machine.due = in.time();
  machine.certain_until = in.time();
  machine.since = in.time();
  machine.reason = in.text();
  return machine;
}

// All but its number and its name's hash.
void put(WireWriter& out, const Series& series, const std::vector<Machine>& machines) {
  out.number(series.metric);
  shard::put(out, series.dimensions);
  out.flag(series.counted);
  out.time(series.sweep_at);
  out.time(series.forget_at);
  const auto buckets = series.window.buckets();
  out.number(buckets.size());
  EventTime last{};
  for (const metric::Bucket& bucket : buckets) {
    out.time_near(bucket.start, last);
    last = bucket.start;
    shard::put(out, bucket.statistics);
    shard::put(out, bucket.evidence, bucket.start);
  }
  out.number(series.machines.size());
  for (const std::uint32_t machine : series.machines) put(out, machines[machine]);
}

struct SavedSeries {
  Series series;
  std::vector<Machine> machines;
};

SavedSeries get_series(WireReader& in, const Definitions& definitions) {
  SavedSeries saved;
  saved.series.metric = in.below(definitions.metrics.size());
  saved.series.dimensions = get_dimensions(in);
  saved.series.counted = in.flag();
  saved.series.sweep_at = in.time();
  saved.series.forget_at = in.time();
  EventTime last{};
  for (std::size_t left = in.count(); left > 0; --left) {
    const EventTime start = last = in.time_near(last);
    const metric::StatisticSet statistics = get_statistics(in);
    (void)saved.series.window.add(start, statistics, get_evidence(in, start));
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    saved.machines.push_back(get_machine(in, definitions.alarms.size()));
  }
  return saved;
}

// Where each of `before` is among `after`; UINT32_MAX: nowhere.
template <typename T, typename Same>
std::vector<std::uint32_t> places(const std::vector<T>& before, const std::vector<T>& after,
                                  const Same& same) {
  std::vector<std::uint32_t> found;
  for (const T& old : before) {
    const auto at = std::find_if(after.begin(), after.end(), [&](const T& now) { return same(old, now); });
    found.push_back(at == after.end() ? UINT32_MAX : static_cast<std::uint32_t>(at - after.begin()));
  }
  return found;
}

constexpr auto kSameName = [](const auto& a, const auto& b) { return a.name == b.name; };
constexpr auto kSameMetric = [](const auto& a, const auto& b) {
  return a.metric_namespace == b.metric_namespace && a.name == b.name;
};
constexpr auto kSameFilter = [](const auto& a, const auto& b) { return a.filter == b.filter; };

void add_to(Hash128& sum, std::string_view bytes) {
  const Hash128 hash = hash128(bytes);
  sum.high += hash.high;
  sum.low += hash.low;
}

}  // namespace

// --- writing
// ------------------------------------------------------------------------------------------------------------

// What is not a series' own.
void Shard::State::save_head(WireWriter& out) const {
  out.flag(started);
  out.time(start);
  for (const EventTime time : source_frontier) out.time(time);
  for (const Metric& metric : metrics) {
    out.time(metric.frontier);
    out.duration(metric.retention);
  }
  for (const Default& value : defaults) {
    out.time(value.decided_through);
    out.number(value.minutes.size());
    for (const auto& [minute, matched] : value.minutes) {
      out.time(minute);
      out.flag(matched);
    }
  }
  for (const std::uint64_t count : {counts.datapoints, counts.late, counts.overflow, counts.evaluations}) {
    out.number(count);
  }
}

void Shard::save(WireWriter& out) const {
  const State& state = *state_;
  state.save_head(out);
  out.number(state.counts.series);
  std::vector<std::uint32_t> saved_as(state.series.size(), UINT32_MAX);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < state.series.size(); ++i) {
    if (state.is_free(i)) continue;
    saved_as[i] = next++;
    put(out, state.series[i], state.machines);
  }
  TOCSIN_CHECK(next == state.counts.series);
  out.number(state.unproven.size());
  for (const auto& [key, newest] : state.unproven) {
    const Machine& machine = state.machines[key.first];
    out.flag(machine.series != UINT32_MAX);
    if (machine.series == UINT32_MAX) continue;
    out.number(saved_as[machine.series]);
    out.number(machine.alarm);
    out.time(key.second);
    out.time(newest);
  }
}

Hash128 Shard::digest() const {
  const State& state = *state_;
  std::string bytes;
  WireWriter out(bytes);
  state.save_head(out);
  Hash128 sum = hash128(bytes);
  for (std::uint32_t i = 0; i < state.series.size(); ++i) {
    if (state.is_free(i)) continue;
    bytes.clear();
    put(out, state.series[i], state.machines);
    add_to(sum, bytes);
  }
  for (const auto& [key, newest] : state.unproven) {
    const Machine& machine = state.machines[key.first];
    if (machine.series == UINT32_MAX) continue;
    bytes.clear();
    out.hash(state.series[machine.series].hash);
    out.number(machine.alarm);
    out.time(key.second);
    out.time(newest);
    add_to(sum, bytes);
  }
  return sum;
}

// --- reading
// ------------------------------------------------------------------------------------------------------------

// Puts what was saved in its place among other definitions.
class Shard::Loader {
 public:
  Loader(WireReader& in, const Definitions& before, Shard::State& state)
      : in_(in),
        before_(before),
        state_(state),
        now_(*state.definitions),
        metrics_(places(before.metrics, now_.metrics, kSameMetric)),
        alarms_(places(before.alarms, now_.alarms, kSameName)),
        same_alarm_(before.alarms.size()) {
    for (std::size_t i = 0; i < before.alarms.size(); ++i) same_alarm_[i] = is_unchanged(i);
  }

  void load() {
    load_head();
    load_series();
    for (auto& [alarm, machine] : moved_) {
      const alarm::AlarmDefinition& definition = now_.alarms[alarm];
      place(std::move(machine), alarm, state_.find_or_add(definition.metric, definition.dimensions), false);
    }
    load_unproven();
    if (in_.failed()) return;
    add_new_alarms();
    for (std::uint32_t i = 0; i < state_.machines.size(); ++i) {
      const Machine& machine = state_.machines[i];
      if (machine.due != kForever)
        duties_of(state_.alarm_of(machine).metric).push({machine.due, Duty::Kind::Judge, i, {}});
    }
  }

 private:
  using Duties = decltype(Metric::duties);
  Duties& duties_of(std::uint32_t metric) { return state_.metrics[metric].duties; }

  // Judged on the same metric by the same rule.
  bool is_unchanged(std::size_t alarm) const {
    if (alarms_[alarm] == UINT32_MAX) return false;
    const alarm::AlarmDefinition& old = before_.alarms[alarm];
    alarm::AlarmDefinition now = now_.alarms[alarms_[alarm]];
    if (metrics_[old.metric] != now.metric) return false;
    now.metric = 0;
    Definitions one_old{{before_.metrics[old.metric]}, {old}, {}, {}, {{}}};
    Definitions one_now{{now_.metrics[metrics_[old.metric]]}, {now}, {}, {}, {{}}};
    one_old.alarms.front().metric = 0;
    return encode(one_old) == encode(one_now);
  }

  void load_head() {
    state_.started = in_.flag();
    state_.start = in_.time();
    const auto sources = places(before_.sources, now_.sources, std::equal_to<>());
    for (const std::uint32_t source : sources) {
      const EventTime time = in_.time();
      if (source != UINT32_MAX) state_.source_frontier[source] = time;
      if (time != kForever) furthest_ = std::max(furthest_, time);
    }
    retention_.assign(now_.metrics.size(), kNone);
    std::vector<bool> is_known(now_.metrics.size(), false);
    for (const std::uint32_t metric : metrics_) {
      const EventTime frontier = in_.time();
      const Duration retention = in_.duration();
      if (metric == UINT32_MAX) continue;
      is_known[metric] = true;
      state_.metrics[metric].frontier = frontier;
      retention_[metric] = retention;
    }
    // A new metric's alarms begin where its sources have come to, not at the start of all.
    for (std::uint32_t i = 0; state_.started && i < now_.metrics.size(); ++i) {
      if (is_known[i]) continue;
      EventTime reached = kForever;
      for (const std::uint32_t source : now_.metric_sources[i]) {
        const EventTime time = state_.source_frontier[source];
        if (time != kNever) reached = std::min(reached, time);
      }
      state_.metrics[i].frontier = reached == kForever ? furthest_ : reached;
    }
    const auto defaults = places(before_.defaults, now_.defaults, kSameFilter);
    for (const std::uint32_t index : defaults) {
      Default value;
      value.decided_through = in_.time();
      for (std::size_t left = in_.count(); left > 0; --left) {
        const EventTime minute = in_.time();
        value.minutes[minute] = in_.flag();
      }
      if (index == UINT32_MAX) continue;
      for (const auto& [minute, matched] : value.minutes) {
        duties_of(now_.defaults[index].metric).push({minute + kMinute, Duty::Kind::Default, index, minute});
      }
      state_.defaults[index] = std::move(value);
    }
    for (std::uint64_t* count : {&state_.counts.datapoints, &state_.counts.late, &state_.counts.overflow,
                                 &state_.counts.evaluations}) {
      *count = in_.number();
    }
  }

  void load_series() {
    const std::size_t count = in_.count();
    loaded_.assign(count, UINT32_MAX);
    state_.series.reserve(count);
    state_.series_by_hash.reserve(count);
    for (std::size_t i = 0; i < count && !in_.failed(); ++i) {
      SavedSeries saved = get_series(in_, before_);
      if (in_.failed()) return;
      const std::uint32_t metric = metrics_[saved.series.metric];
      if (metric != UINT32_MAX) loaded_[i] = place(std::move(saved.series), metric);
      for (Machine& machine : saved.machines) {
        const std::uint32_t before = machine.alarm;
        const std::uint32_t alarm = alarms_[before];
        if (alarm == UINT32_MAX) continue;
        const alarm::AlarmDefinition& definition = now_.alarms[alarm];
        if (loaded_[i] != UINT32_MAX && definition.metric == metric &&
            chooses(definition, state_.series[loaded_[i]].dimensions)) {
          place(std::move(machine), alarm, loaded_[i], same_alarm_[before]);
        } else if (definition.for_each.empty()) {
          moved_.emplace_back(alarm, std::move(machine));
        }
      }
    }
  }

  std::uint32_t place(Series&& saved, std::uint32_t metric) {
    const metric::MetricDefinition& definition = now_.metrics[metric];
    const Duration before = before_.metrics[saved.metric].bucket;
    const auto index = static_cast<std::uint32_t>(state_.series.size());
    Series& series = state_.series.emplace_back(std::move(saved));
    series.metric = metric;
    series.hash = metric::series_hash(definition.metric_namespace, definition.name, series.dimensions);
    if (definition.bucket > before) {
      metric::Window coarser;
      for (const metric::Bucket& bucket : series.window.buckets()) {
        (void)coarser.add(floor_to(bucket.start, definition.bucket), bucket.statistics, bucket.evidence);
      }
      series.window = std::move(coarser);
    }
    state_.series_by_hash.emplace(series.hash, index);
    ++state_.counts.series;
    if (series.counted) ++state_.metrics[metric].series;
    if (!series.window.empty()) {
      const bool as_before =
          definition.bucket == before && retention_[metric] == state_.metrics[metric].retention;
      if (as_before) {
        duties_of(metric).push({series.sweep_at, Duty::Kind::Sweep, index, {}});
      } else {
        state_.schedule_sweep(index);
      }
    } else if (series.forget_at != kForever) {
      duties_of(metric).push({series.forget_at, Duty::Kind::Forget, index, {}});
    }
    return index;
  }

  void place(Machine&& saved, std::uint32_t alarm, std::uint32_t series, bool is_same) {
    const auto index = static_cast<std::uint32_t>(state_.machines.size());
    Machine& machine = state_.machines.emplace_back(std::move(saved));
    machine.alarm = alarm;
    machine.series = series;
    ++state_.state_counts[static_cast<std::size_t>(machine.state)];
    state_.series[series].machines.push_back(index);
    if (is_same) return;
    machine.certain_until = kNever;
    machine.due = state_.started ? state_.next_instant(now_.alarms[alarm]) : kForever;
  }

  void load_unproven() {
    for (std::size_t left = in_.count(); left > 0; --left) {
      if (!in_.flag()) continue;
      const std::uint32_t series = in_.below(loaded_.size());
      const std::uint32_t alarm = in_.below(alarms_.size());
      const EventTime bucket = in_.time();
      const EventTime newest = in_.time();
      if (in_.failed()) return;
      if (loaded_[series] == UINT32_MAX || !same_alarm_[alarm]) continue;
      for (const std::uint32_t machine : state_.series[loaded_[series]].machines) {
        if (state_.machines[machine].alarm == alarms_[alarm]) state_.unproven[{machine, bucket}] = newest;
      }
    }
  }

  void add_new_alarms() {
    const std::set<std::uint32_t> known(alarms_.begin(), alarms_.end());
    for (std::uint32_t i = 0; i < now_.alarms.size(); ++i) {
      const alarm::AlarmDefinition& alarm = now_.alarms[i];
      if (alarm.for_each.empty()) {
        if (!state_.started) continue;
        const std::uint32_t series = state_.find_or_add(alarm.metric, alarm.dimensions);
        if (is_judged(i, series)) continue;
        state_.schedule(state_.add_machine(i, series), state_.next_instant(alarm));
        continue;
      }
      if (known.contains(i) && is_same_choice(i)) continue;
      for (std::uint32_t series = 0; series < state_.series.size(); ++series) {
        if (state_.series[series].metric != alarm.metric ||
            !chooses(alarm, state_.series[series].dimensions) || is_judged(i, series))
          continue;
        const std::uint32_t machine = state_.add_machine(i, series);
        const metric::Window& window = state_.series[series].window;
        if (state_.started && !window.empty()) state_.schedule_for(machine, window.oldest());
      }
    }
  }

  bool is_judged(std::uint32_t alarm, std::uint32_t series) const {
    const auto& machines = state_.series[series].machines;
    return std::any_of(machines.begin(), machines.end(),
                       [&](std::uint32_t machine) { return state_.machines[machine].alarm == alarm; });
  }

  // Its states were all there, one for each of its series.
  bool is_same_choice(std::uint32_t alarm) const {
    const auto at = std::find(alarms_.begin(), alarms_.end(), alarm);
    return same_alarm_[static_cast<std::size_t>(at - alarms_.begin())];
  }

  static constexpr Duration kNone{-1};

  WireReader& in_;
  const Definitions& before_;
  Shard::State& state_;
  const Definitions& now_;
  const std::vector<std::uint32_t> metrics_;  // the numbers before to those now
  const std::vector<std::uint32_t> alarms_;
  std::vector<bool> same_alarm_;                          // by the numbers before
  std::vector<Duration> retention_;                       // by the numbers now
  EventTime furthest_ = kNever;                           // that any source has come to
  std::vector<std::uint32_t> loaded_;                     // saved series to series
  std::vector<std::pair<std::uint32_t, Machine>> moved_;  // alarms that are judged on another series now
};

Result<Shard> Shard::load(WireReader& in, const Definitions& before,
                          std::shared_ptr<const Definitions> definitions, bool report_closed) {
  Shard shard(std::move(definitions), report_closed);
  Loader(in, before, *shard.state_).load();
  if (in.failed()) return fail(ErrorCode::Invalid, "the state of the shard is damaged");
  return shard;
}

}  // namespace tocsin::shard
