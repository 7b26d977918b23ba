#include "engine/runtime/event_queue.h"

#include <fmt/format.h>

#include <string>

namespace tocsin::runtime {
namespace {

constexpr Duration kWorthTelling = std::chrono::seconds(1);
constexpr Duration kTellingInterval = std::chrono::minutes(1);

}  // namespace

void EventQueue::push(Waiting event) {
  lanes_[{event.posted.notification.topic, event.subscription}].waiting.push_back(std::move(event));
  ++size_;
}

std::size_t EventQueue::waiting(std::uint32_t topic, std::uint32_t subscription) const {
  const auto lane = lanes_.find({topic, subscription});
  return lane == lanes_.end() ? 0 : lane->second.waiting.size();
}

bool EventQueue::may_go(Lane& lane, const notify::Deliverer& delivery, Time now, const Outlet& outlet) {
  using Room = notify::Deliverer::Room;
  const Waiting& first = lane.waiting.front();
  if (lane.held_at) lane.held += std::chrono::duration_cast<Duration>(now - *lane.held_at);
  lane.held_at.reset();
  const Room room = delivery.room(first.posted.notification, first.subscription);
  if (room == Room::Half) lane.held = Duration{0};
  if (room != Room::None || lane.held >= kPatience) return true;
  if (outlet.keeps_more(first.posted.notification.topic, first.subscription)) return true;
  lane.held_at = now;
  return false;
}

void EventQueue::step(const notify::Deliverer& delivery, Time now, const Outlet& outlet) {
  for (auto& [key, lane] : lanes_) {
    while (!lane.waiting.empty() && may_go(lane, delivery, now, outlet)) {
      outlet.hand_over(lane.waiting.front().posted);
      lane.waiting.pop_front();
      --size_;
    }
    tell(key, lane, now);
  }
}

void EventQueue::tell(const Key& key, Lane& lane, Time now) {
  const bool holds = !lane.waiting.empty();
  if (holds == lane.is_told) return;
  if (holds && lane.held < kWorthTelling) return;
  if (holds && lane.told_at && now - *lane.told_at < kTellingInterval) return;
  const notify::TopicDefinition& topic = plan_->topics[key.first];
  const std::string name = topic.name + "/" + topic.subscriptions[key.second].name;
  lane.is_told = holds;
  if (holds) {
    lane.told_at = now;
    note_({Severity::Warning,
           "reading_waits",
           fmt::format("{}: its queue is full: reading waits, with {} event{} of rules for it", name,
                       lane.waiting.size(), lane.waiting.size() == 1 ? "" : "s"),
           "it goes on by itself after 30s in all: mend the destination, or narrow the rules",
           {{"subscription", name}, {"waiting", std::to_string(lane.waiting.size())}}});
  } else {
    const bool in_vain = lane.held >= kPatience;
    note_({in_vain ? Severity::Warning : Severity::Info,
           "reading_goes_on",
           fmt::format("{}: {}", name,
                       in_vain ? "reading has waited for it for long enough and goes on"
                               : "its queue has taken what reading waited with"),
           in_vain ? "what has no room now waits in its outbox, or without a state its oldest events give "
                     "way, until "
                     "half of its queue is free: mend the destination"
                   : "",
           {{"subscription", name}}});
  }
}

}  // namespace tocsin::runtime
