#include "engine/runtime/replay.h"

#include <algorithm>
#include <queue>

#include "engine/base/check.h"
#include "engine/runtime/history_workers.h"
#include "engine/runtime/plan_definitions.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);

// One partition on its way through the merge.
struct Cursor {
  MatchedBatch batch;          // being consumed
  std::size_t next_event = 0;  // in it
  EventTime last = kNever;     // the last event's time
  EventTime largest = kNever;
};

class Replay {
 public:
  Replay(std::shared_ptr<const Plan> plan, const ReplayOptions& options, PartitionTable& partitions,
         Listener& listener, const std::function<void(const ReplayProgress&)>& progress,
         const std::atomic<bool>& stop)
      : plan_(std::move(plan)),
        options_(options),
        partitions_(partitions),
        journal_(std::make_shared<const shard::Definitions>(definitions_of(*plan_)), options.report_closed),
        engine_(plan_, journal_, listener),
        progress_(progress),
        stop_(stop),
        from_(options.from.value_or(kNever)),
        to_(options.to.value_or(kForever)),
        workers_(plan_, options.workers) {}

  Result<ReplayResult> run(std::vector<ReplayInput> inputs) {
    for (ReplayInput& input : inputs) {
      const std::uint32_t index = partitions_.add(plan_->sources[input.source], input.source,
                                                  input.partition.name, options_.age_limits);
      TOCSIN_CHECK(index == cursors_.size());
      cursors_.push_back(std::make_unique<Cursor>());
      const bool may_wait = input.partition.bytes == 0;  // not a file that is all there
      workers_.add(std::move(input.partition.open), partitions_[index], may_wait);
      order_.push({kNever, index});
    }
    unfinished_ = cursors_.size();
    waiting_ = unfinished_;
    while (!order_.empty() && !stopped_) {
      const std::uint32_t index = order_.top().second;
      order_.pop();
      if (auto done = advance(index); !done) return std::unexpected(done.error());
    }
    return finish();
  }

 private:
  using Key = std::pair<EventTime, std::uint32_t>;

  // Consumes events of one partition for as long as its last event is the oldest of all.
  Result<void> advance(std::uint32_t index) {
    Cursor& cursor = *cursors_[index];
    for (;;) {
      if (stop_.load(std::memory_order_relaxed)) {
        stopped_ = true;
        return {};
      }
      if (auto more = ensure_event(index); !more) {
        return std::unexpected(more.error());
      } else if (!*more) {
        finish_partition(cursor);
        return {};
      }
      const MatchedBatch& batch = cursor.batch;
      const Key limit = order_.empty() ? Key{kForever, UINT32_MAX} : order_.top();
      std::size_t begin = cursor.next_event;
      std::size_t end = begin;
      while (end < batch.times.size() && Key{cursor.last, index} <= limit) {
        const EventTime time = batch.times[end++];
        if (time == event::kInheritTime) continue;
        cursor.last = time;
        if (time <= cursor.largest) continue;
        const bool crosses = cursor.largest < threshold_ && time >= threshold_;
        cursor.largest = time;
        if (crosses && --waiting_ == 0) {
          consume(batch, begin, end);
          begin = end;
          advance_time();
        }
      }
      consume(batch, begin, end);
      cursor.next_event = end;
      if (end < batch.times.size()) {
        order_.push({cursor.last, index});
        return {};
      }
    }
  }

  void consume(const MatchedBatch& batch, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const EventTime time = batch.times[i];
      if (time == event::kInheritTime) continue;
      oldest_ = std::min(oldest_, time);
      if (time < from_ || time >= to_) continue;
      first_ = std::min(first_, time);
      last_ = std::max(last_, time);
    }
    engine_.consume(batch, begin, end, from_, to_);
    if (engine_.is_full()) keep(engine_.commit());
  }

  // A journal without a log takes everything.
  static void keep(const Result<void>& kept) { TOCSIN_CHECK(kept.has_value()); }

  // Makes sure that the partition's batch has an event to consume; false at the end of the partition.
  Result<bool> ensure_event(std::uint32_t index) {
    Cursor& cursor = *cursors_[index];
    while (cursor.next_event == cursor.batch.times.size()) {
      auto next = workers_.next(index);
      if (!next) return std::unexpected(next.error());
      cursor.next_event = 0;
      if (!*next) {
        cursor.batch = MatchedBatch();
        return false;
      }
      cursor.batch = std::move(**next);
      bytes_ += cursor.batch.bytes;
      partitions_.at(index).name.by_line = cursor.batch.by_line;
      Engine::resolve_times(cursor.batch, cursor.last);
      engine_.count_items(cursor.batch);
    }
    return true;
  }

  void finish_partition(Cursor& cursor) {
    --unfinished_;
    const bool was_waiting = cursor.largest < threshold_;
    cursor.largest = kForever;  // does not hold time back any more
    if (was_waiting && --waiting_ == 0 && unfinished_ > 0) advance_time();
  }

  // Every partition has reached the threshold: time moves on, and the next threshold is one tick further.
  void advance_time() {
    EventTime smallest = kForever;
    for (const auto& cursor : cursors_) smallest = std::min(smallest, cursor->largest);
    TOCSIN_CHECK(smallest != kForever && smallest != kNever);
    const Duration interval = engine_.tick_interval();
    const EventTime time =
        floor_to(std::min(smallest - options_.lateness, to_ == kForever ? kLatestTime : to_), interval);
    // What is still to come within the lateness is not before `time`, so once that is behind the oldest
    // event's minute, the oldest event is known, however the events were dealt to partitions.
    if (engine_.started() || time > starting_time()) {
      start_engine();
      if (time > time_) tick(time);
    }
    threshold_ = time + interval + options_.lateness;
    waiting_ = static_cast<std::size_t>(std::count_if(
        cursors_.begin(), cursors_.end(), [&](const auto& cursor) { return cursor->largest < threshold_; }));
    // `to` was reached: no threshold any more.
    if (waiting_ == 0) threshold_ = kForever;
  }

  EventTime starting_time() const {
    return options_.from.value_or(floor_to(std::min(oldest_, to_), kMinute));
  }

  EventTime end_of_history() const {
    const EventTime end = floor_to(last_, kMinute) + kMinute;
    return std::max(end, std::min(end + options_.run_on, floor_to(options_.present, kMinute)));
  }

  void start_engine() {
    if (engine_.started()) return;
    time_ = starting_time();
    engine_.start(time_);
  }

  void tick(EventTime time) {
    time_ = time;
    keep(engine_.tick(std::vector<EventTime>(plan_->sources.size(), time)));
    if (progress_) {
      progress_({bytes_, engine_.counts().events, time, cursors_.size() - unfinished_});
    }
  }

  ReplayResult finish() {
    ReplayResult result;
    if (last_ != kNever || options_.to) {
      start_engine();
      result.end = options_.to.value_or(end_of_history());
      if (result.end >= time_) tick(result.end);
    }
    engine_.close();
    result.counts = engine_.counts();
    result.first_event = first_;
    result.last_event = last_;
    result.stopped = stopped_;
    return result;
  }

  const std::shared_ptr<const Plan> plan_;
  const ReplayOptions options_;
  PartitionTable& partitions_;
  shard::Journal journal_;
  Engine engine_;
  const std::function<void(const ReplayProgress&)>& progress_;
  const std::atomic<bool>& stop_;
  const EventTime from_;
  const EventTime to_;

  std::vector<std::unique_ptr<Cursor>> cursors_;  // as numbered in partitions_
  std::priority_queue<Key, std::vector<Key>, std::greater<>>
      order_;  // unfinished partitions by their last event
  std::size_t unfinished_ = 0;
  std::size_t waiting_ = 0;  // unfinished partitions whose largest event time is below the threshold
  EventTime threshold_ = kNever + Duration{1};  // the first: every partition has an event
  EventTime time_ = kNever;
  EventTime oldest_ = kForever;  // of all events, those passed over too
  EventTime first_ = kForever;   // of the events that count, as last_ is
  EventTime last_ = kNever;
  std::uint64_t bytes_ = 0;
  bool stopped_ = false;
  HistoryWorkers workers_;
};

}  // namespace

Result<ReplayResult> replay(std::shared_ptr<const Plan> plan, std::vector<ReplayInput> inputs,
                            const ReplayOptions& options, PartitionTable& partitions, Listener& listener,
                            const std::function<void(const ReplayProgress&)>& progress,
                            const std::atomic<bool>& stop) {
  return Replay(std::move(plan), options, partitions, listener, progress, stop).run(std::move(inputs));
}

}  // namespace tocsin::runtime
