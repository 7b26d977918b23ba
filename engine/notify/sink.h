// Where notifications go: the one interface of all destinations.
//
// A sink is used by one thread. deliver() makes one attempt, bounded in time by the sink itself; retrying,
// with which pauses, and giving up are Delivery's (delivery.h). No sink prints a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/notify/notification.h"

namespace tocsin::notify {

struct Attempt {
  enum class Outcome : std::uint8_t {
    Delivered,  // the destination has it
    Retry,      // it may work later
    Rejected,   // it never will: another attempt is pointless
  };
  Outcome outcome = Outcome::Delivered;
  std::string detail;                   // for people: why not delivered; if delivered, to whom it was not
  std::optional<Duration> retry_after;  // the destination asked for this pause
  bool away = false;  // of Retry: nobody was there to take anything, so it says nothing of this notification
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Prepares; an error stops the start. A destination that is merely away is not an error here.
  virtual Result<void> open() = 0;

  [[nodiscard]] virtual Attempt deliver(const Notification& notification) = 0;

  // For messages: "file /var/log/alerts.jsonl", "kafka alerts.security". Never a secret.
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace tocsin::notify
