#include "engine/notify/filter_policy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/base/number.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;
using Type = MessageAttribute::Type;

// What a predicate sees of an attribute; nothing: its text is not what its type says.
std::optional<Json> value_of(const MessageAttribute& attribute) {
  if (attribute.type == Type::String) return Json(attribute.value);
  const Json value = Json::parse(attribute.value, nullptr, false);
  if (attribute.type == Type::Number) return value.is_number() ? std::optional(value) : std::nullopt;
  if (!value.is_array()) return std::nullopt;
  for (const Json& element : value) {
    if (element.is_structured()) return std::nullopt;
  }
  return value;
}

FilterOutcome judge_attributes(const FilterPolicy& policy, std::span<const MessageAttribute> attributes) {
  Json object = Json::object();
  for (const MessageAttribute& attribute : attributes) {
    if (attribute.type == Type::Binary) continue;
    auto value = value_of(attribute);
    if (!value) return FilterOutcome::InvalidAttributes;
    object[attribute.name] = std::move(*value);
  }
  if (event::evaluate(policy.predicate, object.dump(-1, ' ', false, Json::error_handler_t::replace)))
    return FilterOutcome::Passed;
  return attributes.empty() ? FilterOutcome::NoMessageAttributes : FilterOutcome::MessageAttributes;
}

FilterOutcome judge_body(const FilterPolicy& policy, std::string_view body) {
  if (event::evaluate(policy.predicate, body)) return FilterOutcome::Passed;
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool is_object = first != std::string_view::npos && body[first] == '{' && Json::accept(body);
  return is_object ? FilterOutcome::MessageBody : FilterOutcome::InvalidMessageBody;
}

}  // namespace

std::vector<MessageAttribute> message_attributes(const Notification& notification) {
  std::vector<MessageAttribute> attributes;
  const auto add = [&](std::string name, const std::string& value) {
    if (!value.empty()) attributes.push_back({std::move(name), Type::String, value});
  };
  if (notification.facts != nullptr) {
    const AlarmFacts& facts = *notification.facts;
    add("AlarmName", facts.alarm);
    add("NewStateValue", std::string(alarm::to_string(facts.to)));
    add("OldStateValue", std::string(alarm::to_string(facts.from)));
    add("Namespace", facts.metric_namespace);
    add("MetricName", facts.metric);
    add("AWSAccountId", facts.account);
    add("Region", facts.region);
    for (const auto& [name, value] : facts.dimensions) add("Dimensions." + name, value);
  } else if (notification.event != nullptr) {
    const EventFacts& facts = *notification.event;
    add("Rule", facts.rule);
    add("LogGroup", facts.log_group);
    add("AWSAccountId", facts.account);
    add("Region", facts.region);
  }
  return attributes;
}

FilterOutcome judge(const FilterPolicy& policy, std::span<const MessageAttribute> attributes,
                    std::string_view body) {
  return policy.scope == FilterPolicy::Scope::MessageBody ? judge_body(policy, body)
                                                          : judge_attributes(policy, attributes);
}

FilterOutcome judge(const SubscriptionDefinition& subscription, const Notification& notification) {
  if (subscription.policy == nullptr) return FilterOutcome::Passed;
  return judge(*subscription.policy, message_attributes(notification), notification.payload);
}

}  // namespace tocsin::notify
