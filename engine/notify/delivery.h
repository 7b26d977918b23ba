// Delivery: takes notifications and sees them through to their sinks.
//
//   compose() --Notification--> submit() --mailbox, one a subscription--> worker --deliver(), again and
//   again--> Sink
//
// A subscription has its own worker thread and bounded mailbox, so a slow or dead destination delays no other
// one, nor the engine. The order of one subscription's notifications is kept, but that events of rules come
// after all alarms that wait: they may be many, and somebody is paged by the alarm. A delivery that fails is
// tried again as retry_policy.h says; what is rejected, given up or gives way is counted and reported, never
// dropped in silence.
//
// Where a full mailbox gets another notification, the oldest that waits gives way, and events of rules before
// any alarm's (runtime::EventQueue sees to it that there is mostly room): who is on call acts on how things
// stand now, and an alarm's last word is in the newest. Were those turned away instead, the
// destination would come back to news of hours ago and never hear of what rings, or that it is over. How the
// incident began is not lost: its first notification is the one that is being tried all the while. A topic
// that gives nothing up (dead letters) loses none either: submit() waits there, and who reads waits with it.
//
// With a caller that keeps what it submits (an outbox on disk) nothing gives way: a full mailbox turns away,
// and the caller comes again when there is room. Nor is anything given up because its destination was away
// (Attempt::away): the retry policy's time then counts from when it was there again.
//
// Every submission gets a ticket, from 1 upwards. It is settled when the sink has the notification, or when
// that was reported as lost. settled_up_to() tells how far everything is settled, which is how far source
// positions may be committed: what a stop leaves behind stays unsettled, and comes again after the start. The
// retry policy's time counts from the submission, so a dead destination holds positions back for as long as
// that, and then for one attempt of each notification that waits.
//
// Threads: open(), drain() and the destructor belong to one thread, before, after and around all other calls;
// submit(), settled_up_to() and status() may be called by any. The reporter is called by the workers and by
// submit(): it must be thread-safe, and must not call back. A sink is only touched by its own worker once
// open() is done.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/notify/clock.h"
#include "engine/notify/notification.h"
#include "engine/notify/retry_policy.h"
#include "engine/notify/sink.h"

namespace tocsin::notify {

struct DeliverySettings {
  RetryPolicy retry;
  // What may wait for a subscription: notifications, and their bytes. One is always taken, however large.
  std::size_t mailbox_capacity = 1000;
  std::size_t mailbox_bytes = std::size_t{16} << 20;
  // The caller keeps what it submits until that is settled, and comes again with what finds no room:
  // take_settled() tells, a full mailbox turns away, and no time counts in which the destination was away.
  bool is_kept = false;
};

// What people should know. Partial is said for each notification; Rejected and GivenUp for each of an alarm's
// and the first event of a rule in a minute, Lost for the others (loss_watch.h); Undelivered once for each
// subscription; Overflow when it begins, Overflowed each minute while it grows, OverflowOver at its end.
struct DeliveryReport {
  enum class Kind : std::uint8_t {
    Failing,       // attempts began to fail, or fail for another reason now
    Recovered,     // attempts succeed again
    Partial,       // delivered, but not to everybody who should have it
    Rejected,      // the destination will never take this one
    GivenUp,       // retried for as long as the policy allows
    Lost,          // how many more were rejected or given up in the last minute
    Overflow,      // the mailbox is full: from now on the oldest give way
    Overflowed,    // how many have by now
    OverflowOver,  // half of the mailbox is free again
    Undelivered,   // the stop came first; these stay unsettled
  };
  Kind kind = Kind::Failing;
  std::string subscription;  // "security/kafka"
  std::string destination;   // the sink's describe()
  std::string notification;  // subject and id; of Lost, Overflowed, OverflowOver and Undelivered: how many
  std::string detail;        // the sink's
  std::uint32_t attempts = 0;
};

// The same, for the log.
[[nodiscard]] Note to_note(const DeliveryReport& report);

struct SubscriptionStatus {
  std::string subscription;
  std::string destination;
  std::size_t waiting = 0;      // in the mailbox
  std::size_t in_outbox = 0;    // kept by the caller until the mailbox has room
  std::uint64_t published = 0;  // submitted
  std::uint64_t delivered = 0;
  std::uint64_t retried = 0;  // attempts after the first
  std::uint64_t rejected = 0;
  std::uint64_t given_up = 0;
  std::uint64_t overflowed = 0;  // gave way to newer ones
  std::uint64_t undelivered = 0;
  bool overflowing = false;
};

// The delivery as the engine sees it.
class Deliverer {
 public:
  using Ticket = std::uint64_t;
  virtual ~Deliverer() = default;

  // Hands the notification to a subscription of its topic. Where nothing gives way and the mailbox is full it
  // waits for room, at most `wait`. Nothing when there still is none, or when draining: nothing was submitted
  // then.
  [[nodiscard]] virtual std::optional<Ticket> submit(const Notification& notification,
                                                     std::uint32_t subscription, Duration wait) = 0;

  // How full the subscription's mailbox is, for one more.
  enum class Room : std::uint8_t {
    Half,         // at least half of it is free
    Some,         // there is room
    None,         // the oldest would give way
    Overflowing,  // they did, and since then it was not half empty
  };
  [[nodiscard]] virtual Room room(const Notification& notification, std::uint32_t subscription) const = 0;

  // Those settled since the last call, in any order; only if the settings ask for it.
  struct Settled {
    Ticket ticket = 0;
    bool delivered = true;  // else rejected, given up, or gave way
  };
  [[nodiscard]] virtual std::vector<Settled> take_settled() = 0;

  // The greatest ticket such that it and all before it are settled; 0 at first.
  [[nodiscard]] virtual Ticket settled_up_to() const = 0;

  [[nodiscard]] virtual std::vector<SubscriptionStatus> status() const = 0;
};

class Delivery final : public Deliverer {
 public:
  using Reporter = std::function<void(const DeliveryReport&)>;

  // `sinks[t][s]` serves `topics[t].subscriptions[s]`. The clock outlives the delivery.
  Delivery(const std::vector<TopicDefinition>& topics, std::vector<std::vector<std::unique_ptr<Sink>>> sinks,
           DeliverySettings settings, Clock& clock, Reporter reporter);
  ~Delivery() override;  // drains without patience, unless drain() came before
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Opens every sink and starts the workers. On an error no worker runs.
  [[nodiscard]] Result<void> open();

  [[nodiscard]] std::optional<Ticket> submit(const Notification& notification, std::uint32_t subscription,
                                             Duration wait) override;
  [[nodiscard]] Room room(const Notification& notification, std::uint32_t subscription) const override;
  [[nodiscard]] std::vector<Settled> take_settled() override;
  [[nodiscard]] Ticket settled_up_to() const override;

  // Takes nothing more, finishes what is queued, and stops the workers. No attempt starts after `limit`; one
  // that runs is waited for, which its sink bounds. Returns how many notifications were left undelivered.
  // Later calls do nothing.
  std::uint64_t drain(Duration limit);

  [[nodiscard]] std::vector<SubscriptionStatus> status() const override;

 private:
  class Worker;
  class Tickets;

  std::unique_ptr<Tickets> tickets_;
  std::vector<std::vector<std::unique_ptr<Worker>>> workers_;  // [topic][subscription]
};

}  // namespace tocsin::notify
