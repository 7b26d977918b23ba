#include "engine/runtime/event_queue.h"

namespace tocsin::runtime {

bool EventQueue::may_go(notify::Deliverer::Room room, Time now) {
  using Room = notify::Deliverer::Room;
  Duration& held = held_[{waiting_.front().posted.notification.topic, waiting_.front().subscription}];
  if (held_at_) held += std::chrono::duration_cast<Duration>(now - *held_at_);
  held_at_.reset();
  if (room == Room::Half) held = Duration{0};
  if (room != Room::None || held >= kPatience) return true;
  held_at_ = now;
  return false;
}

void EventQueue::step(const notify::Deliverer& delivery, Time now, const HandOver& hand_over) {
  while (!waiting_.empty()) {
    const Waiting& first = waiting_.front();
    if (!may_go(delivery.room(first.posted.notification, first.subscription), now)) return;
    hand_over(first.posted);
    waiting_.pop_front();
  }
}

}  // namespace tocsin::runtime
