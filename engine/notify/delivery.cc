#include "engine/notify/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/base/check.h"
#include "engine/notify/loss_watch.h"

namespace tocsin::notify {
namespace {

constexpr Duration kOverflowInterval = std::chrono::minutes(1);  // between two counts of what gives way

RetryPolicy without_end(RetryPolicy policy) {
  policy.give_up_after = Duration::max();
  policy.max_attempts = std::numeric_limits<std::uint32_t>::max();
  return policy;
}

std::string how_many(std::uint64_t notifications) {
  return fmt::format("{} notification{}", notifications, notifications == 1 ? "" : "s");
}

std::size_t bytes_of(const Notification& notification) {
  return notification.payload.size() + notification.subject.size() + notification.key.size();
}

}  // namespace

// Which tickets are out. Any thread.
class Delivery::Tickets {
 public:
  [[nodiscard]] Ticket issue() {
    std::lock_guard lock(mutex_);
    unsettled_.insert(++last_);
    return last_;
  }

  explicit Tickets(bool remember) : remember_(remember) {}

  void settle(Ticket ticket, bool delivered) {
    std::lock_guard lock(mutex_);
    const std::size_t erased = unsettled_.erase(ticket);
    TOCSIN_CHECK(erased == 1);
    if (remember_) settled_.push_back({ticket, delivered});
  }

  [[nodiscard]] std::vector<Settled> take_settled() {
    std::lock_guard lock(mutex_);
    return std::exchange(settled_, {});
  }

  [[nodiscard]] Ticket settled_up_to() const {
    std::lock_guard lock(mutex_);
    return unsettled_.empty() ? last_ : *unsettled_.begin() - 1;
  }

 private:
  const bool remember_;
  mutable std::mutex mutex_;
  Ticket last_ = 0;               // guarded by mutex_
  std::vector<Settled> settled_;  // guarded by mutex_; since they were taken last
  std::set<Ticket> unsettled_;  // guarded by mutex_; as many as the mailboxes hold at most, and one a worker
};

// One subscription: its mailbox, its thread, its sink.
class Delivery::Worker {
 public:
  Worker(std::string subscription, std::unique_ptr<Sink> sink, const DeliverySettings& settings,
         const RetryPolicy& retry, bool gives_way, Clock& clock, Tickets& tickets, const Reporter& reporter)
      : subscription_(std::move(subscription)),
        destination_(sink->describe()),
        retry_(retry),
        gives_way_(gives_way),
        is_kept_(settings.is_kept),
        clock_(clock),
        tickets_(tickets),
        reporter_(reporter),
        capacity_(settings.mailbox_capacity),
        capacity_bytes_(settings.mailbox_bytes),
        sink_(std::move(sink)) {
    status_.subscription = subscription_;
    status_.destination = destination_;
  }

  [[nodiscard]] Result<void> open() {
    if (auto opened = sink_->open(); !opened) {
      return fail(opened.error().code, fmt::format("{}: {}", destination_, describe(opened.error())),
                  subscription_);
    }
    return {};
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  [[nodiscard]] std::optional<Ticket> submit(const Notification& notification, Duration wait) {
    const std::size_t bytes = bytes_of(notification);
    std::optional<DeliveryReport> overflow;
    std::unique_lock lock(mutex_);
    if (!gives_way_ && !room_.wait_for(lock, wait, [&] { return draining_ || has_room(bytes); })) {
      return std::nullopt;
    }
    if (draining_) return std::nullopt;
    const Ticket ticket = tickets_.issue();
    waiting_.push_back({ticket, clock_.now(), notification});
    waiting_bytes_ += bytes;
    ++status_.published;
    while (waiting_.size() > capacity_ || (waiting_.size() > 1 && waiting_bytes_ > capacity_bytes_)) {
      if (auto report = let_oldest_give_way()) overflow = std::move(report);
    }
    lock.unlock();
    arrived_.notify_one();
    if (overflow) report(*overflow);
    return ticket;
  }

  [[nodiscard]] Room room(std::size_t bytes) const {
    std::lock_guard lock(mutex_);
    if (overflow_) return Room::Overflowing;
    if (!has_room(bytes)) return Room::None;
    return is_half_empty() ? Room::Half : Room::Some;
  }

  // From here on: no submission is taken, no pause is slept through, and no attempt starts after `limit`.
  void start_drain(Duration limit) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(draining_, true)) return;
    }
    deadline_ = clock_.now() + limit;
    stop_.request_stop();
    room_.notify_all();
    arrived_.notify_all();
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] SubscriptionStatus status() const {
    std::lock_guard lock(mutex_);
    SubscriptionStatus status = status_;
    status.waiting = waiting_.size();
    status.overflowing = overflow_.has_value();
    return status;
  }

 private:
  struct Submission {
    Ticket ticket = 0;
    Duration at{0};  // by clock_
    Notification notification;
  };
  // From a full mailbox to one that is half empty.
  struct Overflow {
    std::uint64_t lost = 0;
    std::uint64_t told = 0;  // of these
    Duration told_at{0};
  };

  void run() {
    while (auto submission = take()) {
      if (const auto fate = see_through(*submission))
        tickets_.settle(submission->ticket, *fate == Fate::Delivered);
    }
    tell_of_losses(true);
    std::unique_lock lock(mutex_);
    const std::uint64_t left = status_.undelivered;
    const std::uint64_t untold = overflow_ ? overflow_->lost - overflow_->told : 0;
    const std::uint64_t lost = overflow_ ? overflow_->lost : 0;
    lock.unlock();
    if (untold > 0) report(DeliveryReport::Kind::Overflowed, how_many(lost), {}, 0);
    if (left > 0) {
      report(DeliveryReport::Kind::Undelivered, how_many(left), "stopped before they could be delivered", 0);
    }
  }

  // Waits for a submission; nothing when draining and none is left.
  std::optional<Submission> take() {
    std::unique_lock lock(mutex_);
    const auto is_over = [&] { return draining_ || !waiting_.empty(); };
    while (losses_.has_untold() && !arrived_.wait_for(lock, LossWatch::kInterval, is_over)) {
      lock.unlock();
      tell_of_losses(true);
      lock.lock();
    }
    arrived_.wait(lock, is_over);
    if (waiting_.empty()) return std::nullopt;
    const auto next = next_up();
    std::optional<Submission> submission(std::move(*next));
    waiting_.erase(next);
    waiting_bytes_ -= bytes_of(submission->notification);
    std::uint64_t lost = 0;
    if (overflow_ && is_half_empty()) {
      lost = overflow_->lost;
      overflow_.reset();
    }
    lock.unlock();
    room_.notify_all();
    if (lost > 0) report(DeliveryReport::Kind::OverflowOver, how_many(lost), {}, 0);
    return submission;
  }

  // With mutex_ held, as below.
  [[nodiscard]] bool has_room(std::size_t bytes) const {
    return waiting_.size() < capacity_ && (waiting_.empty() || waiting_bytes_ + bytes <= capacity_bytes_);
  }
  [[nodiscard]] bool is_half_empty() const {
    return waiting_.size() <= capacity_ / 2 && waiting_bytes_ <= capacity_bytes_ / 2;
  }

  // Of those that wait: the oldest, but no event before an alarm.
  [[nodiscard]] std::deque<Submission>::iterator next_up() {
    const auto alarm = std::ranges::find_if(
        waiting_, [](const Submission& waiting) { return waiting.notification.event == nullptr; });
    return alarm == waiting_.end() ? waiting_.begin() : alarm;
  }

  // An event before any alarm. What people should be told of it, if it is time to.
  std::optional<DeliveryReport> let_oldest_give_way() {
    auto at = std::ranges::find_if(
        waiting_, [](const Submission& waiting) { return waiting.notification.event != nullptr; });
    if (at == waiting_.end()) at = waiting_.begin();
    const Submission oldest = std::move(*at);
    waiting_.erase(at);
    waiting_bytes_ -= bytes_of(oldest.notification);
    tickets_.settle(oldest.ticket, false);
    ++status_.overflowed;
    const bool begins = !overflow_;
    if (begins) overflow_.emplace(Overflow{});
    ++overflow_->lost;
    const Duration now = clock_.now();
    if (!begins && now - overflow_->told_at < kOverflowInterval) return std::nullopt;
    overflow_->told = overflow_->lost;
    overflow_->told_at = now;
    return begins ? make_report(DeliveryReport::Kind::Overflow, name_of(oldest.notification),
                                how_many(waiting_.size()) + " waiting", 0)
                  : make_report(DeliveryReport::Kind::Overflowed, how_many(overflow_->lost), {}, 0);
  }

  // Nothing: it is not settled, the stop came first.
  enum class Fate : std::uint8_t { Delivered, Lost };
  std::optional<Fate> see_through(const Submission& submission) {
    const Notification& notification = submission.notification;
    std::uint32_t counted = 0;  // of the attempts: those that the retry policy counts
    for (std::uint32_t attempts = 0;;) {
      if (stop_.stop_requested() && clock_.now() >= deadline_.load()) {
        count(&SubscriptionStatus::undelivered);
        return std::nullopt;
      }
      const Attempt attempt = sink_->deliver(notification);
      ++attempts;
      if (attempt.outcome == Attempt::Outcome::Delivered) {
        count(&SubscriptionStatus::delivered);
        if (!std::exchange(trouble_, {}).empty()) {
          report(DeliveryReport::Kind::Recovered, name_of(notification), {}, attempts);
        }
        if (!attempt.detail.empty())
          report(DeliveryReport::Kind::Partial, name_of(notification), attempt.detail, attempts);
        tell_of_losses(false);
        return Fate::Delivered;
      }
      const bool excused = is_kept_ && attempt.away;
      if (excused) {
        away_at_ = clock_.now();
      } else {
        ++counted;
      }
      const Duration since = std::max(submission.at, away_at_.value_or(submission.at));
      const auto pause =
          excused ? next_pause(without_end(retry_), attempts, Duration{0}, attempt, chance_(random_))
                  : next_pause(retry_, counted, clock_.now() - since, attempt, chance_(random_));
      if (!pause) {
        const bool rejected = attempt.outcome == Attempt::Outcome::Rejected;
        count(rejected ? &SubscriptionStatus::rejected : &SubscriptionStatus::given_up);
        tell_of_losses(false);
        if (losses_.add(notification.event != nullptr, clock_.now()))
          report(rejected ? DeliveryReport::Kind::Rejected : DeliveryReport::Kind::GivenUp,
                 name_of(notification), attempt.detail, attempts);
        return Fate::Lost;
      }
      if (const std::string trouble = attempt.detail.empty() ? "no reason given" : attempt.detail;
          trouble != trouble_) {
        trouble_ = trouble;
        report(DeliveryReport::Kind::Failing, name_of(notification), trouble, attempts);
      }
      sleep(*pause);
      count(&SubscriptionStatus::retried);
    }
  }

  void tell_of_losses(bool all) {
    if (const std::uint64_t lost = losses_.take_untold(clock_.now(), all); lost > 0)
      report(DeliveryReport::Kind::Lost, how_many(lost), {}, 0);
  }

  // A drain ends the pause that it meets, for one prompt attempt; later pauses end at the deadline.
  void sleep(Duration pause) {
    if (!stop_.stop_requested()) {
      clock_.sleep(pause, stop_.get_token());
    } else {
      clock_.sleep(std::clamp(deadline_.load() - clock_.now(), Duration{0}, pause), std::stop_token());
    }
  }

  void count(std::uint64_t SubscriptionStatus::* counter) {
    std::lock_guard lock(mutex_);
    ++(status_.*counter);
  }

  static std::string name_of(const Notification& notification) {
    return fmt::format("{} ({})", notification.subject, notification.id);
  }

  [[nodiscard]] DeliveryReport make_report(DeliveryReport::Kind kind, std::string notification,
                                           std::string detail, std::uint32_t attempts) const {
    return {kind, subscription_, destination_, std::move(notification), std::move(detail), attempts};
  }
  void report(const DeliveryReport& what) const {
    if (reporter_) reporter_(what);
  }
  void report(DeliveryReport::Kind kind, std::string notification, std::string detail,
              std::uint32_t attempts) const {
    report(make_report(kind, std::move(notification), std::move(detail), attempts));
  }

  // Constant after construction.
  const std::string subscription_;
  const std::string destination_;
  const RetryPolicy retry_;
  const bool gives_way_;
  const bool is_kept_;
  Clock& clock_;
  Tickets& tickets_;
  const Reporter reporter_;
  const std::size_t capacity_;
  const std::size_t capacity_bytes_;

  // The worker thread's.
  std::unique_ptr<Sink> sink_;
  std::string trouble_;              // why the last attempt failed, as reported; empty while all is well
  std::optional<Duration> away_at_;  // when the destination was away last, by clock_
  LossWatch losses_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> chance_{0, 1};

  std::stop_source stop_;
  std::atomic<Duration> deadline_{Duration{0}};  // meaningful once stop_ is requested

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable room_;
  bool draining_ = false;           // guarded by mutex_, as is all below
  std::deque<Submission> waiting_;  // the mailbox
  std::size_t waiting_bytes_ = 0;
  std::optional<Overflow> overflow_;
  SubscriptionStatus status_;

  std::thread thread_;
};

Delivery::Delivery(const std::vector<TopicDefinition>& topics,
                   std::vector<std::vector<std::unique_ptr<Sink>>> sinks, DeliverySettings settings,
                   Clock& clock, Reporter reporter)
    : tickets_(std::make_unique<Tickets>(settings.is_kept)) {
  TOCSIN_CHECK(sinks.size() == topics.size() && settings.mailbox_capacity > 0);
  for (std::size_t t = 0; t < topics.size(); ++t) {
    TOCSIN_CHECK(sinks[t].size() == topics[t].subscriptions.size());
    const RetryPolicy retry = topics[t].gives_up ? settings.retry : without_end(settings.retry);
    const bool gives_way = topics[t].gives_up && !settings.is_kept;
    auto& workers = workers_.emplace_back();
    for (std::size_t s = 0; s < sinks[t].size(); ++s) {
      workers.push_back(std::make_unique<Worker>(topics[t].name + "/" + topics[t].subscriptions[s].name,
                                                 std::move(sinks[t][s]), settings, retry, gives_way, clock,
                                                 *tickets_, reporter));
    }
  }
}

Delivery::~Delivery() { drain(Duration{0}); }

Result<void> Delivery::open() {
  for (const auto& topic : workers_) {
    for (const auto& worker : topic) {
      if (auto opened = worker->open(); !opened) return opened;
    }
  }
  for (const auto& topic : workers_) {
    for (const auto& worker : topic) worker->start();
  }
  return {};
}

std::optional<Delivery::Ticket> Delivery::submit(const Notification& notification, std::uint32_t subscription,
                                                 Duration wait) {
  TOCSIN_CHECK(notification.topic < workers_.size() && subscription < workers_[notification.topic].size());
  return workers_[notification.topic][subscription]->submit(notification, wait);
}

Delivery::Room Delivery::room(const Notification& notification, std::uint32_t subscription) const {
  TOCSIN_CHECK(notification.topic < workers_.size() && subscription < workers_[notification.topic].size());
  return workers_[notification.topic][subscription]->room(bytes_of(notification));
}

std::vector<Delivery::Settled> Delivery::take_settled() { return tickets_->take_settled(); }

Delivery::Ticket Delivery::settled_up_to() const { return tickets_->settled_up_to(); }

std::uint64_t Delivery::drain(Duration limit) {
  // All at once, so that the limit is one for all and not one for each.
  for (const auto& topic : workers_) {
    for (const auto& worker : topic) worker->start_drain(limit);
  }
  std::uint64_t undelivered = 0;
  for (const auto& topic : workers_) {
    for (const auto& worker : topic) {
      worker->join();
      undelivered += worker->status().undelivered;
    }
  }
  return undelivered;
}

std::vector<SubscriptionStatus> Delivery::status() const {
  std::vector<SubscriptionStatus> all;
  for (const auto& topic : workers_) {
    for (const auto& worker : topic) all.push_back(worker->status());
  }
  return all;
}

}  // namespace tocsin::notify
