// The engine's core, the same for `run` and `backtest`: takes matched events in their order, folds them into
// chunks, tells the journal what was learned and how far time is known, and passes on what comes out.
//
//   MatchedBatch --consume(), cover()--> Chunk ─┐   (and, of events that rules match, notifications: post())
//   frontier --tick()---------------------------┼─► shard::Journal --> Listener
//   settle(), set_state(), post() --------------┘
//
// What a journal keeps is durable before anybody is told: a chunk with its offsets, and the dead letters and
// the events of rules among them, at once; a transition when it is decided, and then, in an Outbox record,
// with the bytes that every attempt to deliver it will send. Whatever fails to be kept (a full disk) stays
// pending, in order, and goes with the next commit(); nothing is applied or told meanwhile.
//
// Pure: time comes in as parameters. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/event/dead_letter.h"
#include "engine/event/reject.h"
#include "engine/notify/filter_policy.h"
#include "engine/notify/notification.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/policy_judge.h"
#include "engine/runtime/worker.h"
#include "engine/shard/journal.h"

namespace tocsin::runtime {

struct OutboxNotification {
  std::uint64_t number = 0;  // for settle()
  std::string topic;
  std::vector<std::string> subscriptions;  // by SubscriptionDefinition::outbox_name()
  notify::Notification notification;       // its topic is not set
};

// Who is told what the engine decides. Called from within tick(), in order, unless said otherwise.
class Listener {
 public:
  virtual ~Listener() = default;
  // A change of state and the notifications it leads to.
  virtual void on_transition(const alarm::Transition& transition,
                             const std::vector<JudgedNotification>& notifications) = 0;
  // An event that a rule tells, and its notifications; `rule` is an index into the plan's.
  virtual void on_event(std::uint32_t /*rule*/, const metric::Evidence& /*event*/,
                        const std::vector<JudgedNotification>& /*notifications*/) {}
  // A bucket that cannot change any more; only if the engine was asked to report them.
  virtual void on_closed(const shard::ClosedBucket& bucket) = 0;
  // Items of the engine's partition `partition` died; called from within count_items().
  virtual void on_dead(std::uint32_t /*partition*/, std::vector<event::DeadLetter> /*letters*/) {}
  // To be delivered to these subscriptions of `topic`, from now on: it is kept. What was still to be
  // delivered when the run before ended comes first, under the same number.
  virtual void on_outbox(const OutboxNotification& /*notification*/) {}
  // Time has come to `time`: what follows belongs to later, but for buckets that some alarm still looked at.
  virtual void on_time(EventTime time) = 0;
  // Where a person finds an event.
  [[nodiscard]] virtual std::string place(const metric::Evidence&) const { return {}; }
  // The events behind a change of state that is about to be told, as far as they are at hand.
  [[nodiscard]] virtual std::vector<notify::AlarmFacts::Example> examples(const alarm::Transition&) const {
    return {};
  }
};

struct EngineCounts {
  std::uint64_t events = 0;        // that filters looked at
  std::uint64_t matched = 0;       // (event, filter) pairs
  std::uint64_t rule_matches = 0;  // (event, rule) pairs
  std::uint64_t untold = 0;        // of these: beyond what may wait for a commit
  event::RejectCounts rejects;
  event::ItemCounts items;       // the ledger of decoding
  std::uint64_t datapoints = 0;  // (series, bucket) pairs with data
  std::uint64_t transitions = 0;
  std::uint64_t notifications = 0;
  std::uint64_t filtered = 0;  // notifications that a subscription's filter policy kept from it
  std::uint64_t series = 0;
};

// Of a subscription: what became of the notifications of its topic, by notify::FilterOutcome.
using FilterCounts = std::array<std::uint64_t, notify::kFilterOutcomes>;

class Engine {
 public:
  // The journal outlives the engine; resume() comes first where it may have been used before. Rules may make
  // any number of notifications of one record, and what a record leads to is kept all at once: once those
  // that wait for a commit have `most_waiting` bytes no more are made, and the matches count as untold. From
  // half of it on they are made without the events' messages.
  Engine(std::shared_ptr<const Plan> plan, shard::Journal& journal, Listener& listener,
         std::uint64_t most_waiting = std::numeric_limits<std::uint64_t>::max());
  ~Engine();

  // Goes on from what the journal holds: what was decided and not told is told, the plan's definitions take
  // the place of others, what is to be delivered goes to the listener. `note` gets what a person should know
  // of it. Where that cannot be kept now (Exhausted, Unavailable) it comes with the next commit() or tick(),
  // before all else.
  [[nodiscard]] Result<void> resume(const std::function<void(const Note&)>& note);

  // The events of a batch whose time the batch does not know take that of the event before them: `before` is
  // the time of the last event of the partition's earlier batches (kNever: none). Events that stay without a
  // time keep kInheritTime and are dead from then on. Lets go of the batch's untimed texts.
  static void resolve_times(MatchedBatch& batch, EventTime before);

  // Takes the events [begin, end) of a batch with resolved times. Events outside [from, to) are passed over,
  // uncounted. What is taken waits for the next commit() or tick().
  void consume(const MatchedBatch& batch, std::size_t begin, std::size_t end, EventTime from = kNever,
               EventTime to = kForever);
  // So much waits that a commit() should not.
  [[nodiscard]] bool is_full() const;

  // Adds what became of the batch's items; once for each batch, after resolve_times().
  void count_items(MatchedBatch& batch) {
    counts_.rejects.merge(batch.rejects);
    counts_.items.merge(batch.items);
    if (!batch.dead.empty()) listener_.on_dead(batch.partition, std::exchange(batch.dead, {}));
  }

  // A partition that the journal does not know yet; returns its number.
  std::uint32_t meet(std::string name);
  // The offsets before `to` of a partition have been consumed, with the batch.
  void cover(std::uint32_t partition, std::int64_t to, std::string place, EventTime last_event);
  // The first offset that has not been.
  [[nodiscard]] std::int64_t next_offset(std::uint32_t partition) const { return next_offsets_[partition]; }

  // Nothing will come of a partition again: the journal need not know it any more.
  void forget(std::uint32_t partition) { forgotten_.partitions.push_back(partition); }

  // Something to deliver that belongs to what was consumed: a dead letter. Its number is given here.
  void post(OutboxNotification notification);
  // A subscription has something, or never will.
  void settle(std::uint64_t number, std::string subscription, bool delivered);

  // Matches of rules that nobody is told of.
  [[nodiscard]] std::uint64_t untold() const { return counts_.untold; }

  // All rejects so far but those of the shard: `late`, `overflow`.
  [[nodiscard]] const event::RejectCounts& rejects() const { return counts_.rejects; }

  // Takes datapoints of the engine's own metrics (own_metrics.h).
  void add(shard::Chunk own);

  // Sets an alarm's state by hand; what that leads to is told to the listener. Nothing if it cannot be kept
  // now.
  [[nodiscard]] std::optional<shard::SetStateOutcome> set_state(const shard::SetState& set);

  // Before the first tick: the moment from which alarms are judged; those on own metrics from `own_time`.
  // Once in a journal's life.
  void start(EventTime time, EventTime own_time = kNever);
  [[nodiscard]] bool started() const { return started_; }

  // The sources that feed a metric together with `source`, itself included: an event of it is judged once all
  // of them have come past it.
  [[nodiscard]] const std::vector<std::uint32_t>& judged_with(std::uint32_t source) const {
    return judged_with_[source];
  }

  // `frontier` has one entry for each source of the plan. With a clock (`now`), alarms that may ring early
  // do. `own` is the frontier of the engine's own metrics, which only a running engine has.
  [[nodiscard]] Result<void> tick(const std::vector<EventTime>& frontier, EventTime now = kNever,
                                  EventTime own = kNever);

  // Keeps and applies everything that waits. Exhausted and Unavailable may pass: it waits on.
  [[nodiscard]] Result<void> commit();

  // Something could not be kept, and waits.
  [[nodiscard]] bool has_pending() const { return is_resuming_ || !pending_.empty(); }
  // What waits is of resume(): the shard still has the definitions of before.
  [[nodiscard]] bool is_resuming() const { return is_resuming_; }
  // Nothing was consumed, settled, posted or forgotten since the last commit.
  [[nodiscard]] bool is_idle() const;

  // At the end of history: reports what is still open.
  void close();

  [[nodiscard]] EngineCounts counts() const;
  [[nodiscard]] const FilterCounts& filtered(std::uint32_t topic, std::uint32_t subscription) const {
    return filtered_[topic][subscription];
  }
  // Judgements made in this run.
  [[nodiscard]] std::uint64_t evaluations() const {
    return shard().counts().evaluations - before_.evaluations;
  }
  [[nodiscard]] const shard::Shard& shard() const { return machine().shard(); }
  [[nodiscard]] const shard::StateMachine& machine() const { return std::as_const(journal_).machine(); }
  [[nodiscard]] bool keeps() const { return journal_.keeps(); }

  // The smallest interval at which some alarm is judged: how fine ticks have to be.
  [[nodiscard]] Duration tick_interval() const { return tick_interval_; }

  // The size of the coarsest bucket: once time has passed the one of an event, the event is judged.
  [[nodiscard]] Duration coarsest_bucket() const { return coarsest_bucket_; }

 private:
  class ChunkBuilder;
  // An event that a rule matched, until it is told.
  struct Event {
    std::uint32_t rule = 0;
    metric::Evidence place;
    std::uint64_t first_number = 0;  // of the outbox, of its first notification that somebody hears
    std::vector<JudgedNotification> notifications;
  };

  void take_event(const MatchedBatch& batch, const RuleMatch& match, EventTime time);
  // To the subscriptions that hear it.
  [[nodiscard]] std::vector<std::string> addressees(const JudgedNotification& judged) const;
  void count(const JudgedNotification& judged);
  void gather();
  void post_in_records();
  [[nodiscard]] Result<void> apply(shard::SetStateOutcome* outcome = nullptr);
  [[nodiscard]] Result<void> tell();
  [[nodiscard]] Result<void> finish_resuming();
  void compose(const alarm::Transition& transition, shard::Outbox& outbox);
  void add_counts(shard::Chunk& chunk);
  void release();

  // A transition and what it leads to, on the way to the listener.
  struct Told {
    alarm::Transition transition;
    std::optional<std::uint32_t> alarm;  // the plan's; none: it has no such alarm any more
    std::vector<JudgedNotification> notifications;
  };

  const std::shared_ptr<const Plan> plan_;
  shard::Journal& journal_;
  Listener& listener_;
  const std::uint64_t most_waiting_;
  Duration tick_interval_;
  Duration coarsest_bucket_{1000};
  std::unique_ptr<ChunkBuilder> chunk_;
  PolicyJudge policies_;
  std::vector<shard::Record> pending_;  // to be kept with the next commit
  shard::Outbox posted_;                // the same, until gather()
  shard::Ack settled_;
  shard::Forget forgotten_;
  std::vector<OutboxNotification> to_release_;
  std::vector<Event> events_;        // to be released, too
  std::size_t posted_bytes_ = 0;     // of both
  std::uint64_t waiting_bytes_ = 0;  // of events_
  std::vector<Told> to_tell_;
  std::uint64_t next_number_ = 1;  // of the outbox
  std::vector<std::int64_t> next_offsets_;
  EngineCounts counts_;
  shard::Counts before_;                             // of the shard, when this run began
  std::vector<std::vector<FilterCounts>> filtered_;  // [topic][subscription]
  EngineCounts counted_;                             // what the ledger has of them
  bool started_ = false;
  bool is_resuming_ = false;
  std::vector<std::vector<std::uint32_t>> judged_with_;
};

}  // namespace tocsin::runtime
