// Which notifications a subscription hears: SNS's filter policies.
//
//   filter_policy: --filters/filter_policy--> FilterPolicy, of a SubscriptionDefinition
//   Notification, its attributes ─────────────────┴─ judge() ─► FilterOutcome
//
// A notification that does not pass is counted by its subscription and no failure. Judged when the
// notification is made: what waits in an outbox goes out whatever another configuration says. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/predicate.h"
#include "engine/notify/notification.h"

namespace tocsin::notify {

struct FilterPolicy {
  enum class Scope : std::uint8_t { MessageAttributes, MessageBody };
  Scope scope = Scope::MessageAttributes;
  event::Predicate predicate;  // over an object of the attributes, or the payload
};

// What SNS's counters tell apart (NumberOfNotificationsFilteredOut-…).
enum class FilterOutcome : std::uint8_t {
  Passed,
  NoMessageAttributes,
  InvalidAttributes,
  MessageAttributes,
  InvalidMessageBody,  // it is no JSON object
  MessageBody,
};
inline constexpr std::size_t kFilterOutcomes = 6;
inline constexpr std::array<std::string_view, kFilterOutcomes> kFilterOutcomeNames{"passed",
                                                                                   "no_message_attributes",
                                                                                   "invalid_attributes",
                                                                                   "message_attributes",
                                                                                   "invalid_message_body",
                                                                                   "message_body"};

struct MessageAttribute {
  enum class Type : std::uint8_t {
    String,
    StringArray,  // the text of a JSON array of strings, numbers, true, false, null
    Number,       // the text of a number
    Binary,       // which no policy looks at
  };
  std::string name;
  Type type = Type::String;
  std::string value;
};

// Of a change of state: AlarmName, NewStateValue, OldStateValue, Namespace, MetricName, AWSAccountId, Region,
// and Dimensions.NAME for each dimension. Of an event that a rule tells: Rule, LogGroup, and the event's
// AWSAccountId and Region where it says them. All are Strings.
[[nodiscard]] std::vector<MessageAttribute> message_attributes(const Notification& notification);

[[nodiscard]] FilterOutcome judge(const FilterPolicy& policy, std::span<const MessageAttribute> attributes,
                                  std::string_view body);

// What the subscription's policy, if it has one, makes of it.
[[nodiscard]] FilterOutcome judge(const SubscriptionDefinition& subscription,
                                  const Notification& notification);
[[nodiscard]] inline bool hears(const SubscriptionDefinition& subscription,
                                const Notification& notification) {
  return judge(subscription, notification) == FilterOutcome::Passed;
}

}  // namespace tocsin::notify
