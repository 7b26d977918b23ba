#include "engine/runtime/outbox_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/base/check.h"
#include "engine/notify/notification_wire.h"

namespace tocsin::runtime {
namespace {

constexpr Duration kOverflowInterval = std::chrono::minutes(1);  // between two counts of what is given up

std::string how_many(std::uint64_t notifications) {
  return fmt::format("{} notification{}", notifications, notifications == 1 ? "" : "s");
}

}  // namespace

OutboxFeed::OutboxFeed(std::shared_ptr<const Plan> plan, const shard::Journal& journal,
                       notify::Deliverer& delivery, const std::optional<DeadLetterRoute>& letters,
                       OutboxLimits limits, std::function<void(const Note&)> note, Settle settle)
    : plan_(std::move(plan)),
      journal_(journal),
      delivery_(delivery),
      route_(letters),
      limits_(limits),
      note_(std::move(note)),
      settle_(std::move(settle)) {
  for (std::uint32_t topic = 0; topic < plan_->topics.size(); ++topic) {
    for (std::uint32_t i = 0; i < plan_->topics[topic].subscriptions.size(); ++i) {
      Lane& lane = lanes_.emplace_back();
      lane.topic = topic;
      lane.subscription = i;
    }
  }
}

void OutboxFeed::take(const OutboxNotification& posted, Steady now) {
  for (const std::string& name : posted.subscriptions) {
    if (route_ && posted.topic == kDeadLetterTopic) {
      take_letter(posted, name);
      continue;
    }
    Lane* lane = find_lane(posted.topic, name);
    if (lane == nullptr) {
      ++gone_[{posted.topic, name}];
      settle_(posted.number, name, false);
      continue;
    }
    std::deque<Waiting>& waiting = posted.notification.event != nullptr ? lane->events : lane->waiting;
    // An event is no more urgent than an alarm that waits.
    if (!lane->waiting.empty() || !waiting.empty() || !submit(*lane, posted.number, posted.notification)) {
      keep_waiting(*lane, waiting, posted.number, now);
    }
  }
}

void OutboxFeed::tell_of_the_gone() {
  for (const auto& [place, lost] : std::exchange(gone_, {})) {
    const auto& [topic, subscription] = place;
    note_({Severity::Warning,
           "nobody_to_tell",
           fmt::format("{} waited for {}/{}, which the configuration does not have any more", how_many(lost),
                       topic, subscription),
           "given up: a `name` keeps what waits for a subscription when its destination is changed",
           {{"topic", topic}, {"subscription", subscription}, {"lost", std::to_string(lost)}}});
  }
}

void OutboxFeed::refill() {
  if (!letters_.empty()) deliver_letters();
  for (Lane& lane : lanes_) {
    refill(lane);
    if (!lane.overflow || !is_half_empty(lane)) continue;
    note_({Severity::Warning,
           "outbox_full_over",
           fmt::format("{}: its outbox has room again: {} given up meanwhile", name_of(lane),
                       how_many(lane.overflow->lost)),
           "those are lost to it: `tocsin alarms` tells how things stand",
           {{"subscription", name_of(lane)}, {"lost", std::to_string(lane.overflow->lost)}}});
    lane.overflow.reset();
  }
}

// An entry leaves the outbox only once all its subscriptions were settled.
void OutboxFeed::refill(Lane& lane) {
  if (refill(lane, lane.waiting)) (void)refill(lane, lane.events);
}

bool OutboxFeed::refill(Lane& lane, std::deque<Waiting>& waiting) {
  const auto& outbox = journal_.machine().outbox();
  while (!waiting.empty()) {
    const Waiting next = waiting.front();
    const auto entry = outbox.find(next.number);
    TOCSIN_CHECK(entry != outbox.end());
    auto notification = notify::decode_notification(entry->second.content);
    TOCSIN_CHECK(notification.has_value());  // it was decoded, or encoded, by this process before
    if (!submit(lane, next.number, std::move(*notification))) return false;
    waiting.pop_front();
    lane.bytes -= next.bytes;
  }
  return true;
}

bool OutboxFeed::submit(const Lane& lane, std::uint64_t number, notify::Notification notification) {
  notification.topic = lane.topic;
  const auto ticket = delivery_.submit(notification, lane.subscription, Duration{0});
  if (!ticket) return false;
  track(*ticket, number, subscription_of(lane).outbox_name());
  return true;
}

void OutboxFeed::keep_waiting(Lane& lane, std::deque<Waiting>& waiting, std::uint64_t number, Steady now) {
  TOCSIN_CHECK(journal_.keeps());  // else a queue turns nothing away
  const std::uint64_t bytes = journal_.machine().outbox().at(number).content.size();
  waiting.push_back({number, bytes});
  lane.bytes += bytes;
  while (lane.size() > 1 && (lane.size() > limits_.notifications || lane.bytes > limits_.bytes)) {
    give_up_oldest(lane, now);
  }
}

void OutboxFeed::give_up_oldest(Lane& lane, Steady now) {
  std::deque<Waiting>& waiting = lane.events.empty() ? lane.waiting : lane.events;
  const Waiting oldest = waiting.front();
  waiting.pop_front();
  lane.bytes -= oldest.bytes;
  ++lane.given_up;
  settle_(oldest.number, subscription_of(lane).outbox_name(), false);
  const bool begins = !lane.overflow;
  if (begins) lane.overflow = Overflow{};
  ++lane.overflow->lost;
  if (!begins && now - lane.overflow->told_at < kOverflowInterval) return;
  lane.overflow->told_at = now;
  note_({Severity::Error,
         "outbox_full",
         begins ? fmt::format("{}: its outbox is full ({} waiting): from now on the oldest are given up",
                              name_of(lane), how_many(lane.size() + 1))
                : fmt::format("{}: its outbox is full: {} given up by now", name_of(lane),
                              how_many(lane.overflow->lost)),
         "those are lost to it: mend the destination",
         {{"subscription", name_of(lane)}, {"lost", std::to_string(lane.overflow->lost)}}});
}

bool OutboxFeed::take_settled() {
  if (!journal_.keeps()) return false;
  bool any = false;
  for (const notify::Deliverer::Settled& settled : delivery_.take_settled()) {
    const auto at = in_flight_.find(settled.ticket);
    if (at == in_flight_.end()) continue;
    settle_(at->second.number, std::move(at->second.subscription), settled.delivered);
    in_flight_.erase(at);
    any = true;
  }
  return any;
}

bool OutboxFeed::is_half_empty(const Lane& lane) const {
  return lane.size() <= limits_.notifications / 2 && lane.bytes <= limits_.bytes / 2;
}

bool OutboxFeed::keeps_more(std::uint32_t topic, std::uint32_t subscription) const {
  if (!journal_.keeps()) return false;
  const auto lane = std::ranges::find_if(
      lanes_, [&](const Lane& one) { return one.topic == topic && one.subscription == subscription; });
  return lane != lanes_.end() && is_half_empty(*lane);
}

std::uint64_t OutboxFeed::waiting() const {
  return std::accumulate(lanes_.begin(), lanes_.end(), std::uint64_t{letters_.size()},
                         [](std::uint64_t sum, const Lane& lane) { return sum + lane.size(); });
}

std::vector<notify::SubscriptionStatus> OutboxFeed::status() const {
  auto statuses = delivery_.status();
  for (std::size_t i = 0; i < lanes_.size() && i < statuses.size(); ++i) {
    const Lane& lane = lanes_[i];
    statuses[i].in_outbox = lane.size();
    statuses[i].published += lane.size() + lane.given_up;
    statuses[i].overflowed += lane.given_up;
    statuses[i].overflowing = statuses[i].overflowing || lane.overflow.has_value();
  }
  return statuses;
}

OutboxFeed::Lane* OutboxFeed::find_lane(const std::string& topic, const std::string& subscription) {
  const auto at = std::ranges::find_if(lanes_, [&](const Lane& lane) {
    return plan_->topics[lane.topic].name == topic && subscription_of(lane).outbox_name() == subscription;
  });
  return at == lanes_.end() ? nullptr : &*at;
}

const notify::SubscriptionDefinition& OutboxFeed::subscription_of(const Lane& lane) const {
  return plan_->topics[lane.topic].subscriptions[lane.subscription];
}

std::string OutboxFeed::name_of(const Lane& lane) const {
  return plan_->topics[lane.topic].name + "/" + subscription_of(lane).name;
}

void OutboxFeed::track(notify::Deliverer::Ticket ticket, std::uint64_t number,
                       const std::string& subscription) {
  last_ticket_ = ticket;
  if (journal_.keeps()) in_flight_.emplace(ticket, InFlight{number, subscription});
}

void OutboxFeed::take_letter(const OutboxNotification& posted, const std::string& subscription) {
  notify::Notification letter = posted.notification;
  letter.topic = route_->topic;
  const auto lane = static_cast<std::uint32_t>(std::stoul(subscription)) % route_->lanes;
  letters_.push_back({std::move(letter), lane, posted.number, subscription});
  deliver_letters();
}

void OutboxFeed::deliver_letters() {
  while (!letters_.empty()) {
    const WaitingLetter& letter = letters_.front();
    const auto ticket = delivery_.submit(letter.letter, letter.lane, Duration{0});
    if (!ticket) break;
    track(*ticket, letter.number, letter.subscription);
    letters_.pop_front();
  }
  if (letters_.empty()) {
    letters_told_ = false;
  } else if (!std::exchange(letters_told_, true)) {
    note_({Severity::Error,
           "queue_full",
           fmt::format("the queue of {} is full", route_->destination),
           "reading waits until it takes more, so that no dead letter is lost: mend it",
           {{"queue", route_->destination}}});
  }
}

}  // namespace tocsin::runtime
