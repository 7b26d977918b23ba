// The engine's core, the same for `run` and `backtest`: takes matched events in their order, folds them into
// chunks, tells the shard how far time is known, and passes on what comes out.
//
//   MatchedBatch --consume()--> Chunk ─┐
//   frontier --tick()------------------┴─► shard::Shard --> Listener
//
// Pure: time comes in as parameters. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/event/dead_letter.h"
#include "engine/event/reject.h"
#include "engine/notify/notification.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/worker.h"
#include "engine/shard/shard.h"

namespace tocsin::runtime {

// Who is told what the engine decides. Called from within tick(), in order, unless said otherwise.
class Listener {
 public:
  virtual ~Listener() = default;
  // A change of state and the notifications it leads to.
  virtual void on_transition(const alarm::Transition& transition,
                             const std::vector<notify::Notification>& notifications) = 0;
  // A bucket that cannot change any more; only if the engine was asked to report them.
  virtual void on_closed(const shard::ClosedBucket& bucket) = 0;
  // Items of the engine's partition `partition` died; called from within count_items().
  virtual void on_dead(std::uint32_t /*partition*/, std::vector<event::DeadLetter> /*letters*/) {}
  // Time has come to `time`: what follows belongs to later, but for buckets that some alarm still looked at.
  virtual void on_time(EventTime time) = 0;
  // The events behind a change of state that is about to be told, as far as they are at hand.
  [[nodiscard]] virtual std::vector<notify::AlarmFacts::Example> examples(const alarm::Transition&) const {
    return {};
  }
};

struct EngineCounts {
  std::uint64_t events = 0;   // that filters looked at
  std::uint64_t matched = 0;  // (event, filter) pairs
  event::RejectCounts rejects;
  event::ItemCounts items;       // the ledger of decoding
  std::uint64_t datapoints = 0;  // (series, bucket) pairs with data
  std::uint64_t transitions = 0;
  std::uint64_t notifications = 0;
  std::uint64_t series = 0;
};

class Engine {
 public:
  Engine(std::shared_ptr<const Plan> plan, Listener& listener, bool report_closed);
  ~Engine();

  // The events of a batch whose time the batch does not know take that of the event before them: `before` is
  // the time of the last event of the partition's earlier batches (kNever: none). Events that stay without a
  // time keep kInheritTime and are dead from then on. Lets go of the batch's untimed texts.
  static void resolve_times(MatchedBatch& batch, EventTime before);

  // Takes the events [begin, end) of a batch with resolved times. Events outside [from, to) are passed over,
  // uncounted.
  void consume(const MatchedBatch& batch, std::size_t begin, std::size_t end, EventTime from = kNever,
               EventTime to = kForever);

  // Adds what became of the batch's items; once for each batch, after resolve_times().
  void count_items(MatchedBatch& batch) {
    counts_.rejects.merge(batch.rejects);
    counts_.items.merge(batch.items);
    if (!batch.dead.empty()) listener_.on_dead(batch.partition, std::exchange(batch.dead, {}));
  }

  // All rejects so far but those of the shard: `late`, `overflow`.
  [[nodiscard]] const event::RejectCounts& rejects() const { return counts_.rejects; }

  // Takes datapoints of the engine's own metrics (own_metrics.h).
  void add(const shard::Chunk& own);

  // Sets an alarm's state by hand; what that leads to is told to the listener.
  [[nodiscard]] shard::SetStateOutcome set_state(const shard::SetState& set);

  // Before the first tick: the moment from which alarms are judged; those on own metrics from `own_time`.
  void start(EventTime time, EventTime own_time = kNever);
  [[nodiscard]] bool started() const { return started_; }

  // The sources that feed a metric together with `source`, itself included: an event of it is judged once all
  // of them have come past it.
  [[nodiscard]] const std::vector<std::uint32_t>& judged_with(std::uint32_t source) const {
    return judged_with_[source];
  }

  // `frontier` has one entry for each source of the plan. With a clock (`now`), alarms that may ring early do.
  // `own` is the frontier of the engine's own metrics, which only a running engine has.
  void tick(const std::vector<EventTime>& frontier, EventTime now = kNever, EventTime own = kNever);

  // At the end of history: reports what is still open.
  void close();

  [[nodiscard]] EngineCounts counts() const;
  [[nodiscard]] const shard::Shard& shard() const { return shard_; }

  // The smallest interval at which some alarm is judged: how fine ticks have to be.
  [[nodiscard]] Duration tick_interval() const { return tick_interval_; }

  // The size of the coarsest bucket: once time has passed the one of an event, the event is judged.
  [[nodiscard]] Duration coarsest_bucket() const { return coarsest_bucket_; }

 private:
  class ChunkBuilder;

  void flush();
  void report(const shard::Output& output);

  const std::shared_ptr<const Plan> plan_;
  Listener& listener_;
  const bool report_closed_;
  Duration tick_interval_;
  Duration coarsest_bucket_{1000};
  shard::Shard shard_;
  std::unique_ptr<ChunkBuilder> chunk_;
  EngineCounts counts_;
  bool started_ = false;
  std::vector<std::vector<std::uint32_t>> judged_with_;
};

}  // namespace tocsin::runtime
