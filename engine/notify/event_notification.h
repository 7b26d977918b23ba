// The notification of an event that a rule sends to its topics: the event itself.
//
//   runtime::Worker --event, rule--> Engine --compose()--> Notification --Delivery--> Sink
//
// The payload of an event that is a JSON object is that JSON as it stood, but for line breaks between its
// tokens, which become blanks: it is one line. Anything else becomes one:
//
//   {"time":"2026-03-01T09:05:00Z","account":"111122223333","region":"eu-central-1",
//    "log_group":"hosts","log_stream":"auth.log","message":"Failed password for root from 203.0.113.7"}
//
// So does an event that would make the notification larger than SNS takes, with as much of it in `message` as
// fits and `cut_bytes`, how much does not: what was cut is never taken for the whole. What the event does not
// say (account, region) is left out.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/notify/notification.h"

namespace tocsin::notify {

inline constexpr std::size_t kMaxEventNotification = std::size_t{256} << 10;  // payload and attributes; SNS's
// An envelope may give any account, region, log group and stream; CloudWatch's names have at most so many.
inline constexpr std::size_t kMaxEventPlace = 512;  // bytes; what is longer is cut

struct RuleEvent {
  std::string id;  // 32 hex digits: the same whenever this event is read at this place, for this rule
  EventFacts facts;
  std::string log_stream;
  std::string message;     // UTF-8; its start, at least kMaxEventNotification bytes of it if it is longer
  std::size_t bytes = 0;   // of the whole message
  bool is_object = false;  // the whole message is a JSON object
};

// One for each topic.
[[nodiscard]] std::vector<Notification> compose(RuleEvent event, const Installation& installation,
                                                const std::vector<std::uint32_t>& topics);

}  // namespace tocsin::notify
