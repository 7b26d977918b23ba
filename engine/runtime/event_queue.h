// Events of rules on their way to their destinations.
//
//   Engine --OutboxNotification--> EventQueue --> OutboxFeed --submit()--> notify::Deliverer
//
// A rule may match any number of events, and all of them are meant to arrive: where a destination's mailbox
// is full they wait here, and reading waits with them. Alarms must not: once a destination has held reading
// for kPatience in all since its mailbox was last half empty, events go on to it: they wait in the outbox
// then, or without a state its oldest events give way, until it is half empty again. Several that are away at
// once hold reading together, not one after the other. Alarms' notifications do not pass here and never give
// way to events (delivery.h).
//
// Used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "engine/base/time.h"
#include "engine/notify/delivery.h"
#include "engine/notify/notification.h"
#include "engine/runtime/engine.h"

namespace tocsin::runtime {

class EventQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Duration kPatience = std::chrono::seconds(30);

  struct Waiting {
    OutboxNotification posted;       // for one subscription; its notification's topic is the plan's
    std::uint32_t subscription = 0;  // index into its topic's
  };
  using HandOver = std::function<void(const OutboxNotification&)>;

  void push(Waiting event);
  // Hands over what finds room, or has waited for long enough; for each subscription in its order.
  void step(const notify::Deliverer& delivery, Time now, const HandOver& hand_over);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // Of a subscription.
  struct Lane {
    std::deque<Waiting> waiting;
    Duration held{0};             // reading, since the mailbox was half empty
    std::optional<Time> held_at;  // it does now; up to then `held` knows of it
  };
  // Whether the lane's first may go now.
  [[nodiscard]] static bool may_go(Lane& lane, notify::Deliverer::Room room, Time now);

  std::map<std::pair<std::uint32_t, std::uint32_t>, Lane> lanes_;  // by topic and subscription
  std::size_t size_ = 0;                                           // of all
};

}  // namespace tocsin::runtime
