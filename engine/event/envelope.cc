#include "engine/event/envelope.h"

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace tocsin::event {
namespace {

Slot add_field(FieldTrie& trie, std::string_view selector) {
  const auto parsed = parse_selector(selector);
  TOCSIN_CHECK(parsed.has_value());
  return trie.add(*parsed);
}

const JsonNode* node(const JsonView& view, Slot slot) {
  const auto nodes = view.nodes(slot);
  return nodes.empty() ? nullptr : &nodes.front();
}

bool is(const JsonView& view, Slot slot, NodeKind kind) {
  const JsonNode* found = node(view, slot);
  return found != nullptr && found->kind == kind;
}

bool exists(const JsonView& view, Slot slot) { return node(view, slot) != nullptr; }

// A field that by its name may hold a time: a text, or a number that is large enough to count from 1970.
// "time": 0.25 is how long something took.
std::optional<EventTime> guessed_time(const JsonNode* value, Duration zone_offset) {
  constexpr double kLeastEpoch = 1e8;  // seconds: 1973
  constexpr std::size_t kLeastLength = 9;
  if (value == nullptr) return std::nullopt;
  if (value->kind == NodeKind::Number) {
    if (const auto number = parse_number(value->text); !number || *number < kLeastEpoch) return std::nullopt;
  } else if (value->kind != NodeKind::String) {
    return std::nullopt;
  } else if (value->text.size() < kLeastLength) {
    return std::nullopt;
  }
  return parse_time_value(value->text, zone_offset);
}

}  // namespace

EnvelopeFields::EnvelopeFields(const Selector* time_field)
    : message_type_(add_field(trie_, "$.messageType")),
      owner_(add_field(trie_, "$.owner")),
      log_group_(add_field(trie_, "$.logGroup")),
      log_stream_(add_field(trie_, "$.logStream")),
      log_events_(add_field(trie_, "$.logEvents")),
      lambda_data_(add_field(trie_, "$.awslogs.data")),
      records_(add_field(trie_, "$.Records")),
      detail_type_(add_field(trie_, "$.['detail-type']")),
      source_(add_field(trie_, "$.source")),
      detail_(add_field(trie_, "$.detail")),
      bus_account_(add_field(trie_, "$.account")),
      bus_region_(add_field(trie_, "$.region")),
      event_version_(add_field(trie_, "$.eventVersion")),
      event_name_(add_field(trie_, "$.eventName")),
      event_source_(add_field(trie_, "$.eventSource")),
      event_type_(add_field(trie_, "$.eventType")),
      user_identity_(add_field(trie_, "$.userIdentity")),
      identity_account_(add_field(trie_, "$.userIdentity.accountId")),
      recipient_account_(add_field(trie_, "$.recipientAccountId")),
      aws_region_(add_field(trie_, "$.awsRegion")),
      event_time_(add_field(trie_, "$.eventTime")),
      time_(add_field(trie_, "$.time")),
      metrics_timestamp_(add_field(trie_, "$._aws.Timestamp")),
      at_timestamp_(add_field(trie_, "$.['@timestamp']")),
      timestamp_(add_field(trie_, "$.timestamp")),
      capital_timestamp_(add_field(trie_, "$.Timestamp")),
      ts_(add_field(trie_, "$.ts")) {
  if (time_field != nullptr) time_field_ = trie_.add(*time_field);
}

std::string_view EnvelopeFields::string(const JsonView& view, Slot slot) {
  return is(view, slot, NodeKind::String) ? node(view, slot)->text : std::string_view{};
}

std::string_view EnvelopeFields::array(const JsonView& view, Slot slot) {
  return is(view, slot, NodeKind::Array) ? node(view, slot)->text : std::string_view{};
}

Shape EnvelopeFields::shape_of(const JsonView& view) const {
  if (is(view, message_type_, NodeKind::String) && is(view, log_events_, NodeKind::Array))
    return Shape::Subscription;
  if (string(view, lambda_data_).starts_with("H4sI")) return Shape::Lambda;
  if (is(view, records_, NodeKind::Array)) return Shape::Records;
  if (is(view, detail_type_, NodeKind::String) && is(view, source_, NodeKind::String) &&
      exists(view, detail_)) {
    return Shape::BusEvent;
  }
  // Insight records have neither eventName nor userIdentity; S3's notifications have both, and their source
  // is "aws:s3". Records that went through other hands may have lost their version.
  const std::string_view event_source = string(view, event_source_);
  const bool api_call = exists(view, event_name_) && exists(view, user_identity_);
  const bool record = exists(view, event_time_) && (exists(view, event_source_) || exists(view, event_type_));
  const bool versioned =
      exists(view, event_version_) && (api_call || record) && !event_source.starts_with("aws:");
  if (versioned || (api_call && event_source.ends_with(".amazonaws.com"))) return Shape::CloudTrail;
  return Shape::Other;
}

std::string_view EnvelopeFields::account_of(const JsonView& view, Shape shape) const {
  if (shape == Shape::BusEvent) return string(view, bus_account_);
  if (shape != Shape::CloudTrail) return {};
  const std::string_view recipient = string(view, recipient_account_);
  return recipient.empty() ? string(view, identity_account_) : recipient;
}

std::string_view EnvelopeFields::region_of(const JsonView& view, Shape shape) const {
  if (shape == Shape::BusEvent) return string(view, bus_region_);
  return shape == Shape::CloudTrail ? string(view, aws_region_) : std::string_view{};
}

std::optional<EventTime> EnvelopeFields::time_of(const JsonView& view, Shape shape,
                                                 Duration zone_offset) const {
  if (shape == Shape::CloudTrail) return guessed_time(node(view, event_time_), zone_offset);
  if (shape == Shape::BusEvent) return guessed_time(node(view, time_), zone_offset);
  for (const Slot slot :
       {metrics_timestamp_, at_timestamp_, timestamp_, capital_timestamp_, time_, ts_, event_time_}) {
    if (const auto time = guessed_time(node(view, slot), zone_offset)) return time;
  }
  return std::nullopt;
}

const JsonNode* EnvelopeFields::time_field(const JsonView& view) const {
  const JsonNode* value = time_field_ ? node(view, *time_field_) : nullptr;
  const bool usable =
      value != nullptr && (value->kind == NodeKind::String || value->kind == NodeKind::Number);
  return usable ? value : nullptr;
}

bool EnvelopeFields::is_control_message(const JsonView& view) const {
  return string(view, message_type_) == "CONTROL_MESSAGE";
}

LogEventFields::LogEventFields()
    : timestamp_(add_field(trie_, "$.timestamp")), message_(add_field(trie_, "$.message")) {}

std::optional<EventTime> LogEventFields::timestamp(const JsonView& view) const {
  const JsonNode* value = node(view, timestamp_);
  if (value == nullptr || (value->kind != NodeKind::Number && value->kind != NodeKind::String))
    return std::nullopt;
  return parse_time_value(value->text);
}

std::optional<std::string_view> LogEventFields::message(const JsonView& view) const {
  if (!is(view, message_, NodeKind::String)) return std::nullopt;
  return node(view, message_)->text;
}

}  // namespace tocsin::event
