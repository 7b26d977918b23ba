#include "engine/runtime/live.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <thread>
#include <variant>

#include "engine/base/check.h"
#include "engine/base/mailbox.h"
#include "engine/runtime/source_frontier.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kMinute = std::chrono::seconds(60);
constexpr Duration kPollWait{100};
constexpr Duration kStatusInterval{500};
constexpr Duration kTickInterval{200};
constexpr std::size_t kMailboxBatches = 16;  // a few megabytes: the back-pressure on the sources

struct Ended {
  std::optional<Error> error;
};

// What a source thread says to the engine's, in its order.
struct Message {
  std::uint32_t source = 0;
  std::vector<source::PartitionName> new_partitions;
  std::variant<event::RawBatch, source::SourceStatus, Ended> content;
};

struct Commit {
  std::uint32_t partition = 0;  // the source's own number
  std::int64_t next_offset = 0;
};

// A batch that was consumed, and what has to happen before its offset may be committed.
struct Pending {
  Commit commit;
  EventTime judged_by{};                           // time has to come this far
  std::optional<notify::Delivery::Ticket> ticket;  // then everything submitted until then has to be settled
};

// Reads one source on a thread of its own.
class Reader {
 public:
  Reader(std::uint32_t index, source::Source& source, Mailbox<Message>& out, const std::atomic<bool>& stop)
      : index_(index), source_(source), out_(out), stop_(stop), commits_(kCommits), thread_([this] {
          run();
        }) {}
  ~Reader() { finish(); }

  // Passes an offset on; never waits: a later commit covers one that found no room.
  void commit(const Commit& commit) {
    Commit copy = commit;
    commits_.try_put(copy);
  }

  // No more commits: the thread does those that are left, closes the source and ends.
  void finish() {
    commits_.close();
    if (thread_.joinable()) thread_.join();
  }

 private:
  static constexpr std::size_t kCommits = 4096;

  void run() {
    std::optional<std::chrono::steady_clock::time_point> last_status;
    while (!stop_.load(std::memory_order_relaxed)) {
      auto batch = source_.poll(kPollWait);
      if (!batch) {
        post(Ended{batch.error()});
        break;
      }
      const bool idle = !batch->has_value();
      if (!idle && !post(std::move(**batch))) break;
      commit_all(Duration{0});
      const auto now = std::chrono::steady_clock::now();
      if (idle || !last_status || now - *last_status >= kStatusInterval) {
        last_status = now;
        source::SourceStatus status = source_.status();
        const bool finished =
            idle && !status.partitions.empty() &&
            std::all_of(status.partitions.begin(), status.partitions.end(),
                        [](const source::Progress& partition) { return partition.finished; });
        if (!post(std::move(status)) || finished) break;
      }
    }
    post(Ended{});
    while (commit_all(kPollWait)) {
    }
    source_.close();
  }

  // Commits what is waiting, each partition once; false when no commit will come any more.
  bool commit_all(Duration wait) {
    std::vector<Commit> latest;
    auto next = wait == Duration{0} ? commits_.take_for(wait) : commits_.take();
    const bool open = next.has_value();
    for (; next; next = commits_.take_for(Duration{0})) {
      const auto same = std::find_if(latest.begin(), latest.end(), [&](const Commit& commit) {
        return commit.partition == next->partition;
      });
      if (same == latest.end()) {
        latest.push_back(*next);
      } else {
        same->next_offset = std::max(same->next_offset, next->next_offset);
      }
    }
    for (const Commit& commit : latest) source_.commit(commit.partition, commit.next_offset);
    return open;
  }

  bool post(std::variant<event::RawBatch, source::SourceStatus, Ended> content) {
    Message message{index_, {}, std::move(content)};
    const auto& partitions = source_.partitions();
    for (; known_partitions_ < partitions.size(); ++known_partitions_) {
      message.new_partitions.push_back(partitions[known_partitions_]);
    }
    return out_.put(std::move(message));
  }

  const std::uint32_t index_;
  source::Source& source_;
  Mailbox<Message>& out_;
  const std::atomic<bool>& stop_;
  std::size_t known_partitions_ = 0;
  Mailbox<Commit> commits_;
  std::thread thread_;  // last: starts when everything above is there
};

}  // namespace

class Live::Session : private Listener {
 public:
  Session(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
          notify::Delivery& delivery, LiveOptions options, std::function<void(const std::string&)> note)
      : plan_(std::move(plan)),
        sources_(std::move(sources)),
        delivery_(delivery),
        options_(std::move(options)),
        note_(std::move(note)),
        engine_(plan_, *this, false),
        worker_(plan_),
        messages_(kMailboxBatches) {
    TOCSIN_CHECK(sources_.size() == plan_->sources.size());
  }

  Result<LiveResult> run(const std::function<bool()>& should_stop) {
    should_stop_ = &should_stop;
    for (const auto& source : sources_) {
      if (auto opened = source->open(); !opened) return std::unexpected(opened.error());
    }
    for (std::uint32_t i = 0; i < sources_.size(); ++i) {
      const source::SourceSettings& settings = plan_->sources[i];
      feeds_.push_back(
          {SourceFrontier(settings.delay, std::holds_alternative<source::KafkaSettings>(settings.kind)),
           {},
           {},
           false,
           {}});
    }
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::uint32_t i = 0; i < sources_.size(); ++i) {
      readers.push_back(std::make_unique<Reader>(i, *sources_[i], messages_, stop_reading_));
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
      if (!stop_reading_) tick_now();
    }
    finish(stop_reading_);
    LiveResult result;
    result.asked_to_stop = stop_reading_;
    result.undelivered = delivery_.drain(options_.drain_limit);
    send_commits();
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
    std::deque<Pending> pending;
  };

  bool asked_to_stop() {
    if (!stop_reading_ && (*should_stop_)()) stop_reading_ = true;
    return stop_reading_;
  }

  bool all_ended() const {
    return std::all_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.ended; });
  }

  std::optional<Error> handle(Message message) {
    Feed& feed = feeds_[message.source];
    for (const source::PartitionName& name : message.new_partitions) {
      feed.partitions.push_back(
          partitions_.add(plan_->sources[message.source], message.source, name, is_live(message.source)));
      feed.last_event.push_back(kNever);
    }
    if (auto* batch = std::get_if<event::RawBatch>(&message.content)) {
      consume(feed, std::move(*batch));
    } else if (auto* status = std::get_if<source::SourceStatus>(&message.content)) {
      for (const std::string& line : status->notes) note_(plan_->sources[message.source].name + ": " + line);
      feed.frontier.on_status(*status, options_.now());
    } else {
      feed.ended = true;
      return std::move(std::get<Ended>(message.content).error);
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

  void consume(Feed& feed, event::RawBatch batch) {
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
    engine_.count_rejects(matched);
    engine_.consume(matched, 0, matched.times.size());
    feed.frontier.on_data(own, matched.newest_record, newest);
    // An event from the future must not hold back the offsets of all others.
    const EventTime now = as_event_time(options_.now());
    const EventTime judged_by = floor_to(std::min(newest == kNever ? now : newest, now), kMinute) + kMinute;
    feed.pending.push_back({{own, matched.next_offset}, judged_by, std::nullopt});
  }

  void tick_now() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_tick_ < kTickInterval) return;
    last_tick_ = now;
    tick();
  }

  void tick() {
    std::vector<EventTime> frontier;
    EventTime least = kForever;
    for (const Feed& feed : feeds_) {
      frontier.push_back(feed.frontier.value());
      least = std::min(least, frontier.back());
    }
    if (least == kForever) return;  // every source has come to its end: finish() judges the rest
    // A source that has come to its end is silent from then on. Beside a live source the clock goes on for
    // it; where all are finite this is history, and time is that of the sources still being read.
    const EventTime ended = finite_only() ? least : as_event_time(options_.now());
    std::replace(frontier.begin(), frontier.end(), kForever, ended);
    judge(frontier, false);
  }

  void judge(const std::vector<EventTime>& frontier, bool final) {
    EventTime least_known = kForever;
    for (const EventTime time : frontier) {
      if (time != kNever) least_known = std::min(least_known, time);
    }
    if (least_known == kForever) return;  // nothing is known yet
    if (!engine_.started()) engine_.start(std::min(least_known, oldest_event_));
    engine_.tick(frontier, final);
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      for (Pending& pending : feeds_[i].pending) {
        if (!pending.ticket && frontier[i] >= pending.judged_by) pending.ticket = last_ticket_;
      }
    }
    send_commits();
  }

  void send_commits() {
    const notify::Delivery::Ticket settled = delivery_.settled_up_to();
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      auto& pending = feeds_[i].pending;
      // Offsets of one partition must not overtake each other; between partitions there is no order to keep,
      // but keeping it is simpler and costs nothing.
      while (!pending.empty() && pending.front().ticket && *pending.front().ticket <= settled) {
        (*readers_)[i]->commit(pending.front().commit);
        pending.pop_front();
      }
    }
  }

  // The last judgement. At a stop: what time has come to. At the end of all history: to the end of the last
  // event's minute.
  void finish(bool stopped) {
    if (stopped) {
      tick();
    } else if (newest_event_ != kNever) {
      judge(std::vector<EventTime>(feeds_.size(), floor_to(newest_event_, kMinute) + kMinute), true);
    }
  }

  void on_transition(const alarm::Transition&,
                     const std::vector<notify::Notification>& notifications) override {
    for (const notify::Notification& notification : notifications) {
      const std::size_t subscriptions = plan_->topics[notification.topic].subscriptions.size();
      for (std::uint32_t s = 0; s < subscriptions; ++s) submit(notification, s);
    }
  }
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}

  // Waits for room for as long as it takes, which stops the reading; a stop ends the waiting, and what was
  // not taken stays uncommitted.
  void submit(const notify::Notification& notification, std::uint32_t subscription) {
    for (bool told = false;;) {
      if (const auto ticket = delivery_.submit(notification, subscription, std::chrono::seconds(1))) {
        last_ticket_ = *ticket;
        return;
      }
      const std::string name = plan_->topics[notification.topic].name + "/" +
                               plan_->topics[notification.topic].subscriptions[subscription].name;
      if (asked_to_stop()) {
        last_ticket_ = std::numeric_limits<notify::Delivery::Ticket>::max();
        note_("notification " + notification.id + " for " + name +
              " was not taken before the stop; its events are not committed");
        return;
      }
      if (!told)
        note_("the queue of " + name +
              " is full: reading waits until its destination takes notifications again");
      told = true;
    }
  }

  const std::shared_ptr<const Plan> plan_;
  const std::vector<std::unique_ptr<source::Source>> sources_;
  notify::Delivery& delivery_;
  const LiveOptions options_;
  const std::function<void(const std::string&)> note_;
  PartitionTable partitions_;
  Engine engine_;
  Worker worker_;
  Mailbox<Message> messages_;
  std::atomic<bool> stop_reading_{false};
  const std::function<bool()>* should_stop_ = nullptr;
  std::vector<std::unique_ptr<Reader>>* readers_ = nullptr;
  std::vector<Feed> feeds_;
  EventTime oldest_event_ = kForever;
  EventTime newest_event_ = kNever;
  notify::Delivery::Ticket last_ticket_ = 0;
  std::chrono::steady_clock::time_point last_tick_{};
};

Live::Live(std::shared_ptr<const Plan> plan, std::vector<std::unique_ptr<source::Source>> sources,
           notify::Delivery& delivery, LiveOptions options, std::function<void(const std::string&)> note)
    : session_(std::make_unique<Session>(std::move(plan), std::move(sources), delivery, std::move(options),
                                         std::move(note))) {}

Live::~Live() = default;

Result<LiveResult> Live::run(const std::function<bool()>& should_stop) { return session_->run(should_stop); }

}  // namespace tocsin::runtime
