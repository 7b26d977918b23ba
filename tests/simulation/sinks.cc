#include "tests/simulation/sinks.h"

#include <algorithm>
#include <utility>

#include "engine/notify/notification_wire.h"

namespace tocsin::simulation {

Destination& Destinations::find(const std::string& topic, const std::string& subscription) {
  for (Destination& destination : all_) {
    if (destination.topic == topic && destination.subscription == subscription) return destination;
  }
  return all_.emplace_back(Destination{topic, subscription});
}

SimulatedDelivery::SimulatedDelivery(World& world, Random& random, Destinations& destinations,
                                     const std::vector<notify::TopicDefinition>& topics,
                                     std::uint64_t process)
    : world_(world), random_(random), process_(process) {
  for (const notify::TopicDefinition& topic : topics) {
    auto& workers = workers_.emplace_back();
    for (const notify::SubscriptionDefinition& subscription : topic.subscriptions) {
      workers.push_back({&destinations.find(topic.name, subscription.name)});
    }
  }
}

std::optional<notify::Deliverer::Ticket> SimulatedDelivery::submit(const notify::Notification& notification,
                                                                   std::uint32_t subscription, Duration) {
  world_.reach(Point::Submit);
  Worker& worker = workers_.at(notification.topic).at(subscription);
  if (draining_) return std::nullopt;
  if (worker.mailbox.size() >= kMailbox) {
    if (world_.ablation != Ablation::DroppedUnsettled) return std::nullopt;
    worker.mailbox.erase(worker.mailbox.begin() + 1);  // the first is being tried
  }
  notify::Notification sent = notification;
  if (world_.ablation == Ablation::ComposedAnew) sent.payload += std::to_string(process_);
  Waiting waiting{++last_ticket_, {sent.id, sent.key, notify::encode(sent)}};
  if (world_.ablation == Ablation::SettledBeforeDelivered) settled_.push_back({last_ticket_, true});
  const bool first = world_.ablation == Ablation::NewestFirst;
  worker.mailbox.insert(first ? worker.mailbox.begin() : worker.mailbox.end(), std::move(waiting));
  return last_ticket_;
}

notify::Deliverer::Room SimulatedDelivery::room(const notify::Notification& notification,
                                                std::uint32_t subscription) const {
  const std::size_t waiting = workers_.at(notification.topic).at(subscription).mailbox.size();
  return waiting >= kMailbox ? Room::None : waiting > kMailbox / 2 ? Room::Some : Room::Half;
}

std::vector<notify::Deliverer::Settled> SimulatedDelivery::take_settled() {
  world_.reach(Point::TakeSettled);
  std::vector<Settled> settled = std::exchange(settled_, {});
  for (std::size_t i = settled.size(); i > 1; --i) std::swap(settled[i - 1], settled[random_.below(i)]);
  return settled;
}

std::vector<notify::SubscriptionStatus> SimulatedDelivery::status() const {
  std::vector<notify::SubscriptionStatus> all;
  for (const auto& topic : workers_) {
    for (const Worker& worker : topic) {
      all.push_back({.subscription = worker.destination->topic + "/" + worker.destination->subscription,
                     .destination = "simulated",
                     .waiting = worker.mailbox.size()});
    }
  }
  return all;
}

void SimulatedDelivery::step() {
  for (auto& topic : workers_) {
    for (Worker& worker : topic) {
      Destination& to = *worker.destination;
      while (!worker.mailbox.empty() && world_.passed >= worker.next_attempt) {
        worker.next_attempt = world_.passed + Duration{random_.between(0, 3'000)};
        const Waiting& waiting = worker.mailbox.front();
        if (world_.passed < to.rejects_until) {
          settle(worker, false);
          continue;
        }
        const bool down = world_.passed < to.down_until;
        const bool silent = world_.passed < to.times_out_until;
        if (!down) {
          to.received.push_back(waiting.message);
          world_.trace(waiting.message.content);
        }
        if (!down && !silent) {
          settle(worker, true);
        } else {
          worker.next_attempt += std::chrono::seconds(2);
        }
      }
    }
  }
}

void SimulatedDelivery::settle(Worker& worker, bool delivered) {
  if (world_.ablation != Ablation::SettledBeforeDelivered)
    settled_.push_back({worker.mailbox.front().ticket, delivered});
  if (!delivered) ++worker.destination->gone;
  worker.mailbox.pop_front();
}

bool SimulatedDelivery::is_idle() const {
  return std::ranges::all_of(workers_, [](const auto& topic) {
    return std::ranges::all_of(topic, [](const Worker& worker) { return worker.mailbox.empty(); });
  });
}

}  // namespace tocsin::simulation
