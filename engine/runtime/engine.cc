#include "engine/runtime/engine.h"

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "engine/notify/event_notification.h"
#include "engine/notify/notification_wire.h"
#include "engine/runtime/plan_definitions.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);
constexpr std::size_t kMaxChunkEntries = 65'536;  // keeps memory flat however many series one minute has
constexpr std::size_t kMaxPostedBytes = std::size_t{8} << 20;  // and however many events rules match
constexpr std::uint64_t kNotificationFrame = 1024;  // of a notification, besides payload and attributes

struct SeriesBucketHash {
  std::size_t operator()(const std::pair<std::uint32_t, EventTime>& key) const {
    return absl::HashOf(key.first, key.second.time_since_epoch().count());
  }
};

// What it takes while it waits, roughly.
std::uint64_t size_of(const notify::Notification& notification) {
  std::uint64_t size = kNotificationFrame + notification.payload.size();
  for (const auto& [name, value] : notification.attributes) size += name.size() + value.size();
  return size;
}

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
  [[nodiscard]] shard::Chunk& chunk() { return chunk_; }

  [[nodiscard]] shard::Chunk take() {
    series_.clear();
    entries_.clear();
    batch_series_.clear();
    return std::exchange(chunk_, {});
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

Engine::Engine(std::shared_ptr<const Plan> plan, shard::Journal& journal, Listener& listener,
               std::uint64_t most_waiting)
    : plan_(std::move(plan)),
      journal_(journal),
      listener_(listener),
      most_waiting_(most_waiting),
      tick_interval_(std::chrono::seconds(60)),
      chunk_(std::make_unique<ChunkBuilder>(plan_)),
      policies_(*plan_) {
  for (const alarm::AlarmDefinition& alarm : plan_->alarms) {
    if (alarm.period < tick_interval_) tick_interval_ = std::chrono::seconds(10);
  }
  for (const metric::MetricDefinition& metric : plan_->metrics) {
    coarsest_bucket_ = std::max(coarsest_bucket_, metric.bucket);
  }
  for (const FilterPlan& filter : plan_->filters) {
    if (filter.default_value) coarsest_bucket_ = std::max(coarsest_bucket_, kMinute);
  }
  for (const notify::TopicDefinition& topic : plan_->topics)
    filtered_.emplace_back(topic.subscriptions.size());
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
    }
  }
  for (auto at = std::lower_bound(batch.rule_matches.begin(), batch.rule_matches.end(), begin, by_event);
       at != batch.rule_matches.end() && at->event < end; ++at) {
    if (counts(at->event)) take_event(batch, *at, batch.times[at->event]);
  }
  // A minute that `from` cuts had events all the same.
  const EventTime from_minute = from == kNever ? from : floor_to(from, kMinute);
  for (auto at = std::lower_bound(batch.seen.begin(), batch.seen.end(), begin, by_event);
       at != batch.seen.end() && at->event < end; ++at) {
    const EventTime time = batch.times[at->event];
    if (time != event::kInheritTime && time >= from_minute && time < to) chunk_->add(*at, time);
  }
}

// Its notifications stand beside the chunk that covers its offset, in the same commit: they are kept if it
// counts as read, and not otherwise.
void Engine::take_event(const MatchedBatch& batch, const RuleMatch& match, EventTime time) {
  ++counts_.rule_matches;
  if (waiting_bytes_ >= most_waiting_) {
    ++counts_.untold;
    return;
  }
  const RulePlan& rule = plan_->rules[match.rule];
  const RuledEvent& ruled = batch.ruled[match.ruled];
  Event event{match.rule, {time, batch.partition, ruled.index, ruled.offset}, next_number_, {}};
  notify::EventFacts facts;
  facts.rule = rule.name;
  facts.description = rule.description;
  facts.account = ruled.account;
  facts.region = ruled.region;
  facts.time = time;
  facts.log_group = ruled.log_group;
  facts.place = listener_.place(event.place);
  facts.summary = ruled.summary;
  // From half of the bound on they are told without their messages, and say so: more of them find room.
  std::string message = waiting_bytes_ < most_waiting_ / 2 ? ruled.message : std::string();
  event.notifications = policies_.judge(notify::compose({match.id, std::move(facts), ruled.log_stream,
                                                         std::move(message), ruled.bytes, ruled.is_object},
                                                        plan_->installation, rule.topics),
                                        ruled.policies);
  for (const JudgedNotification& judged : event.notifications) {
    posted_bytes_ += judged.notification.payload.size();
    waiting_bytes_ += size_of(judged.notification);
    std::vector<std::string> subscriptions = addressees(judged);
    if (subscriptions.empty()) continue;
    const std::uint64_t number = next_number_++;
    if (journal_.keeps()) {
      posted_.entries.push_back({number, plan_->topics[judged.notification.topic].name,
                                 std::move(subscriptions), notify::encode(judged.notification)});
    }
  }
  events_.push_back(std::move(event));
}

std::vector<std::string> Engine::addressees(const JudgedNotification& judged) const {
  const auto& subscriptions = plan_->topics[judged.notification.topic].subscriptions;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    if (judged.outcomes[i] == notify::FilterOutcome::Passed) names.push_back(subscriptions[i].outbox_name());
  }
  return names;
}

bool Engine::is_full() const { return chunk_->full() || posted_bytes_ >= kMaxPostedBytes; }

bool Engine::is_idle() const {
  return pending_.empty() && posted_.entries.empty() && events_.empty() && settled_.settled.empty() &&
         forgotten_.partitions.empty() && chunk_->chunk().empty();
}

std::uint32_t Engine::meet(std::string name) {
  chunk_->chunk().new_partitions.push_back(std::move(name));
  next_offsets_.push_back(0);
  return static_cast<std::uint32_t>(next_offsets_.size() - 1);
}

void Engine::cover(std::uint32_t partition, std::int64_t to, std::string place, EventTime last_event) {
  std::int64_t& next = next_offsets_[partition];
  // A source may say where it goes on without having more offsets: that a file is done with.
  if (to < next || (to == next && place.empty())) return;
  auto& covers = chunk_->chunk().covers;
  auto at = std::find_if(covers.begin(), covers.end(),
                         [&](const shard::Covered& covered) { return covered.partition == partition; });
  if (at == covers.end()) at = covers.insert(at, {partition, next, to, {}, kNever});
  at->to = next = to;
  at->place = std::move(place);
  at->last_event = last_event;
}

void Engine::post(OutboxNotification notification) {
  notification.number = next_number_++;
  posted_bytes_ += notification.notification.payload.size();
  if (journal_.keeps()) {
    posted_.entries.push_back({notification.number, notification.topic, notification.subscriptions,
                               notify::encode(notification.notification)});
  }
  to_release_.push_back(std::move(notification));
}

void Engine::settle(std::uint64_t number, std::string subscription, bool delivered) {
  if (journal_.keeps()) settled_.settled.push_back({number, std::move(subscription), delivered});
}

void Engine::start(EventTime time, EventTime own_time) {
  TOCSIN_CHECK(!started_);
  started_ = true;
  gather();
  pending_.push_back(shard::Start{time, shard::Start::Later{own_source(*plan_), own_time}});
}

void Engine::add(shard::Chunk own) {
  gather();
  if (!own.empty()) pending_.push_back(std::move(own));
}

std::optional<shard::SetStateOutcome> Engine::set_state(const shard::SetState& set) {
  if (!started_) return shard::SetStateOutcome::UnknownState;
  gather();
  pending_.push_back(set);
  shard::SetStateOutcome outcome = shard::SetStateOutcome::UnknownState;
  if (apply(&outcome)) return outcome;
  // What comes later must not do what the asker was told could not be done; unless it is done, and only not
  // told.
  if (pending_.empty()) return outcome;
  pending_.pop_back();
  return std::nullopt;
}

Result<void> Engine::tick(const std::vector<EventTime>& frontier, EventTime now, EventTime own) {
  gather();
  shard::Tick tick{frontier, now};
  tick.frontier.push_back(own);
  pending_.push_back(std::move(tick));
  if (auto kept = apply(); !kept) return kept;
  listener_.on_time(*std::min_element(frontier.begin(), frontier.end()));
  return {};
}

Result<void> Engine::commit() {
  gather();
  return apply();
}

void Engine::close() {
  TOCSIN_CHECK(commit().has_value() && !journal_.keeps());
  shard::Output output;
  journal_.machine().shard().close_all(output);
  for (const shard::ClosedBucket& bucket : output.closed) listener_.on_closed(bucket);
}

// What was consumed becomes a record. Dead letters stand beside the chunk that covers their offsets, in the
// same commit.
void Engine::gather() {
  if (journal_.keeps()) add_counts(chunk_->chunk());
  if (!chunk_->chunk().empty()) pending_.push_back(chunk_->take());
  post_in_records();
  if (!settled_.settled.empty()) pending_.push_back(std::exchange(settled_, {}));
  if (!forgotten_.partitions.empty()) pending_.push_back(std::exchange(forgotten_, {}));
}

// A record is one value in the store, which bounds its size. All of them are in the same commit.
void Engine::post_in_records() {
  shard::Outbox record;
  std::size_t bytes = 0;
  for (shard::OutboxEntry& entry : posted_.entries) {
    bytes += entry.content.size();
    record.entries.push_back(std::move(entry));
    if (bytes < kMaxPostedBytes) continue;
    pending_.push_back(std::exchange(record, {}));
    bytes = 0;
  }
  if (!record.entries.empty()) pending_.push_back(std::move(record));
  posted_.entries.clear();
}

Result<void> Engine::apply(shard::SetStateOutcome* outcome) {
  if (is_resuming_) {
    if (auto resumed = finish_resuming(); !resumed) return resumed;
  }
  shard::Output output;
  if (!pending_.empty()) {
    if (auto kept = journal_.commit(pending_, output, outcome); !kept) return kept;
    pending_.clear();
    release();
  }
  if (auto told = tell(); !told) return told;
  for (const shard::ClosedBucket& bucket : output.closed) listener_.on_closed(bucket);
  return {};
}

// Transitions that were decided get the bytes they are told with, and are told once these are kept.
Result<void> Engine::tell() {
  const auto& untold = journal_.machine().untold();
  if (untold.empty()) return {};
  shard::Outbox outbox;
  const std::uint64_t number = next_number_;
  for (const alarm::Transition& transition : untold) compose(transition, outbox);
  shard::Output none;
  if (auto kept = journal_.commit({std::move(outbox)}, none); !kept) {
    // Composed anew when it is tried again.
    to_tell_.clear();
    to_release_.clear();
    next_number_ = number;
    return kept;
  }
  for (const Told& told : std::exchange(to_tell_, {})) {
    if (!told.alarm) continue;
    ++counts_.transitions;
    for (const JudgedNotification& judged : told.notifications) count(judged);
    listener_.on_transition(told.transition, told.notifications);
  }
  release();
  return {};
}

void Engine::compose(const alarm::Transition& transition, shard::Outbox& outbox) {
  Told& told = to_tell_.emplace_back();
  told.transition = transition;
  outbox.told.push_back(transition.id);
  // The plan may have other alarms than the one that this was decided under.
  const std::string& name = shard().definitions().alarms[transition.alarm].name;
  const auto alarm =
      std::find_if(plan_->alarms.begin(), plan_->alarms.end(),
                   [&](const alarm::AlarmDefinition& definition) { return definition.name == name; });
  if (alarm == plan_->alarms.end()) return;
  told.alarm = told.transition.alarm = static_cast<std::uint32_t>(alarm - plan_->alarms.begin());
  told.notifications = policies_.judge(notify::compose(told.transition, *alarm, plan_->metrics[alarm->metric],
                                                       plan_->installation, plan_->topics,
                                                       listener_.examples(told.transition)));
  for (const JudgedNotification& judged : told.notifications) {
    std::vector<std::string> subscriptions = addressees(judged);
    if (subscriptions.empty()) continue;
    const std::string& topic = plan_->topics[judged.notification.topic].name;
    const std::uint64_t number = next_number_++;
    if (journal_.keeps())
      outbox.entries.push_back({number, topic, subscriptions, notify::encode(judged.notification)});
    to_release_.push_back({number, topic, std::move(subscriptions), judged.notification});
  }
}

void Engine::count(const JudgedNotification& judged) {
  if (judged.outcomes.empty()) ++counts_.notifications;
  for (std::size_t i = 0; i < judged.outcomes.size(); ++i) {
    const notify::FilterOutcome outcome = judged.outcomes[i];
    ++filtered_[judged.notification.topic][i][static_cast<std::size_t>(outcome)];
    ++(outcome == notify::FilterOutcome::Passed ? counts_.notifications : counts_.filtered);
  }
}

void Engine::release() {
  posted_bytes_ = 0;
  waiting_bytes_ = 0;
  for (Event& event : std::exchange(events_, {})) {
    for (const JudgedNotification& judged : event.notifications) count(judged);
    listener_.on_event(event.rule, event.place, event.notifications);
    std::uint64_t number = event.first_number;
    for (JudgedNotification& judged : event.notifications) {
      std::vector<std::string> subscriptions = addressees(judged);
      if (subscriptions.empty()) continue;
      listener_.on_outbox({number++, plan_->topics[judged.notification.topic].name, std::move(subscriptions),
                           std::move(judged.notification)});
    }
  }
  for (const OutboxNotification& notification : std::exchange(to_release_, {})) {
    listener_.on_outbox(notification);
  }
}

Result<void> Engine::resume(const std::function<void(const Note&)>& note) {
  const shard::StateMachine& machine = journal_.machine();
  started_ = machine.shard().started();
  next_number_ = machine.next_number();
  before_ = machine.shard().counts();
  for (const shard::PartitionState& partition : machine.partitions()) {
    next_offsets_.push_back(partition.next_offset);
  }
  if (!machine.outbox().empty()) {
    note({Severity::Info,
          "outbox_resumed",
          fmt::format("notifications that were still to be delivered: {}", machine.outbox().size()),
          "they go out now under the same ids; a receiver drops what it has already",
          {}});
  }
  // What was to be delivered comes before what is told only now. One after the other: there may be many.
  for (const auto& [number, entry] : machine.outbox()) {
    auto notification = notify::decode_notification(entry.content);
    if (!notification) return std::unexpected(notification.error());
    listener_.on_outbox({number, entry.topic, entry.subscriptions, std::move(*notification)});
  }
  is_resuming_ = true;
  return finish_resuming();
}

// What is untold was decided by the definitions of before.
Result<void> Engine::finish_resuming() {
  if (auto told = tell(); !told) return told;
  const std::string definitions = encode(definitions_of(*plan_));
  if (encode(shard().definitions()) != definitions) {
    shard::Output none;
    if (auto kept = journal_.commit({shard::Config{definitions}}, none); !kept) return kept;
  }
  is_resuming_ = false;
  return {};
}

void Engine::add_counts(shard::Chunk& chunk) {
  const auto add = [&](std::string name, std::uint64_t now, std::uint64_t before) {
    if (now != before) chunk.counts.emplace_back(std::move(name), now - before);
  };
  add("events", counts_.events, counted_.events);
  add("matched", counts_.matched, counted_.matched);
  add("rule_matches", counts_.rule_matches, counted_.rule_matches);
  add("untold", counts_.untold, counted_.untold);
  add("filtered", counts_.filtered, counted_.filtered);
  add("read", counts_.items.read, counted_.items.read);
  add("decoded", counts_.items.decoded, counted_.items.decoded);
  add("refused", counts_.items.refused, counted_.items.refused);
  add("dead", counts_.items.dead, counted_.items.dead);
  add("skipped", counts_.items.skipped_total(), counted_.items.skipped_total());
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    const std::uint64_t now = counts_.rejects.counts[i];
    const std::uint64_t before = counted_.rejects.counts[i];
    if (now != before) add(fmt::format("rejected.{}", event::kRejectNames[i]), now, before);
  }
  counted_ = counts_;
}

EngineCounts Engine::counts() const {
  EngineCounts counts = counts_;
  // Of this run, as the others are: the shard may be older.
  shard::Counts shard = journal_.machine().shard().counts();
  shard.late -= before_.late;
  shard.overflow -= before_.overflow;
  shard.datapoints -= before_.datapoints;
  counts.rejects.add(event::RejectReason::Late, shard.late);
  counts.rejects.add(event::RejectReason::Overflow, shard.overflow);
  counts.datapoints = shard.datapoints;
  counts.series = shard.series;
  return counts;
}

}  // namespace tocsin::runtime
