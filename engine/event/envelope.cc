#include "engine/event/envelope.h"

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/event/json_text.h"

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

// The ARN behind a label in the sentence of a vault's notice: up to the next full stop.
std::string_view labelled_arn(std::string_view sentence, std::string_view label) {
  const std::size_t at = sentence.find(label);
  if (at == std::string_view::npos) return {};
  std::string_view rest = sentence.substr(at + label.size());
  const std::size_t start = rest.find_first_not_of(" :");
  if (start == std::string_view::npos || !rest.substr(start).starts_with("arn:")) return {};
  rest.remove_prefix(start);
  rest = rest.substr(0, rest.find_first_of(" \t\r\n"));
  while (rest.ends_with('.') || rest.ends_with(',')) rest.remove_suffix(1);
  return rest;
}

}  // namespace

EnvelopeFields::EnvelopeFields(const Selector* time_field, const FieldTrie& wanted)
    : trie_(wanted),
      message_type_(add_field(trie_, "$.messageType")),
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
      ts_(add_field(trie_, "$.ts")),
      start_(add_field(trie_, "$.start")),
      start_time_(add_field(trie_, "$.start_time")),
      firehose_records_(add_field(trie_, "$.records")),
      delivery_stream_(add_field(trie_, "$.deliveryStreamArn")),
      invocation_id_(add_field(trie_, "$.invocationId")),
      request_id_(add_field(trie_, "$.requestId")),
      record_id_(add_field(trie_, "$.recordId")),
      data_(add_field(trie_, "$.data")),
      arrival_(add_field(trie_, "$.approximateArrivalTimestamp")),
      kinesis_data_(add_field(trie_, "$.kinesis.data")),
      kinesis_arrival_(add_field(trie_, "$.kinesis.approximateArrivalTimestamp")),
      body_(add_field(trie_, "$.body")),
      sent_at_(add_field(trie_, "$.attributes.SentTimestamp")),
      capital_event_source_(add_field(trie_, "$.EventSource")),
      sns_(add_field(trie_, "$.Sns")),
      type_(add_field(trie_, "$.Type")),
      topic_arn_(add_field(trie_, "$.TopicArn")),
      subject_(add_field(trie_, "$.Subject")),
      message_(add_field(trie_, "$.Message")),
      notice_type_(add_field(trie_, "$.MessageAttributes.EventType.Value")),
      notice_state_(add_field(trie_, "$.MessageAttributes.State.Value")),
      notice_account_(add_field(trie_, "$.MessageAttributes.AccountId.Value")),
      notice_id_(add_field(trie_, "$.MessageAttributes.Id.Value")),
      notice_start_(add_field(trie_, "$.MessageAttributes.StartTime.Value")),
      s3_(add_field(trie_, "$.s3")),
      test_event_(add_field(trie_, "$.Event")),
      alarm_name_(add_field(trie_, "$.AlarmName")),
      new_state_(add_field(trie_, "$.NewStateValue")),
      state_change_time_(add_field(trie_, "$.StateChangeTime")),
      alarm_account_(add_field(trie_, "$.AWSAccountId")),
      alarm_arn_(add_field(trie_, "$.AlarmArn")),
      lambda_type_(add_field(trie_, "$.type")),
      record_(add_field(trie_, "$.record")) {
  if (time_field != nullptr) time_field_ = trie_.add(*time_field);
}

std::string_view EnvelopeFields::string(const JsonView& view, Slot slot) {
  return is(view, slot, NodeKind::String) ? node(view, slot)->text : std::string_view{};
}

std::string_view EnvelopeFields::array(const JsonView& view, Slot slot) {
  return is(view, slot, NodeKind::Array) ? node(view, slot)->text : std::string_view{};
}

bool EnvelopeFields::names_firehose(const JsonView& view) const {
  return node(view, delivery_stream_) != nullptr || node(view, invocation_id_) != nullptr;
}

Shape EnvelopeFields::shape_of(const JsonView& view, Shape expected) const {
  if (is(view, message_type_, NodeKind::String) && is(view, log_events_, NodeKind::Array)) {
    const std::string_view type = string(view, message_type_);
    if (expected == Shape::Subscription || type == "DATA_MESSAGE" || type == "CONTROL_MESSAGE")
      return Shape::Subscription;
  }
  if (string(view, lambda_data_).starts_with("H4sI")) return Shape::Lambda;
  if (is(view, records_, NodeKind::Array)) return Shape::Records;
  if (is(view, firehose_records_, NodeKind::Array) &&
      (expected == Shape::FirehoseRecord || names_firehose(view) ||
       (exists(view, request_id_) && exists(view, timestamp_)))) {
    return Shape::Firehose;
  }
  if (is(view, detail_type_, NodeKind::String) && is(view, source_, NodeKind::String) &&
      exists(view, detail_)) {
    return Shape::BusEvent;
  }
  const std::string_view event_source = string(view, event_source_);
  const bool api_call = exists(view, event_name_) && exists(view, user_identity_);
  if (api_call && event_source.ends_with(".amazonaws.com")) return Shape::CloudTrail;
  if (event_source == "aws:s3" && is(view, s3_, NodeKind::Object)) return Shape::S3Record;
  if (event_source == "aws:sqs" && is(view, body_, NodeKind::String)) return Shape::SqsRecord;
  if ((event_source == "aws:kinesis" || expected == Shape::KinesisRecord) &&
      is(view, kinesis_data_, NodeKind::String)) {
    return Shape::KinesisRecord;
  }
  if ((expected == Shape::FirehoseRecord || is(view, record_id_, NodeKind::String)) && has_data(view))
    return Shape::FirehoseRecord;
  if (is(view, sns_, NodeKind::Object) && string(view, capital_event_source_) == "aws:sns")
    return Shape::SnsRecord;
  if (is(view, topic_arn_, NodeKind::String) && is(view, message_, NodeKind::String)) {
    const std::string_view type = string(view, type_);
    if (type == "Notification") return Shape::SnsNotification;
    if (type == "SubscriptionConfirmation" || type == "UnsubscribeConfirmation")
      return Shape::SnsConfirmation;
  }
  if (string(view, test_event_) == "s3:TestEvent") return Shape::S3Test;
  // Insight records have neither eventName nor userIdentity; S3's notifications have both, and their source
  // is "aws:s3". Records that went through other hands may have lost their version.
  const bool record = exists(view, event_time_) && (exists(view, event_source_) || exists(view, event_type_));
  const bool versioned =
      exists(view, event_version_) && (api_call || record) && !event_source.starts_with("aws:");
  if (versioned) return Shape::CloudTrail;
  if (is(view, alarm_name_, NodeKind::String) && is(view, new_state_, NodeKind::String))
    return Shape::AlarmMessage;
  if (string(view, lambda_type_).starts_with("platform.") && exists(view, record_))
    return Shape::LambdaPlatform;
  return Shape::Other;
}

std::string_view EnvelopeFields::account_of(const JsonView& view, Shape shape) const {
  if (shape == Shape::BusEvent) return string(view, bus_account_);
  if (shape == Shape::AlarmMessage) return string(view, alarm_account_);
  if (shape != Shape::CloudTrail) return {};
  const std::string_view recipient = string(view, recipient_account_);
  return recipient.empty() ? string(view, identity_account_) : recipient;
}

std::string_view EnvelopeFields::region_of(const JsonView& view, Shape shape) const {
  if (shape == Shape::BusEvent) return string(view, bus_region_);
  if (shape == Shape::AlarmMessage) return split_arn(string(view, alarm_arn_)).region;
  return shape == Shape::CloudTrail || shape == Shape::S3Record ? string(view, aws_region_)
                                                                : std::string_view{};
}

std::optional<EventTime> EnvelopeFields::time_of(const JsonView& view, Shape shape,
                                                 Duration zone_offset) const {
  if (shape == Shape::AlarmMessage) return guessed_time(node(view, state_change_time_), zone_offset);
  if (shape == Shape::CloudTrail || shape == Shape::S3Record)
    return guessed_time(node(view, event_time_), zone_offset);
  if (shape == Shape::BusEvent) return guessed_time(node(view, time_), zone_offset);
  for (const Slot slot : {metrics_timestamp_, at_timestamp_, timestamp_, capital_timestamp_, time_, ts_,
                          event_time_, start_, start_time_}) {
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

ArnParts split_arn(std::string_view arn) {
  // arn:partition:service:region:account:resource
  constexpr int kRegion = 3;
  if (!arn.starts_with("arn:")) return {};
  for (int colons = 0; colons < kRegion; ++colons) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  const std::size_t region = arn.find(':');
  if (region == std::string_view::npos) return {};
  const std::string_view account = arn.substr(region + 1);
  return {.region = arn.substr(0, region), .account = account.substr(0, account.find(':'))};
}

bool EnvelopeFields::has_data(const JsonView& view) const { return is(view, data_, NodeKind::String); }

std::string_view EnvelopeFields::data_of(const JsonView& view, Shape shape) const {
  return string(view, shape == Shape::KinesisRecord ? kinesis_data_ : data_);
}

std::optional<EventTime> EnvelopeFields::arrival_of(const JsonView& view, Shape shape) const {
  const Slot slot = shape == Shape::KinesisRecord ? kinesis_arrival_
                    : shape == Shape::SqsRecord   ? sent_at_
                                                  : arrival_;
  return guessed_time(node(view, slot), Duration{0});
}

std::optional<std::string_view> EnvelopeFields::body(const JsonView& view) const {
  if (!is(view, body_, NodeKind::String)) return std::nullopt;
  return node(view, body_)->text;
}

std::string_view EnvelopeFields::notification(const JsonView& view) const {
  return is(view, sns_, NodeKind::Object) ? node(view, sns_)->text : std::string_view{};
}

std::optional<std::string_view> EnvelopeFields::sns_message(const JsonView& view) const {
  if (!is(view, message_, NodeKind::String)) return std::nullopt;
  return node(view, message_)->text;
}

std::optional<EventTime> EnvelopeFields::published_at(const JsonView& view) const {
  return guessed_time(node(view, capital_timestamp_), Duration{0});
}

bool EnvelopeFields::is_backup_notice(const JsonView& view) const {
  return string(view, subject_) == "Notification from AWS Backup" && is(view, message_, NodeKind::String);
}

void EnvelopeFields::write_backup_notice(const JsonView& view, std::string& out) const {
  const std::string_view sentence = string(view, message_);
  const auto member = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += out.empty() ? '{' : ',';
    write_json_string(name, out);
    out += ':';
    write_json_string(value, out);
  };
  member("EventType", string(view, notice_type_));
  member("State", string(view, notice_state_));
  member("AccountId", string(view, notice_account_));
  member("Id", string(view, notice_id_));
  member("StartTime", string(view, notice_start_));
  member("resourceArn", labelled_arn(sentence, "Resource ARN"));
  member("recoveryPointArn", labelled_arn(sentence, "Recovery point ARN"));
  member("message", sentence);
  out += out.empty() ? "{}" : "}";
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
