// Events of rules on their way to their destinations.
//
//   Engine --OutboxNotification--> EventQueue --> OutboxFeed --submit()--> notify::Deliverer
//
// A rule may match any number of events, and all of them are meant to arrive. What finds no room in a
// destination's mailbox goes to its outbox, where there is one that takes more. Else it waits here, and
// reading waits with it. Alarms must not: once a destination has held reading for kPatience in all since its
// mailbox was last half empty, events go on to it: the outbox is filled to its bound then, or without a state
// its oldest events give way, until it is half empty again. Several that are away at once hold reading
// together, not one after the other. Alarms' notifications do not pass here and never give way to events
// (delivery.h).
//
// That reading waits is told once it does for a second (`reading_waits`, once a minute at most for each
// subscription), and when it goes on (`reading_goes_on`).
//
// Used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/note.h"
#include "engine/base/time.h"
#include "engine/notify/delivery.h"
#include "engine/notify/notification.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/plan.h"

namespace tocsin::runtime {

class EventQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Duration kPatience = std::chrono::seconds(30);

  struct Waiting {
    OutboxNotification posted;       // for one subscription; its notification's topic is the plan's
    std::uint32_t subscription = 0;  // index into its topic's
  };
  // Where events go on to.
  struct Outlet {
    std::function<void(const OutboxNotification&)> hand_over;
    // What has no room in the subscription's mailbox may wait in its outbox.
    std::function<bool(std::uint32_t topic, std::uint32_t subscription)> keeps_more;
  };

  EventQueue(std::shared_ptr<const Plan> plan, std::function<void(const Note&)> note)
      : plan_(std::move(plan)), note_(std::move(note)) {}

  void push(Waiting event);
  // Hands over what finds room, or has waited for long enough; for each subscription in its order.
  void step(const notify::Deliverer& delivery, Time now, const Outlet& outlet);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t waiting(std::uint32_t topic, std::uint32_t subscription) const;

 private:
  using Key = std::pair<std::uint32_t, std::uint32_t>;  // topic and subscription
  struct Lane {
    std::deque<Waiting> waiting;
    Duration held{0};             // reading, since the mailbox was half empty
    std::optional<Time> held_at;  // it does now; up to then `held` knows of it
    bool is_told = false;         // that reading waits
    std::optional<Time> told_at;  // last
  };
  // Whether the lane's first may go now.
  [[nodiscard]] static bool may_go(Lane& lane, const notify::Deliverer& delivery, Time now,
                                   const Outlet& outlet);
  void tell(const Key& key, Lane& lane, Time now);

  const std::shared_ptr<const Plan> plan_;
  const std::function<void(const Note&)> note_;
  std::map<Key, Lane> lanes_;
  std::size_t size_ = 0;  // of all
};

}  // namespace tocsin::runtime
