#include "engine/runtime/live.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <variant>

#include "engine/base/check.h"
#include "engine/base/mailbox.h"
#include "engine/runtime/clock_watch.h"
#include "engine/runtime/dead_letter_tally.h"
#include "engine/runtime/excerpt_store.h"
#include "engine/runtime/live_telemetry.h"
#include "engine/runtime/pending_offsets.h"
#include "engine/runtime/source_frontier.h"
#include "engine/runtime/source_reader.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);
constexpr Duration kTickInterval{200};
constexpr std::size_t kMailboxBatches = 16;  // a few megabytes: the back-pressure on the sources

}  // namespace

class Live::Session : private Listener, private Answering {
 public:
  Session(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
          notify::Delivery& delivery, LiveOptions options, std::function<void(const Note&)> note)
      : plan_(std::move(plan)),
        sources_(std::move(sources)),
        delivery_(delivery),
        options_(std::move(options)),
        note_(std::move(note)),
        engine_(plan_, *this, false),
        worker_(plan_, true),
        telemetry_(plan_, {options_.board, options_.stall_limit, options_.now}, note_),
        messages_(kMailboxBatches),
        tally_(options_.dead_letters ? options_.dead_letters->destination : std::string()) {
    TOCSIN_CHECK(sources_.size() == plan_->sources.size());
  }

  Result<LiveResult> run(const std::function<bool()>& should_stop) {
    should_stop_ = &should_stop;
    for (const auto& source : sources_) {
      if (auto opened = source->open({}); !opened) return std::unexpected(opened.error());
    }
    note_({Severity::Info,
           "running",
           fmt::format("running: sources {}, metric filters {}, alarms {}, topics {}", sources_.size(),
                       plan_->filters.size(), plan_->alarms.size(), plan_->topics.size()),
           {},
           {}});
    for (std::uint32_t i = 0; i < sources_.size(); ++i) {
      const source::SourceSettings& settings = plan_->sources[i];
      feeds_.push_back(
          {SourceFrontier(settings.delay, std::holds_alternative<source::KafkaSettings>(settings.kind)),
           {},
           {},
           false,
           {}});
    }
    std::vector<std::unique_ptr<SourceReader>> readers;
    for (std::uint32_t i = 0; i < sources_.size(); ++i) {
      readers.push_back(std::make_unique<SourceReader>(i, *sources_[i], messages_, stop_reading_));
    }
    readers_ = &readers;

    std::optional<Error> failure;
    while (!all_ended()) {
      asked_to_stop();
      if (auto message = messages_.take_for(kTickInterval)) {
        if (auto error = handle(std::move(*message)); error && !failure) {
          failure = std::move(error);
          stop_reading_ = true;
        }
      }
      if (options_.requests != nullptr) options_.requests->answer(*this);
      watch_clock();
      telemetry_.step(engine_, worker_, delivery_, trusted_time(), [this] { return source_times(); });
      if (!stop_reading_) tick_now();
    }
    finish(stop_reading_);
    for (const Note& note : tally_.rest()) note_(note);
    publish_telemetry(Telemetry::Phase::Stopping);
    LiveResult result;
    result.asked_to_stop = stop_reading_;
    result.undelivered = delivery_.drain(options_.drain_limit) + lost_;
    send_commits();
    for (auto& reader : readers) reader->close_commits();  // all at once: to leave a group takes time
    for (auto& reader : readers) reader->finish();
    result.counts = engine_.counts();
    if (failure) return std::unexpected(*failure);
    return result;
  }

 private:
  struct Feed {
    SourceFrontier frontier;
    std::vector<std::uint32_t> partitions;  // the source's numbers to the engine's
    std::vector<EventTime> last_event;      // of each of them, for events without a time
    bool ended = false;
    PendingOffsets pending;
  };

  bool asked_to_stop() {
    if (!stop_reading_ && (*should_stop_)()) stop_reading_ = true;
    return stop_reading_;
  }

  bool all_ended() const {
    return std::all_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.ended; });
  }

  std::optional<Error> handle(SourceMessage message) {
    Feed& feed = feeds_[message.source];
    for (const source::PartitionName& name : message.new_partitions) {
      feed.partitions.push_back(
          partitions_.add(plan_->sources[message.source], message.source, name, is_live(message.source)));
      feed.last_event.push_back(kNever);
    }
    if (auto* batch = std::get_if<event::RawBatch>(&message.content)) {
      consume(message.source, feed, std::move(*batch));
    } else if (auto* status = std::get_if<source::SourceStatus>(&message.content)) {
      for (Note& note : status->notes) {
        const std::string& name = plan_->sources[message.source].name;
        note.text.insert(0, name + ": ");
        note.fields.emplace_back("source", name);
        note_(note);
      }
      feed.frontier.on_status(*status, options_.now());
      telemetry_.on_status(message.source, *status, names_of(feed, *status));
      if (!stop_reading_) tick();  // at once: what a period's end waits for is such an answer
    } else {
      feed.ended = true;
      telemetry_.on_ended(message.source);
      return std::move(std::get<SourceEnded>(message.content).error);
    }
    return std::nullopt;
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
    telemetry_.on_batch(source, matched, rejected_before, engine_.rejects());
    feed.frontier.on_data(own, matched.newest_record, newest, options_.now());
    // An event from the future must not hold back the offsets of all others.
    const EventTime now = as_event_time(options_.now());
    const Duration bucket = engine_.coarsest_bucket();
    const EventTime judged_by = floor_to(std::min(newest == kNever ? now : newest, now), bucket) + bucket;
    feed.pending.add(own, matched.next_offset, judged_by);
  }

  void tick_now() {
    if (options_.steady() - last_tick_ < kTickInterval) return;
    for (const Note& note : tally_.due(options_.now())) note_(note);
    tick();
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
    (void)telemetry_.publish(engine_, worker_, delivery_, source_times(), phase);
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
  [[nodiscard]] shard::SetStateOutcome set_state(const shard::SetState& set) override {
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
    if (least_known == kForever) return;  // nothing is known yet
    if (!engine_.started()) engine_.start(std::min(least_known, oldest_event_), telemetry_.own_start());
    engine_.tick(frontier, finite_only() ? kNever : trusted_time(), telemetry_.own_frontier());
    if (lost_) return;
    for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
      EventTime judged = kForever;
      for (const std::uint32_t source : engine_.judged_with(i)) judged = std::min(judged, frontier[source]);
      feeds_[i].pending.judged(judged, last_ticket_);
    }
    send_commits();
  }

  void send_commits() {
    const notify::Delivery::Ticket settled = delivery_.settled_up_to();
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      feeds_[i].pending.settled(settled, [&](std::uint32_t partition, std::int64_t next_offset) {
        (*readers_)[i]->commit(partition, next_offset);
      });
    }
  }

  // The last judgement. At a stop: what time has come to. At the end of all history: to the end of the last
  // event's minute.
  void finish(bool stopped) {
    if (stopped) {
      tick();
    } else if (newest_event_ != kNever) {
      judge(std::vector<EventTime>(feeds_.size(), floor_to(newest_event_, kMinute) + kMinute));
    }
  }

  void on_transition(const alarm::Transition&,
                     const std::vector<notify::Notification>& notifications) override {
    for (const notify::Notification& notification : notifications) {
      const auto subscriptions =
          static_cast<std::uint32_t>(plan_->topics[notification.topic].subscriptions.size());
      for (std::uint32_t s = 0; s < subscriptions; ++s) {
        const auto ticket = delivery_.submit(notification, s, Duration{0});
        TOCSIN_CHECK(ticket.has_value());  // alerts are never turned away, and nothing drains yet
        last_ticket_ = *ticket;
      }
    }
  }
  void on_dead(std::uint32_t partition, std::vector<event::DeadLetter> letters) override {
    const source::PartitionName& from = partitions_[partition].name;
    for (event::DeadLetter& letter : letters) {
      const std::string place = place_of(from, letter.offset, letter.index);
      if (const auto note = tally_.add(from.source, letter.reason, place, options_.now())) note_(*note);
      if (const auto& route = options_.dead_letters) {
        keep(to_notification({from, std::move(letter)}, route->topic, route->form),
             next_lane_++ % route->lanes);
      }
    }
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

  // A dead letter waits for room for as long as it takes, which stops the reading. A stop ends the waiting:
  // what is not taken then is lost to this run, and from then on no offset is committed, so that its events
  // come again.
  void keep(const notify::Notification& letter, std::uint32_t lane) {
    for (bool told = false;;) {
      const Duration wait = asked_to_stop() ? Duration{0} : Duration{1000};
      if (const auto ticket = delivery_.submit(letter, lane, wait)) {
        last_ticket_ = *ticket;
        return;
      }
      if (asked_to_stop()) {
        ++lost_;
        return;
      }
      publish_telemetry(Telemetry::Phase::Running);
      if (!told) {
        const std::string& destination = options_.dead_letters->destination;
        note_({Severity::Error,
               "queue_full",
               fmt::format("the queue of {} is full", destination),
               "reading waits until it takes more, so that no dead letter is lost: mend it",
               {{"queue", destination}}});
      }
      told = true;
    }
  }

  const std::shared_ptr<const Plan> plan_;
  const std::vector<std::unique_ptr<source::Source>> sources_;
  notify::Delivery& delivery_;
  const LiveOptions options_;
  const std::function<void(const Note&)> note_;
  PartitionTable partitions_;
  ExcerptStore excerpts_;
  ClockWatch clock_watch_;
  Engine engine_;
  Worker worker_;
  LiveTelemetry telemetry_;
  Mailbox<SourceMessage> messages_;
  DeadLetterTally tally_;
  std::uint32_t next_lane_ = 0;  // of the dead letters' route
  std::atomic<bool> stop_reading_{false};
  const std::function<bool()>* should_stop_ = nullptr;
  std::vector<std::unique_ptr<SourceReader>>* readers_ = nullptr;
  std::vector<Feed> feeds_;
  EventTime oldest_event_ = kForever;
  EventTime newest_event_ = kNever;
  notify::Delivery::Ticket last_ticket_ = 0;
  std::uint64_t lost_ = 0;  // dead letters that found no room at the stop
  std::chrono::steady_clock::time_point last_tick_{};
};

Live::Live(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
           notify::Delivery& delivery, LiveOptions options, std::function<void(const Note&)> note)
    : session_(std::make_unique<Session>(std::move(plan), std::move(sources), delivery, std::move(options),
                                         std::move(note))) {}

Live::~Live() = default;

Result<LiveResult> Live::run(const std::function<bool()>& should_stop) { return session_->run(should_stop); }

}  // namespace tocsin::runtime
