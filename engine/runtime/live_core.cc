#include "engine/runtime/live_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/check.h"
#include "engine/event/event_time.h"
#include "engine/runtime/clock_watch.h"
#include "engine/runtime/dead_letter_tally.h"
#include "engine/runtime/event_queue.h"
#include "engine/runtime/excerpt_store.h"
#include "engine/runtime/late_tally.h"
#include "engine/runtime/live_telemetry.h"
#include "engine/runtime/outbox_feed.h"
#include "engine/runtime/partition_name.h"
#include "engine/runtime/pending_offsets.h"
#include "engine/runtime/repeats.h"
#include "engine/runtime/source_frontier.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);
constexpr Duration kTickInterval{200};
constexpr Duration kKeepRetry{500};
// A commit to a journal waits for the disk; what comes within this goes with one.
constexpr Duration kCommitInterval{100};
// A partition that is gone, after its last event: events of before need not be the older ones.
constexpr Duration kForgetGoneAfter = event::kMaxAge + std::chrono::days(1);

}  // namespace

class LiveCore::Core : private Listener, private Answering {
 public:
  Core(std::shared_ptr<const Plan> plan, shard::Journal& journal, notify::Deliverer& delivery,
       const LiveOptions& options, std::function<void(const Note&)> note, Commit commit)
      : plan_(std::move(plan)),
        journal_(journal),
        delivery_(delivery),
        options_(options),
        note_(std::move(note)),
        engine_(plan_, journal_, *this, options_.most_events),
        worker_(plan_, true),
        outbox_(plan_, journal_, delivery, options_.dead_letters, options_.outbox, note_,
                [this](std::uint64_t number, std::string subscription, bool delivered) {
                  engine_.settle(number, std::move(subscription), delivered);
                }),
        telemetry_(plan_, {options_.board, options_.stall_limit, options_.now, options_.state_bytes}, note_),
        events_(plan_, note_),
        tally_(options_.dead_letters ? options_.dead_letters->destination : std::string()),
        commit_(std::move(commit)) {}

  // The journal's partitions come first, in its numbers; each source goes on with its own.
  Result<std::vector<std::vector<source::Resume>>> resume() {
    const std::size_t sources = plan_->sources.size();
    for (const source::SourceSettings& settings : plan_->sources) {
      feeds_.emplace_back(settings.delay, std::holds_alternative<source::KafkaSettings>(settings.kind));
    }
    std::vector<std::vector<source::Resume>> from(sources);
    for (const shard::PartitionState& state : journal_.machine().partitions()) {
      if (state.is_forgotten()) {
        (void)partitions_.add_gone({});
        continue;
      }
      const auto name = parse_partition_name(state.name);
      if (!name) return std::unexpected(name.error());
      const auto at = std::ranges::find(plan_->sources, name->source, &source::SourceSettings::name);
      const auto source = static_cast<std::uint32_t>(at - plan_->sources.begin());
      if (at == plan_->sources.end() || !is_of_kind(*name, *at)) {
        (void)partitions_.add_gone(*name);
        continue;
      }
      feeds_[source].partitions.push_back(partitions_.add(*at, source, *name, is_live(source)));
      feeds_[source].last_event.push_back(state.last_event);
      from[source].push_back({*name, state.next_offset, state.place, journal_.keeps()});
    }
    for (const auto& known : from) known_.push_back(known.size());
    return from;
  }

  Result<void> begin() {
    keep(engine_.resume(note_));
    outbox_.tell_of_the_gone();
    if (failure_) return std::unexpected(*failure_);
    return {};
  }

  [[nodiscard]] bool ready() const {
    return giving_up_ || (!blocked_ && !outbox_.letters_wait() && events_.empty());
  }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] EngineCounts counts() const { return engine_.counts(); }
  [[nodiscard]] std::uint64_t left() const { return left_; }
  void give_up() { giving_up_ = true; }
  std::uint64_t put_more() {
    deliver_events();
    outbox_.refill();
    return in_no_queue();
  }
  [[nodiscard]] std::uint64_t lost() const {
    std::uint64_t lost = engine_.untold();
    for (const notify::SubscriptionStatus& status : outbox_.status())
      lost += status.rejected + status.given_up + status.overflowed;
    return lost;
  }

  [[nodiscard]] bool all_ended() const {
    return std::all_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.ended; });
  }

  std::optional<Error> handle(SourceMessage message) {
    Feed& feed = feeds_[message.source];
    for (const source::PartitionName& name : message.new_partitions) meet(message.source, name);
    if (!message.new_partitions.empty()) feed.frontier.on_met();
    if (auto* batch = std::get_if<event::RawBatch>(&message.content)) {
      consume(message.source, feed, std::move(*batch));
    } else if (auto* status = std::get_if<source::SourceStatus>(&message.content)) {
      for (Note& note : status->notes) {
        const std::string& name = plan_->sources[message.source].name;
        note.text.insert(0, name + ": ");
        note.fields.emplace_back("source", name);
        note_(note);
      }
      if (is_live(message.source))
        feed.gone.insert(feed.gone.end(), status->gone.begin(), status->gone.end());
      feed.frontier.on_status(*status, options_.now());
      telemetry_.on_status(message.source, *status, names_of(feed, *status));
      // At once: what a period's end waits for is such an answer.
      if (!giving_up_ && (!journal_.keeps() || options_.steady() - last_tick_ >= kCommitInterval)) tick();
    } else {
      feed.ended = true;
      telemetry_.on_ended(message.source);
      return std::move(std::get<SourceEnded>(message.content).error);
    }
    return std::nullopt;
  }

  void step(bool reading) {
    refill();
    deliver_events();
    if (blocked_ && options_.steady() - retried_at_ >= kKeepRetry) keep(engine_.commit());
    if (options_.requests != nullptr && !engine_.is_resuming()) options_.requests->answer(*this);
    watch_clock();
    telemetry_.step(engine_, worker_, {outbox_, events_}, trusted_time(), [this] { return source_times(); });
    if (!reading || !ready()) return;
    look_around();
    tick_now();
  }

  // A stop that comes when all was read is the end of all history.
  void finish(bool stopped) {
    if (failure_) {
      // Nothing can be judged any more.
    } else if (stopped && !has_read_all()) {
      tick();
    } else if (newest_event_ != kNever) {
      judge(std::vector<EventTime>(feeds_.size(), floor_to(newest_event_, kMinute) + kMinute));
    }
    // Where no time is known nothing was judged: dead letters and events of rules need none.
    if (!failure_ && !engine_.is_idle()) keep(engine_.commit());
    tell_of_untold();
    for (const Note& note : tally_.rest()) note_(note);
    publish_telemetry(Telemetry::Phase::Stopping);
  }

  // The last words: what was settled while draining, and a snapshot that makes the next start quick.
  void close() {
    closing_ = true;
    (void)outbox_.take_settled();
    const bool is_kept = !failure_ && engine_.commit();
    left_ = in_no_queue();
    if (!is_kept) return;  // said already; it comes again
    if (!journal_.keeps()) {
      note_judged();
      if (left_ == 0) send_commits();  // else the events of the lost letters come again
      return;
    }
    tell_of_snapshot(journal_.snapshot());
    send_commits();
  }

 private:
  struct Feed {
    Feed(Duration delay, bool needs_partitions) : frontier(delay, needs_partitions) {}

    SourceFrontier frontier;
    std::vector<std::uint32_t> partitions;  // the source's numbers to the engine's
    std::vector<EventTime> last_event;      // of each of them, for events without a time
    std::vector<std::uint32_t> gone;        // and not forgotten yet
    bool ended = false;
    PendingOffsets pending;                       // where the journal keeps nothing
    std::map<std::uint32_t, std::int64_t> taken;  // where it does: what is to be committed, once it is kept
  };

  // Else another source had this name before.
  static bool is_of_kind(const source::PartitionName& name, const source::SourceSettings& settings) {
    if (std::holds_alternative<source::KafkaSettings>(settings.kind)) return !name.topic.empty();
    const bool is_stdin = std::holds_alternative<source::StdinSettings>(settings.kind);
    return name.topic.empty() && (name.file == "-") == is_stdin;
  }

  // Notifications and dead letters that wait for room.
  [[nodiscard]] std::uint64_t in_no_queue() const { return outbox_.waiting() + events_.size(); }

  // Every source has come to its end, and all that it gave was taken in.
  [[nodiscard]] bool has_read_all() const {
    return std::ranges::all_of(feeds_, [](const Feed& feed) { return feed.frontier.value() == kForever; });
  }

  void meet(std::uint32_t source, const source::PartitionName& name) {
    Feed& feed = feeds_[source];
    if (known_[source] > 0) {
      --known_[source];
      return;
    }
    feed.partitions.push_back(partitions_.add(plan_->sources[source], source, name, is_live(source)));
    feed.last_event.push_back(kNever);
    const std::uint32_t number = engine_.meet(to_text(name));
    TOCSIN_CHECK(number == feed.partitions.back());
  }

  // Files that are read once are history, whatever their age.
  bool is_live(std::uint32_t source) const {
    const auto* file = std::get_if<source::FileSettings>(&plan_->sources[source].kind);
    return file == nullptr || file->follow;
  }

  bool finite_only() const {
    return std::all_of(plan_->sources.begin(), plan_->sources.end(),
                       [](const source::SourceSettings& source) {
                         const auto* file = std::get_if<source::FileSettings>(&source.kind);
                         return std::holds_alternative<source::StdinSettings>(source.kind) ||
                                (file != nullptr && !file->follow);
                       });
  }

  void consume(std::uint32_t source, Feed& feed, event::RawBatch batch) {
    const std::uint32_t own = batch.partition;
    batch.partition = feed.partitions[own];
    partitions_.at(batch.partition).name.by_line = batch.by_line;
    const std::int64_t end = drop_repeats(batch, engine_.next_offset(batch.partition));
    std::string place = std::move(batch.place);
    MatchedBatch matched = worker_.process(std::move(batch), partitions_[feed.partitions[own]]);
    Engine::resolve_times(matched, feed.last_event[own]);
    EventTime newest = kNever;
    for (const EventTime time : matched.times) {
      if (time == event::kInheritTime) continue;
      newest = std::max(newest, time);
      oldest_event_ = std::min(oldest_event_, time);
    }
    if (!matched.times.empty()) feed.last_event[own] = matched.times.back();
    newest_event_ = std::max(newest_event_, newest);
    excerpts_.add(matched);
    const event::RejectCounts rejected_before = engine_.rejects();
    engine_.count_items(matched);
    engine_.consume(matched, 0, matched.times.size());
    if (!untold_at_ || options_.steady() - *untold_at_ >= kMinute) tell_of_untold();
    engine_.cover(feed.partitions[own], end, std::move(place), feed.last_event[own]);
    telemetry_.on_batch(source, matched, rejected_before, engine_.rejects());
    feed.frontier.on_data(own, matched.newest_record, newest, options_.now());
    // An event from the future must not hold back the offsets of all others.
    const EventTime now = as_event_time(options_.now());
    const Duration bucket = engine_.coarsest_bucket();
    const EventTime judged_by = floor_to(std::min(newest == kNever ? now : newest, now), bucket) + bucket;
    if (journal_.keeps()) {
      // Not `end`: what is read again lies before what was committed.
      feed.taken[own] = engine_.next_offset(feed.partitions[own]);
    } else {
      feed.pending.add(own, end, judged_by);
    }
    if (engine_.is_full()) keep(engine_.commit());
  }

  void tell_of_untold() {
    if (engine_.untold() == told_untold_) return;
    untold_at_ = options_.steady();
    note_({Severity::Error,
           "rule_events_untold",
           fmt::format("rules matched more events at once than `memory:` has room for: {} untold by now",
                       engine_.untold()),
           "those are lost to their topics: narrow the rules, or raise `memory:`",
           {{"untold", std::to_string(engine_.untold())}}});
    told_untold_ = engine_.untold();
  }

  // Until the journal keeps what is pending nothing more is read or judged.
  void keep(Result<void> kept) {
    if (kept) {
      if (std::exchange(blocked_, false)) {
        note_({Severity::Info, "state_kept", "the state is kept again: reading goes on", {}, {}});
      }
      return;
    }
    const ErrorCode code = kept.error().code;
    if (code != ErrorCode::Exhausted && code != ErrorCode::Unavailable) {
      failure_ = kept.error();
      return;
    }
    retried_at_ = options_.steady();
    if (std::exchange(blocked_, true)) return;
    note_({Severity::Error,
           "state_not_kept",
           fmt::format("the state cannot be kept: {}", describe(kept.error())),
           "nothing is read, judged or told until it can: make room; nothing is lost meanwhile",
           {}});
  }

  // What is due by the clock, however often statuses make time go on.
  void look_around() {
    if (options_.steady() - looked_at_ < kTickInterval) return;
    looked_at_ = options_.steady();
    for (const Note& note : tally_.due(options_.now())) note_(note);
    if (const auto note = late_.see(engine_.counts().rejects[event::RejectReason::Late], options_.now()))
      note_(*note);
    forget_gone();
  }

  void tick_now() {
    if (options_.steady() - last_tick_ >= kTickInterval) tick();
  }

  // Should one come back after all, what is in it is too old to count: of a live source.
  void forget_gone() {
    const EventTime before = trusted_time() - kForgetGoneAfter;
    for (Feed& feed : feeds_) {
      std::erase_if(feed.gone, [&](std::uint32_t own) {
        if (feed.last_event[own] >= before) return false;
        engine_.forget(feed.partitions[own]);
        return true;
      });
    }
  }

  // Before every judgement: none may be by a clock that has jumped unseen.
  void watch_clock() {
    // Both clocks at one moment: a pause of the process between the two would look like a jump.
    auto steady = options_.steady();
    WallTime now = options_.now();
    for (auto after = options_.steady(); after - steady > std::chrono::seconds(1);
         after = options_.steady()) {
      steady = after;
      now = options_.now();
    }
    const ClockWatch::Jump jump = clock_watch_.look(now, steady);
    if (!jump) return;
    if (jump.taken_back) {
      for (Feed& feed : feeds_) feed.frontier.on_clock_taken_back(now);
    }
    const bool forwards = jump.by > Duration{0};
    const Duration by = floor<std::chrono::seconds>(forwards ? jump.by : -jump.by);
    note_(
        {Severity::Warning,
         "clock_jump",
         fmt::format("the clock went {} by {}, to {}", forwards ? "forward" : "back", format_duration(by),
                     format_rfc3339(as_event_time(now))),
         forwards
             ? "alarms are judged by the time before the jump until the clock has kept to this for a minute; "
               "from then on what a source does not have of the time between counts as missing: set the "
               "clock "
               "right by then if it is wrong"
         : jump.taken_back
             ? "time goes on as before it went forward: nothing was judged by that"
             : fmt::format("time does not go back: alarms are judged again when the clock has passed {}, or "
                           "from now on after a restart",
                           format_rfc3339(as_event_time(now + by))),
         {{"by_seconds",
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(jump.by).count())}}});
  }

  [[nodiscard]] std::vector<EventTime> frontiers() const {
    std::vector<EventTime> all;
    for (const Feed& feed : feeds_) {
      const EventTime time = feed.frontier.value();
      all.push_back(time == kForever ? time : std::min(time, trusted_time()));
    }
    return all;
  }
  // By the clock, as far as it is trusted.
  [[nodiscard]] EventTime trusted_time() const { return as_event_time(clock_watch_.trusted()); }

  [[nodiscard]] std::vector<SourceTime> source_times() const {
    std::vector<SourceTime> all;
    for (const EventTime time : frontiers()) {
      const Feed& feed = feeds_[all.size()];
      SourceTime& one = all.emplace_back(time, feed.frontier.hold(options_.now()));
      if (one.hold && one.hold->partition)
        one.partition = partitions_.describe(feed.partitions[*one.hold->partition]);
    }
    return all;
  }

  void publish_telemetry(Telemetry::Phase phase) {
    (void)telemetry_.publish(engine_, worker_, {outbox_, events_}, source_times(), phase);
  }

  [[nodiscard]] std::vector<std::string> names_of(const Feed& feed,
                                                  const source::SourceStatus& status) const {
    std::vector<std::string> names;
    for (const source::Progress& progress : status.partitions) {
      names.push_back(partitions_.describe(feed.partitions[progress.partition]));
    }
    return names;
  }

  [[nodiscard]] const Plan& plan() const override { return *plan_; }
  [[nodiscard]] std::vector<shard::AlarmState> alarm_states() const override {
    return engine_.shard().alarm_states();
  }
  [[nodiscard]] std::optional<shard::SetStateOutcome> set_state(const shard::SetState& set) override {
    return engine_.set_state(set);
  }

  void tick() {
    last_tick_ = options_.steady();
    watch_clock();
    std::vector<EventTime> frontier = frontiers();
    const EventTime least = *std::min_element(frontier.begin(), frontier.end());
    if (least == kForever) return;  // every source has come to its end: finish() judges the rest
    // A source that has come to its end is silent from then on. Beside a live source the clock goes on for
    // it; where all are finite this is history, and time is that of the sources still being read.
    const EventTime ended = finite_only() ? least : trusted_time();
    std::replace(frontier.begin(), frontier.end(), kForever, ended);
    judge(frontier);
  }

  void judge(const std::vector<EventTime>& frontier) {
    EventTime least_known = kForever;
    for (const EventTime time : frontier) {
      if (time != kNever) least_known = std::min(least_known, time);
    }
    const bool any_settled = outbox_.take_settled();
    if (least_known == kForever) {  // no time is known yet; events of rules, and who was told, need none
      if (any_settled || !engine_.is_idle()) keep(engine_.commit());
      return;
    }
    if (!engine_.started()) engine_.start(std::min(least_known, oldest_event_), telemetry_.own_start());
    const bool is_quiet = journal_.keeps() && engine_.is_idle() && !moves(frontier);
    if (is_quiet && !engine_.shard().may_ring_at(trusted_time())) return;
    keep(engine_.tick(frontier, finite_only() ? kNever : trusted_time(), telemetry_.own_frontier()));
    judged_ = frontier;
    if (failure_) return;
    if (journal_.keeps()) tell_of_snapshot(journal_.snapshot_if_due());
    note_judged();
  }

  // What a letter or event that waits belongs to is not settled, whatever else is.
  void note_judged() {
    if (judged_.empty() || (!journal_.keeps() && (outbox_.letters_wait() || !events_.empty()))) return;
    for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
      EventTime judged = kForever;
      for (const std::uint32_t source : engine_.judged_with(i)) judged = std::min(judged, judged_[source]);
      feeds_[i].pending.judged(judged, outbox_.last_ticket());
    }
    judged_.clear();
    send_commits();
  }

  // Whether time has passed a second: an idle engine need not write more often.
  bool moves(const std::vector<EventTime>& frontier) {
    std::vector<EventTime> seconds;
    for (const EventTime time : frontier) {
      seconds.push_back(time == kNever ? time : floor_to(time, std::chrono::seconds(1)));
    }
    return std::exchange(written_, seconds) != seconds;
  }

  // What waits for room in a queue need not wait for the next message.
  void refill() {
    if (outbox_.waiting() == 0 || options_.steady() - refilled_at_ < kCommitInterval) return;
    refilled_at_ = options_.steady();
    outbox_.refill();
  }

  // What is wrong is said once.
  void tell_of_snapshot(const Result<void>& written) {
    const std::optional<Error>& trim = journal_.trim_failure();
    if (written && !trim) return;
    const std::string wrong =
        fmt::format("{}: {}",
                    written ? "what the newest snapshot made superfluous could not be deleted"
                            : "no snapshot of the state could be written",
                    describe(written ? *trim : written.error()));
    if (std::exchange(snapshot_error_, wrong) == wrong) return;
    note_({Severity::Warning,
           written ? "log_not_trimmed" : "no_snapshot",
           wrong,
           written
               ? "nothing is lost, but the state takes more of the disk until the next snapshot: make room"
               : "nothing is lost, but the log grows and the next start takes longer: make room",
           {}});
  }

  void send_commits() {
    if (journal_.keeps()) {
      for (std::size_t i = 0; i < feeds_.size() && !engine_.has_pending(); ++i) {
        for (const auto& [partition, next_offset] : std::exchange(feeds_[i].taken, {})) {
          commit_(static_cast<std::uint32_t>(i), partition, next_offset);
        }
      }
      return;
    }
    const notify::Delivery::Ticket settled = delivery_.settled_up_to();
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      feeds_[i].pending.settled(settled, [&](std::uint32_t partition, std::int64_t next_offset) {
        commit_(static_cast<std::uint32_t>(i), partition, next_offset);
      });
    }
  }

  void on_transition(const alarm::Transition&, const std::vector<JudgedNotification>&) override {}

  // Events of rules wait for room first.
  void on_outbox(const OutboxNotification& posted) override {
    if (posted.notification.event == nullptr || posted.topic == kDeadLetterTopic)
      return outbox_.take(posted, options_.steady());
    for (const std::string& name : posted.subscriptions) {
      OutboxNotification one{posted.number, posted.topic, {name}, posted.notification};
      const auto topic = std::ranges::find(plan_->topics, posted.topic, &notify::TopicDefinition::name);
      const auto found = topic == plan_->topics.end() ? std::nullopt : subscription_of(*topic, name);
      if (!found) {
        outbox_.take(one, options_.steady());  // which says that nobody is there
        continue;
      }
      one.notification.topic = static_cast<std::uint32_t>(topic - plan_->topics.begin());
      events_.push({std::move(one), *found});
    }
    deliver_events();
  }

  void deliver_events() {
    if (closing_) return;
    events_.step(delivery_, options_.steady(),
                 {[this](const OutboxNotification& event) { outbox_.take(event, options_.steady()); },
                  [this](std::uint32_t topic, std::uint32_t one) { return outbox_.keeps_more(topic, one); }});
  }

  static std::optional<std::uint32_t> subscription_of(const notify::TopicDefinition& topic,
                                                      const std::string& name) {
    const auto at =
        std::ranges::find(topic.subscriptions, name, &notify::SubscriptionDefinition::outbox_name);
    if (at == topic.subscriptions.end()) return std::nullopt;
    return static_cast<std::uint32_t>(at - topic.subscriptions.begin());
  }

  void on_dead(std::uint32_t partition, std::vector<event::DeadLetter> letters) override {
    const source::PartitionName& from = partitions_[partition].name;
    for (event::DeadLetter& letter : letters) {
      const std::string place = place_of(from, letter.offset, letter.index);
      if (const auto note = tally_.add(from.source, letter.reason, place, options_.now())) note_(*note);
      if (const auto& route = options_.dead_letters) {
        engine_.post({0,
                      std::string(kDeadLetterTopic),
                      {std::to_string(next_lane_++ % route->lanes)},
                      to_notification({from, std::move(letter)}, route->topic, route->form)});
      }
    }
  }
  [[nodiscard]] std::string place(const metric::Evidence& evidence) const override {
    return partitions_.place(evidence);
  }
  [[nodiscard]] std::vector<notify::AlarmFacts::Example> examples(
      const alarm::Transition& transition) const override {
    std::vector<notify::AlarmFacts::Example> found;
    for (const metric::Evidence& evidence : transition.evidence) {
      found.push_back({evidence.time, partitions_.place(evidence), std::string(excerpts_.find(evidence))});
    }
    return found;
  }
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}

  const std::shared_ptr<const Plan> plan_;
  shard::Journal& journal_;
  notify::Deliverer& delivery_;
  const LiveOptions& options_;
  const std::function<void(const Note&)> note_;
  PartitionTable partitions_;
  ExcerptStore excerpts_;
  ClockWatch clock_watch_;
  Engine engine_;
  Worker worker_;
  OutboxFeed outbox_;
  LiveTelemetry telemetry_;
  EventQueue events_;
  DeadLetterTally tally_;
  LateTally late_;
  std::uint32_t next_lane_ = 0;  // of the dead letters' route
  const Commit commit_;
  std::vector<Feed> feeds_;
  EventTime oldest_event_ = kForever;
  EventTime newest_event_ = kNever;
  std::vector<std::size_t> known_;  // of each source: partitions of the journal that it has not named yet
  std::optional<Error> failure_;    // of the journal
  bool blocked_ = false;            // by it
  std::vector<EventTime> judged_;   // the frontier of a tick until its offsets' tickets are known
  std::vector<EventTime> written_;  // the frontier of the last tick of an idle engine, in seconds
  std::chrono::steady_clock::time_point retried_at_{};
  std::uint64_t told_untold_ = 0;  // Engine::untold(), as it was said last
  std::optional<std::chrono::steady_clock::time_point> untold_at_;
  bool closing_ = false;  // the delivery takes nothing any more
  std::chrono::steady_clock::time_point refilled_at_{};
  bool giving_up_ = false;
  std::string snapshot_error_;  // said last
  std::uint64_t left_ = 0;      // what was in no queue at the stop
  std::chrono::steady_clock::time_point last_tick_{};
  std::chrono::steady_clock::time_point looked_at_{};
};

LiveCore::LiveCore(std::shared_ptr<const Plan> plan, shard::Journal& journal, notify::Deliverer& delivery,
                   const LiveOptions& options, std::function<void(const Note&)> note, Commit commit)
    : core_(std::make_unique<Core>(std::move(plan), journal, delivery, options, std::move(note),
                                   std::move(commit))) {}
LiveCore::~LiveCore() = default;

Result<std::vector<std::vector<source::Resume>>> LiveCore::resume() { return core_->resume(); }
Result<void> LiveCore::begin() { return core_->begin(); }
bool LiveCore::ready() const { return core_->ready(); }
std::optional<Error> LiveCore::handle(SourceMessage message) { return core_->handle(std::move(message)); }
void LiveCore::step(bool reading) { core_->step(reading); }
bool LiveCore::all_ended() const { return core_->all_ended(); }
const std::optional<Error>& LiveCore::failure() const { return core_->failure(); }
void LiveCore::give_up() { core_->give_up(); }
void LiveCore::finish(bool stopped) { core_->finish(stopped); }
void LiveCore::close() { core_->close(); }
EngineCounts LiveCore::counts() const { return core_->counts(); }
std::uint64_t LiveCore::put_more() { return core_->put_more(); }
std::uint64_t LiveCore::lost() const { return core_->lost(); }
std::uint64_t LiveCore::left() const { return core_->left(); }

}  // namespace tocsin::runtime
