#include "engine/runtime/event_queue.h"

namespace tocsin::runtime {

void EventQueue::push(Waiting event) {
  lanes_[{event.posted.notification.topic, event.subscription}].waiting.push_back(std::move(event));
  ++size_;
}

bool EventQueue::may_go(Lane& lane, notify::Deliverer::Room room, Time now) {
  using Room = notify::Deliverer::Room;
  if (lane.held_at) lane.held += std::chrono::duration_cast<Duration>(now - *lane.held_at);
  lane.held_at.reset();
  if (room == Room::Half) lane.held = Duration{0};
  if (room != Room::None || lane.held >= kPatience) return true;
  lane.held_at = now;
  return false;
}

void EventQueue::step(const notify::Deliverer& delivery, Time now, const HandOver& hand_over) {
  for (auto& [subscription, lane] : lanes_) {
    while (!lane.waiting.empty()) {
      const Waiting& first = lane.waiting.front();
      if (!may_go(lane, delivery.room(first.posted.notification, first.subscription), now)) break;
      hand_over(first.posted);
      lane.waiting.pop_front();
      --size_;
    }
  }
}

}  // namespace tocsin::runtime
