#include "engine/runtime/engine.h"

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "engine/runtime/own_metrics.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);
constexpr std::size_t kMaxChunkEntries = 65'536;  // keeps memory flat however many series one minute has

bool may_bring_any_group(const source::SourceSettings& source) {
  return event::may_bring_log_groups(source.decode.format);
}

bool brings_group(const source::SourceSettings& source, const std::string& group) {
  if (!source.decode.log_group.empty()) return source.decode.log_group == group;
  if (const auto* kafka = std::get_if<source::KafkaSettings>(&source.kind)) {
    return std::find(kafka->topics.begin(), kafka->topics.end(), group) != kafka->topics.end();
  }
  return source.name == group;
}

// The sources that may feed a filter: those whose log group it names. A group that no source has of its own
// can only come out of an envelope.
std::vector<std::uint32_t> sources_of(const Plan& plan, const FilterPlan& filter) {
  std::vector<std::uint32_t> sources;
  const auto add = [&](auto&& applies) {
    for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
      if (applies(plan.sources[i])) sources.push_back(i);
    }
    return !sources.empty();
  };
  if (!filter.match.log_groups.empty()) {
    for (const std::string& group : filter.match.log_groups) {
      const std::size_t before = sources.size();
      add([&](const source::SourceSettings& source) { return brings_group(source, group); });
      if (sources.size() == before) add(may_bring_any_group);
    }
  }
  if (sources.empty()) add([](const source::SourceSettings&) { return true; });
  return sources;
}

// The engine's own metrics come from a source of their own, after those of the plan; no other can be called
// so.
constexpr std::string_view kOwnSource = "(own metrics)";
std::uint32_t own_source(const Plan& plan) { return static_cast<std::uint32_t>(plan.sources.size()); }

shard::Definitions definitions_of(const Plan& plan) {
  shard::Definitions definitions;
  definitions.metrics = plan.metrics;
  definitions.alarms = plan.alarms;
  definitions.sources.clear();
  for (const source::SourceSettings& source : plan.sources) definitions.sources.push_back(source.name);
  definitions.sources.emplace_back(kOwnSource);
  definitions.metric_sources.resize(plan.metrics.size());
  for (const FilterPlan& filter : plan.filters) {
    if (filter.default_value) {
      definitions.defaults.push_back({filter.metric, *filter.default_value, filter.name});
    }
    auto& sources = definitions.metric_sources[filter.metric];
    for (const std::uint32_t source : sources_of(plan, filter)) sources.push_back(source);
  }
  for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
    if (plan.metrics[i].metric_namespace == kOwnNamespace) definitions.metric_sources[i] = {own_source(plan)};
  }
  for (auto& sources : definitions.metric_sources) {
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  }
  return definitions;
}

struct SeriesBucketHash {
  std::size_t operator()(const std::pair<std::uint32_t, EventTime>& key) const {
    return absl::HashOf(key.first, key.second.time_since_epoch().count());
  }
};

}  // namespace

// Folds contributions into one entry for each series and bucket. Entries stand in the order of their first
// contribution.
class Engine::ChunkBuilder {
 public:
  explicit ChunkBuilder(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  // Before a batch's contributions: its series numbers start anew.
  void begin_batch(const MatchedBatch& batch) { batch_series_.assign(batch.series.size(), UINT32_MAX); }

  void add(const MatchedBatch& batch, const Contribution& contribution, EventTime time) {
    std::uint32_t& series = batch_series_[contribution.series];
    if (series == UINT32_MAX) series = intern(batch.series[contribution.series]);
    const Duration size = plan_->metrics[chunk_.series[series].metric].bucket;
    const EventTime bucket = floor_to(time, size);
    const auto [at, is_new] =
        entries_.emplace(std::pair(series, bucket), static_cast<std::uint32_t>(chunk_.entries.size()));
    if (is_new) chunk_.entries.push_back({series, bucket, {}, {}, time});
    shard::ChunkEntry& entry = chunk_.entries[at->second];
    entry.statistics.add(contribution.value);
    entry.newest = std::max(entry.newest, time);
    entry.evidence.add({time, batch.partition, contribution.index, contribution.offset});
  }

  void add(const SeenEvent& seen, EventTime time) {
    chunk_.seen.push_back({seen.default_index, floor_to(time, kMinute), seen.matched});
  }

  [[nodiscard]] bool full() const {
    return chunk_.entries.size() >= kMaxChunkEntries || chunk_.seen.size() >= kMaxChunkEntries;
  }
  [[nodiscard]] const shard::Chunk& chunk() const { return chunk_; }

  void clear() {
    chunk_.series.clear();
    chunk_.entries.clear();
    chunk_.seen.clear();
    series_.clear();
    entries_.clear();
    batch_series_.assign(batch_series_.size(), UINT32_MAX);
  }

 private:
  std::uint32_t intern(const shard::ChunkSeries& series) {
    const auto [at, is_new] = series_.emplace(series.hash, static_cast<std::uint32_t>(chunk_.series.size()));
    if (is_new) chunk_.series.push_back(series);
    return at->second;
  }

  const std::shared_ptr<const Plan> plan_;
  shard::Chunk chunk_;
  absl::flat_hash_map<Hash128, std::uint32_t> series_;
  absl::flat_hash_map<std::pair<std::uint32_t, EventTime>, std::uint32_t, SeriesBucketHash> entries_;
  std::vector<std::uint32_t> batch_series_;  // batch's series number to the chunk's
};

Engine::Engine(std::shared_ptr<const Plan> plan, Listener& listener, bool report_closed)
    : plan_(std::move(plan)),
      listener_(listener),
      report_closed_(report_closed),
      tick_interval_(std::chrono::seconds(60)),
      shard_(std::make_shared<shard::Definitions>(definitions_of(*plan_)), report_closed),
      chunk_(std::make_unique<ChunkBuilder>(plan_)) {
  for (const alarm::AlarmDefinition& alarm : plan_->alarms) {
    if (alarm.period < tick_interval_) tick_interval_ = std::chrono::seconds(10);
  }
  for (const metric::MetricDefinition& metric : plan_->metrics) {
    coarsest_bucket_ = std::max(coarsest_bucket_, metric.bucket);
  }
  for (const FilterPlan& filter : plan_->filters) {
    if (filter.default_value) coarsest_bucket_ = std::max(coarsest_bucket_, kMinute);
  }
  const auto metric_sources = definitions_of(*plan_).metric_sources;
  for (std::uint32_t source = 0; source < plan_->sources.size(); ++source) {
    std::set<std::uint32_t> together{source};
    for (const auto& sources : metric_sources) {
      if (std::binary_search(sources.begin(), sources.end(), source))
        together.insert(sources.begin(), sources.end());
    }
    judged_with_.emplace_back(together.begin(), together.end());
  }
}

Engine::~Engine() = default;

void Engine::resolve_times(MatchedBatch& batch, EventTime before) {
  for (EventTime& time : batch.times) {
    if (time == event::kInheritTime) time = before;
    before = time;
  }
  std::vector<event::DeadLetter> untimed = std::exchange(batch.untimed, {});
  if (untimed.empty() || batch.times.front() != event::kInheritTime) return;
  std::ranges::move(untimed, std::back_inserter(batch.dead));
  batch.rejects.add(event::RejectReason::NoTime, untimed.size());
  batch.items.decoded -= untimed.size();
  batch.items.dead += untimed.size();
}

void Engine::consume(const MatchedBatch& batch, std::size_t begin, std::size_t end, EventTime from,
                     EventTime to) {
  const auto counts = [&](std::uint32_t event) {
    const EventTime time = batch.times[event];
    return time != event::kInheritTime && time >= from && time < to;
  };
  for (std::size_t i = begin; i < end; ++i) {
    if (counts(static_cast<std::uint32_t>(i))) ++counts_.events;
  }
  const auto by_event = [](const auto& item, std::size_t event) { return item.event < event; };
  chunk_->begin_batch(batch);
  for (auto at = std::lower_bound(batch.contributions.begin(), batch.contributions.end(), begin, by_event);
       at != batch.contributions.end() && at->event < end; ++at) {
    if (!counts(at->event)) continue;
    ++counts_.matched;
    if (at->reject) {
      counts_.rejects.add(*at->reject);
    } else {
      chunk_->add(batch, *at, batch.times[at->event]);
      if (chunk_->full()) flush();
    }
  }
  // A minute that `from` cuts had events all the same.
  const EventTime from_minute = from == kNever ? from : floor_to(from, kMinute);
  for (auto at = std::lower_bound(batch.seen.begin(), batch.seen.end(), begin, by_event);
       at != batch.seen.end() && at->event < end; ++at) {
    const EventTime time = batch.times[at->event];
    if (time != event::kInheritTime && time >= from_minute && time < to) chunk_->add(*at, time);
  }
}

void Engine::start(EventTime time, EventTime own_time) {
  TOCSIN_CHECK(!started_);
  started_ = true;
  shard_.apply(shard::Start{time, shard::Start::Later{own_source(*plan_), own_time}});
}

void Engine::add(const shard::Chunk& own) {
  flush();
  if (!own.empty()) shard_.apply(own);
}

shard::SetStateOutcome Engine::set_state(const shard::SetState& set) {
  if (!started_) return shard::SetStateOutcome::UnknownState;
  shard::Output output;
  const shard::SetStateOutcome outcome = shard_.apply(set, output);
  report(output);
  return outcome;
}

void Engine::flush() {
  if (!chunk_->chunk().empty()) shard_.apply(chunk_->chunk());
  chunk_->clear();
}

void Engine::tick(const std::vector<EventTime>& frontier, EventTime now, EventTime own) {
  flush();
  shard::Output output;
  shard::Tick tick{frontier, now};
  tick.frontier.push_back(own);
  shard_.apply(tick, output);
  report(output);
  listener_.on_time(*std::min_element(frontier.begin(), frontier.end()));
}

void Engine::close() {
  flush();
  shard::Output output;
  shard_.close_all(output);
  report(output);
}

void Engine::report(const shard::Output& output) {
  for (const alarm::Transition& transition : output.transitions) {
    const alarm::AlarmDefinition& alarm = plan_->alarms[transition.alarm];
    const auto notifications =
        notify::compose(transition, alarm, plan_->metrics[alarm.metric], plan_->installation, plan_->topics,
                        listener_.examples(transition));
    ++counts_.transitions;
    for (const notify::Notification& notification : notifications) {
      counts_.notifications +=
          std::max<std::size_t>(1, plan_->topics[notification.topic].subscriptions.size());
    }
    listener_.on_transition(transition, notifications);
  }
  for (const shard::ClosedBucket& bucket : output.closed) listener_.on_closed(bucket);
}

EngineCounts Engine::counts() const {
  EngineCounts counts = counts_;
  const shard::Counts& shard = shard_.counts();
  counts.rejects.add(event::RejectReason::Late, shard.late);
  counts.rejects.add(event::RejectReason::Overflow, shard.overflow);
  counts.datapoints = shard.datapoints;
  counts.series = shard.series;
  return counts;
}

}  // namespace tocsin::runtime
