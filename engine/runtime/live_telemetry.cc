#include "engine/runtime/live_telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kStepInterval{500};
constexpr Duration kProcessInterval = std::chrono::seconds(5);  // walks /proc
constexpr Duration kLateSlot = std::chrono::seconds(10);

// Why a source's time stands behind the clock.
SourceTelemetry::Held in_words(const SourceTime& time, const SourceTelemetry& source) {
  using Reason = FrontierHold::Reason;
  const FrontierHold& hold = *time.hold;
  SourceTelemetry::Held held{{}, {}, hold.behind};
  switch (hold.reason) {
    case Reason::Unanswered:
      held.reason = "unanswered";
      held.text = !source.connected        ? "it is not connected"
                  : time.partition.empty() ? "nothing has been heard of it yet"
                                           : fmt::format("nothing is heard of {}", time.partition);
      break;
    case Reason::NoPartitions:
      held.reason = "no_partitions";
      held.text = hold.topic.empty() ? "it owns no partition"
                                     : fmt::format("it has no partition of topic {}", hold.topic);
      break;
    case Reason::Lagging: {
      held.reason = "lagging";
      const auto partition = std::ranges::find(source.partitions, time.partition, &PartitionTelemetry::name);
      const auto lag = partition == source.partitions.end() ? std::nullopt : partition->lag();
      held.text = fmt::format("{} lags by {}{}", time.partition,
                              format_duration(std::chrono::floor<std::chrono::seconds>(hold.behind)),
                              lag ? fmt::format(", {} records behind", *lag) : std::string());
      break;
    }
  }
  return held;
}

std::string_view advice_for(const FrontierHold& hold) {
  switch (hold.reason) {
    case FrontierHold::Reason::Unanswered:
      return "look at what it reads from and the way there";
    case FrontierHold::Reason::NoPartitions:
      return hold.topic.empty() ? "stop the other readers of its group, or give this one a group of its own"
                                : "create the topic, or take it out of `topics:`";
    case FrontierHold::Reason::Lagging:
      return "reading goes on; if the lag grows, there is more than this process can take";
  }
  TOCSIN_CHECK(false);
}

Note goes_on(const std::string& source, Duration stood, WallTime now) {
  const std::string from =
      format_rfc3339(as_event_time(std::chrono::floor<std::chrono::seconds>(now - stood)));
  const std::string to = format_rfc3339(as_event_time(std::chrono::floor<std::chrono::seconds>(now)));
  return {Severity::Info,
          "source_goes_on",
          fmt::format("{}: its time goes on, after {}: it stood still from {} to {}", source,
                      format_duration(std::chrono::floor<std::chrono::seconds>(stood)), from, to),
          {},
          {{"source", source},
           {"from", from},
           {"to", to},
           {"seconds", fmt::format("{:.1f}", std::chrono::duration<double>(stood).count())}}};
}

}  // namespace

LiveTelemetry::LiveTelemetry(std::shared_ptr<const Plan> plan, Settings settings,
                             std::function<void(const Note&)> note)
    : plan_(std::move(plan)),
      settings_(std::move(settings)),
      note_(std::move(note)),
      configured_at_(settings_.now()),
      own_(*plan_),
      own_start_(floor_to(as_event_time(configured_at_), kOwnInterval)),
      own_frontier_(own_start_) {
  for (const source::SourceSettings& source : plan_->sources) {
    meters_.push_back({{}, {}, StallWatch(settings_.stall_limit, Duration{0})});
    meters_.back().seen.name = source.name;
  }
}

Duration LiveTelemetry::steady() const {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - origin_);
}

void LiveTelemetry::on_batch(std::uint32_t source, const MatchedBatch& batch,
                             const event::RejectCounts& before, const event::RejectCounts& after) {
  Meter& meter = meters_[source];
  SourceTelemetry& seen = meter.seen;
  seen.records += batch.records;
  seen.bytes += batch.bytes;
  seen.items.merge(batch.items);
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    seen.rejects.counts[i] += after.counts[i] - before.counts[i];
  }
  const EventTime arrived = as_event_time(batch.read_at);
  const std::int64_t slot = steady() / kLateSlot;
  LateSlot& late = meter.late[static_cast<std::size_t>(slot) % meter.late.size()];
  if (late.slot != slot) late = {slot};
  for (const EventTime time : batch.times) {
    if (time == event::kInheritTime) continue;
    ++seen.events;
    ++late.events;
    seen.newest_event = std::max(seen.newest_event, time);
    const Duration took = std::max(arrived - time, Duration{0});
    late.sum_ms += static_cast<double>(took.count());
    late.greatest = std::max(late.greatest, took);
  }
}

void LiveTelemetry::on_status(std::uint32_t source, const source::SourceStatus& status,
                              std::vector<std::string> partitions) {
  SourceTelemetry& seen = meters_[source].seen;
  seen.connected = status.connected;
  seen.rebalances = status.rebalances;
  seen.queued_bytes = status.queued_bytes;
  seen.partitions.clear();
  bool caught_up = !status.partitions.empty();
  for (std::size_t i = 0; i < status.partitions.size(); ++i) {
    const source::Progress& progress = status.partitions[i];
    seen.partitions.push_back({std::move(partitions[i]), progress.caught_up, progress.finished,
                               progress.position, progress.end, progress.committed});
    caught_up = caught_up && (progress.caught_up || progress.finished);
  }
  seen.was_caught_up = seen.was_caught_up || caught_up;
}

void LiveTelemetry::on_ended(std::uint32_t source) {
  meters_[source].seen.ended = true;
  meters_[source].seen.partitions.clear();
}

std::optional<SourceTelemetry::Lateness> LiveTelemetry::lateness_of(const Meter& meter) const {
  const std::int64_t oldest = steady() / kLateSlot - static_cast<std::int64_t>(meter.late.size());
  LateSlot all;
  for (const LateSlot& slot : meter.late) {
    if (slot.slot <= oldest) continue;
    all.events += slot.events;
    all.sum_ms += slot.sum_ms;
    all.greatest = std::max(all.greatest, slot.greatest);
  }
  if (all.events == 0) return std::nullopt;
  const double mean = all.sum_ms / static_cast<double>(all.events);
  return SourceTelemetry::Lateness{Duration{static_cast<Duration::rep>(mean)}, all.greatest};
}

void LiveTelemetry::watch_stalls(const std::vector<SourceTime>& times) {
  const Duration now = steady();
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    Meter& meter = meters_[i];
    SourceTelemetry& seen = meter.seen;
    seen.frontier = seen.ended ? kForever : times[i].frontier;
    seen.held.reset();
    if (times[i].hold && !seen.ended) seen.held = in_words(times[i], seen);
    switch (meter.stall.observe(seen.frontier, now)) {
      case StallWatch::Change::None:
        break;
      case StallWatch::Change::Stalled: {
        seen.stalled_since = settings_.now() - (now - meter.stall.since());
        const std::string why = seen.held ? ": " + seen.held->text : std::string();
        const std::string advice =
            seen.held ? fmt::format("; {}", advice_for(*times[i].hold)) : std::string();
        note_({Severity::Error,
               "source_stalled",
               fmt::format("{}: its time has stood still for {}{}", seen.name,
                           format_duration(settings_.stall_limit), why),
               "the alarms it feeds are not judged until it goes on; what it missed is judged then" + advice,
               {{"source", seen.name}, {"reason", std::string(seen.held ? seen.held->reason : "unknown")}}});
        break;
      }
      case StallWatch::Change::GoesOn:
        seen.stalled_since.reset();
        note_(goes_on(seen.name, meter.stall.stood(), settings_.now()));
        break;
    }
  }
}

void LiveTelemetry::step(Engine& engine, const Worker& worker, const WaitingPlaces& places, EventTime clock,
                         const std::function<std::vector<SourceTime>()>& times) {
  const Duration now = steady();
  if (last_step_ && now - *last_step_ < kStepInterval) return;
  last_step_ = now;
  feed_own_metrics(engine, *publish(engine, worker, places, times(), Telemetry::Phase::Running), clock);
}

std::shared_ptr<const Telemetry> LiveTelemetry::publish(const Engine& engine, const Worker& worker,
                                                        const WaitingPlaces& places,
                                                        const std::vector<SourceTime>& times,
                                                        Telemetry::Phase phase) {
  watch_stalls(times);
  const Duration now = steady();
  if (!last_process_ || now - *last_process_ >= kProcessInterval) {
    last_process_ = now;
    process_ = process_facts();
    if (settings_.state_bytes) state_bytes_ = settings_.state_bytes();
  }
  const auto telemetry = std::make_shared<Telemetry>();
  telemetry->phase = phase;
  telemetry->at = settings_.now();
  telemetry->configured_at = configured_at_;
  telemetry->engine = engine.counts();
  telemetry->evaluations = engine.evaluations();
  telemetry->alarms = engine.shard().state_counts();
  telemetry->process = process_;
  if (engine.keeps()) {
    const shard::StateMachine& machine = engine.machine();
    telemetry->state = {state_bytes_, machine.outbox().size(), machine.outbox_bytes()};
  }
  for (const Meter& meter : meters_) {
    telemetry->sources.push_back(meter.seen);
    telemetry->sources.back().lateness = lateness_of(meter);
  }
  for (std::size_t i = 0; i < plan_->filters.size(); ++i) {
    telemetry->filters.push_back({plan_->filters[i].name, worker.matched()[i]});
  }
  for (std::size_t i = 0; i < plan_->rules.size(); ++i) {
    telemetry->rules.push_back({plan_->rules[i].name, worker.matched()[plan_->filters.size() + i]});
  }
  auto statuses = places.outbox.status();
  std::size_t at = 0;
  for (std::uint32_t t = 0; t < plan_->topics.size(); ++t) {
    const notify::TopicDefinition& topic = plan_->topics[t];
    for (std::uint32_t s = 0; s < topic.subscriptions.size(); ++s) {
      telemetry->subscriptions.push_back({topic.name, topic.subscriptions[s].name, std::move(statuses[at++]),
                                          places.events.waiting(t, s), engine.filtered(t, s)});
    }
  }
  if (settings_.board != nullptr) settings_.board->publish(telemetry);
  return telemetry;
}

// Datapoints belong to the interval that has just passed, so that time may go on to its end. After a jump of
// the clock the interval that it landed in is taken; one that goes back waits until it is where it was.
void LiveTelemetry::feed_own_metrics(Engine& engine, const Telemetry& telemetry, EventTime clock) {
  if (own_.empty() || engine.has_pending()) return;  // while nothing can be kept, nothing piles up
  const EventTime passed = floor_to(clock, kOwnInterval);
  if (passed <= own_frontier_) return;
  engine.add(own_.sample(telemetry, passed - Duration{1}));
  own_frontier_ = passed;
}

}  // namespace tocsin::runtime
