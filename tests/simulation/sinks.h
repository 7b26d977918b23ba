// The destinations of notifications and dead letters, and the delivery to them: a mailbox and a worker for
// each subscription, as notify::Delivery has them for a caller that keeps what it submits, but on virtual
// time. Mailboxes end with the process; what the destinations have stays.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/notify/delivery.h"
#include "engine/notify/notification.h"
#include "tests/simulation/random.h"
#include "tests/simulation/world.h"

namespace tocsin::simulation {

// A destination by its own account.
struct Received {
  std::string id;
  std::string key;
  std::string content;  // notify::encode()
};

struct Destination {
  std::string topic;
  std::string subscription;
  std::vector<Received> received;  // in order, with repeats
  Duration down_until{0};
  Duration times_out_until{0};
  Duration rejects_until{0};
  std::uint64_t gone = 0;  // rejected
};

class Destinations {
 public:
  explicit Destinations(World& world) : world_(world) {}
  // The same one whenever it is asked for.
  Destination& find(const std::string& topic, const std::string& subscription);
  [[nodiscard]] std::deque<Destination>& all() { return all_; }

 private:
  World& world_;
  std::deque<Destination> all_;
};

class SimulatedDelivery final : public notify::Deliverer {
 public:
  // `topics` with one of dead letters at the end.
  SimulatedDelivery(World& world, Random& random, Destinations& destinations,
                    const std::vector<notify::TopicDefinition>& topics, std::uint64_t process);

  [[nodiscard]] std::optional<Ticket> submit(const notify::Notification& notification,
                                             std::uint32_t subscription, Duration wait) override;
  [[nodiscard]] Room room(const notify::Notification& notification,
                          std::uint32_t subscription) const override;
  [[nodiscard]] std::vector<Settled> take_settled() override;
  [[nodiscard]] Ticket settled_up_to() const override { return 0; }
  [[nodiscard]] std::vector<notify::SubscriptionStatus> status() const override;

  // Takes nothing more.
  void drain() { draining_ = true; }
  // Attempts that are due.
  void step();
  [[nodiscard]] bool is_idle() const;

 private:
  static constexpr std::size_t kMailbox = 4;

  struct Waiting {
    Ticket ticket = 0;
    Received message;
  };
  struct Worker {
    Destination* destination = nullptr;
    std::deque<Waiting> mailbox;
    Duration next_attempt{0};
  };
  void settle(Worker& worker, bool delivered);  // the first

  World& world_;
  Random& random_;
  std::uint64_t process_;
  bool draining_ = false;
  Ticket last_ticket_ = 0;
  std::vector<Settled> settled_;
  std::vector<std::vector<Worker>> workers_;  // [topic][subscription]
};

}  // namespace tocsin::simulation
