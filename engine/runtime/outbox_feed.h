// From the outbox to the queues of the subscriptions.
//
//   Engine --OutboxNotification--> OutboxFeed --submit()--> notify::Deliverer
//     ▲                              │    ▲
//     └───────── settle() ◄──────────┘    └── what waits, by number: shard::StateMachine::outbox()
//
// Where the journal keeps the outbox, a notification that finds no room in the queue of a subscription stays
// there, unacknowledged, and comes into the queue when there is room: oldest first, so that the order of each
// subscription's notifications is kept, but events of rules after all others: they may be many, and no alarm
// waits for them. Here only its number waits. That is bounded too: beyond OutboxLimits the oldest of that
// subscription is given up, an event if there is one, which is counted and told. A journal that keeps nothing
// has no outbox: queues let the oldest give way themselves (notify/delivery.h).
//
// A dead letter is never given up. One that finds no room is held here, and letters_wait() says that nothing
// more should be read.
//
// Pure: time comes in as a parameter. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/note.h"
#include "engine/notify/delivery.h"
#include "engine/runtime/dead_letter_route.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/plan.h"
#include "engine/shard/journal.h"

namespace tocsin::runtime {

// The topic of dead letters in the outbox.
inline constexpr std::string_view kDeadLetterTopic = "(dead letters)";

// What may wait in the outbox for one subscription, besides its queue. One notification always may.
struct OutboxLimits {
  std::size_t notifications = 100'000;
  std::uint64_t bytes = std::uint64_t{64} << 20;
};

class OutboxFeed {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using Settle = std::function<void(std::uint64_t number, std::string subscription, bool delivered)>;

  // References outlive the feed. `settle` is told what a subscription has, or never will: Engine::settle().
  OutboxFeed(std::shared_ptr<const Plan> plan, const shard::Journal& journal, notify::Deliverer& delivery,
             const std::optional<DeadLetterRoute>& letters, OutboxLimits limits,
             std::function<void(const Note&)> note, Settle settle);

  // To be delivered from now on; in the order of the outbox.
  void take(const OutboxNotification& posted, Steady now);

  // Entries of the outbox whose subscription the plan does not have any more were given up: says how many.
  void tell_of_the_gone();

  // Puts into the queues what there is room for now.
  void refill();

  // What the sinks have, or refused, since the last call; whether there was any.
  bool take_settled();

  // What has no room in the mailbox of the plan's subscription may wait here, and the bound is far off.
  [[nodiscard]] bool keeps_more(std::uint32_t topic, std::uint32_t subscription) const;
  // A dead letter waits for room.
  [[nodiscard]] bool letters_wait() const { return !letters_.empty(); }
  // Notifications and dead letters that are in no queue.
  [[nodiscard]] std::uint64_t waiting() const;
  // The newest that was given to the delivery.
  [[nodiscard]] notify::Deliverer::Ticket last_ticket() const { return last_ticket_; }
  // Of each subscription, in the order of the plan.
  [[nodiscard]] std::vector<notify::SubscriptionStatus> status() const;

 private:
  struct Waiting {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  // From the limit to half of it.
  struct Overflow {
    std::uint64_t lost = 0;
    Steady told_at{};
  };
  // A subscription of the plan.
  struct Lane {
    std::uint32_t topic = 0;
    std::uint32_t subscription = 0;
    std::deque<Waiting> waiting;  // alarms'
    std::deque<Waiting> events;   // of rules
    std::uint64_t bytes = 0;      // of both

    [[nodiscard]] std::size_t size() const { return waiting.size() + events.size(); }
    std::uint64_t given_up = 0;
    std::optional<Overflow> overflow;
  };
  struct WaitingLetter {
    notify::Notification letter;
    std::uint32_t lane = 0;
    std::uint64_t number = 0;
    std::string subscription;
  };
  struct InFlight {
    std::uint64_t number = 0;
    std::string subscription;
  };

  // Not more than half of what may.
  [[nodiscard]] bool is_half_empty(const Lane& lane) const;
  [[nodiscard]] Lane* find_lane(const std::string& topic, const std::string& subscription);
  [[nodiscard]] const notify::SubscriptionDefinition& subscription_of(const Lane& lane) const;
  [[nodiscard]] std::string name_of(const Lane& lane) const;
  [[nodiscard]] bool submit(const Lane& lane, std::uint64_t number, notify::Notification notification);
  void keep_waiting(Lane& lane, std::deque<Waiting>& waiting, std::uint64_t number, Steady now);
  void refill(Lane& lane);
  // False: there is no room for the first of them.
  [[nodiscard]] bool refill(Lane& lane, std::deque<Waiting>& waiting);
  void give_up_oldest(Lane& lane, Steady now);
  void take_letter(const OutboxNotification& posted, const std::string& subscription);
  void deliver_letters();
  void track(notify::Deliverer::Ticket ticket, std::uint64_t number, const std::string& subscription);

  const std::shared_ptr<const Plan> plan_;
  const shard::Journal& journal_;
  notify::Deliverer& delivery_;
  const std::optional<DeadLetterRoute>& route_;
  const OutboxLimits limits_;
  const std::function<void(const Note&)> note_;
  const Settle settle_;
  std::vector<Lane> lanes_;
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      gone_;                           // by topic and subscription; not told yet
  std::deque<WaitingLetter> letters_;  // which their destination has no room for
  bool letters_told_ = false;
  notify::Deliverer::Ticket last_ticket_ = 0;
  std::map<notify::Deliverer::Ticket, InFlight> in_flight_;  // where the journal keeps the outbox
};

}  // namespace tocsin::runtime
