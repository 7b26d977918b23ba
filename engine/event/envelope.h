// Which of the known shapes a JSON object has: an envelope to unwrap, or an event.
//
//   JsonView --EnvelopeFields--> shape_of() --> Decoder
//
// The fields are those that tell the shapes apart or say when and where an event happened; one walk of the
// message finds them all. Immutable once built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/event/event_time.h"
#include "engine/event/json_view.h"

namespace tocsin::event {

enum class Shape : std::uint8_t {
  // Envelopes.
  Subscription,     // CloudWatch Logs: messageType DATA_MESSAGE or CONTROL_MESSAGE, logEvents
  Lambda,           // {"awslogs":{"data":…}}: that envelope, compressed
  Records,          // {"Records":[…]}: what its first record says
  Firehose,         // {"records":[…]} with who asks: deliveryStreamArn, invocationId or requestId, timestamp
  FirehoseRecord,   // recordId, data
  KinesisRecord,    // eventSource aws:kinesis, kinesis.data
  SqsRecord,        // eventSource aws:sqs, body
  SnsRecord,        // EventSource aws:sns, Sns
  SnsNotification,  // Type Notification, TopicArn, Message
  SnsConfirmation,  // Type …Confirmation, TopicArn, Message
  S3Test,           // Event s3:TestEvent
  // Events.
  BusEvent,        // detail-type, source, detail
  CloudTrail,      // one record
  S3Record,        // eventSource aws:s3, s3
  AlarmMessage,    // AlarmName, NewStateValue
  LambdaPlatform,  // type platform.…, record
  Other,
};

// The parts of an ARN that say whose and where.
struct ArnParts {
  std::string_view region;
  std::string_view account;
};
[[nodiscard]] ArnParts split_arn(std::string_view arn);

class EnvelopeFields {
 public:
  // `time_field`: where a source's `time: {field: …}` is, if it has one. `wanted`: fields of others, which
  // the same walk finds in the same slots.
  explicit EnvelopeFields(const Selector* time_field = nullptr, const FieldTrie& wanted = {});

  [[nodiscard]] const FieldTrie& trie() const { return trie_; }

  // All of these ask about the object that `view` walked last, with trie().
  // `expected`: where a source is pinned to them, a KinesisRecord or a FirehoseRecord is known by its data
  // alone, Firehose's envelope by its records, a Subscription by the names of its members.
  [[nodiscard]] Shape shape_of(const JsonView& view, Shape expected = Shape::Other) const;
  [[nodiscard]] std::string_view account_of(const JsonView& view, Shape shape) const;
  [[nodiscard]] std::string_view region_of(const JsonView& view, Shape shape) const;

  // The time by the shape's own field: `eventTime`, `time`, or for any other object the first that is a time
  // of `_aws.Timestamp` (embedded metrics), `@timestamp`, `timestamp`, `Timestamp`, `time`, `ts`,
  // `eventTime`, `start`, `start_time`.
  [[nodiscard]] std::optional<EventTime> time_of(const JsonView& view, Shape shape,
                                                 Duration zone_offset) const;

  // The value of the source's own field, a string or a number.
  [[nodiscard]] const JsonNode* time_field(const JsonView& view) const;

  // A Subscription's parts.
  [[nodiscard]] bool is_control_message(const JsonView& view) const;
  [[nodiscard]] std::string_view owner(const JsonView& view) const { return string(view, owner_); }
  [[nodiscard]] std::string_view log_group(const JsonView& view) const { return string(view, log_group_); }
  [[nodiscard]] std::string_view log_stream(const JsonView& view) const { return string(view, log_stream_); }
  [[nodiscard]] std::string_view log_events(const JsonView& view) const { return array(view, log_events_); }

  // What carriers carry, and when they took it.
  [[nodiscard]] std::string_view firehose_records(const JsonView& view) const {
    return array(view, firehose_records_);
  }
  // Whether the envelope itself says that it is Firehose's, whatever its records are.
  [[nodiscard]] bool names_firehose(const JsonView& view) const;
  [[nodiscard]] bool has_data(const JsonView& view) const;
  [[nodiscard]] std::string_view data_of(const JsonView& view, Shape shape) const;
  [[nodiscard]] std::optional<EventTime> arrival_of(const JsonView& view, Shape shape) const;
  [[nodiscard]] std::optional<std::string_view> body(const JsonView& view) const;

  // Of SnsRecord and SnsNotification.
  [[nodiscard]] std::string_view notification(const JsonView& view) const;
  [[nodiscard]] std::optional<std::string_view> sns_message(const JsonView& view) const;
  [[nodiscard]] std::optional<EventTime> published_at(const JsonView& view) const;
  [[nodiscard]] ArnParts topic(const JsonView& view) const { return split_arn(string(view, topic_arn_)); }

  // An SnsNotification about a backup vault: a sentence, and attributes that say the same.
  [[nodiscard]] bool is_backup_notice(const JsonView& view) const;
  [[nodiscard]] std::string_view notice_account(const JsonView& view) const {
    return string(view, notice_account_);
  }
  void write_backup_notice(const JsonView& view, std::string& out) const;

  // Of Lambda and Records.
  [[nodiscard]] std::string_view lambda_data(const JsonView& view) const {
    return string(view, lambda_data_);
  }
  [[nodiscard]] std::string_view records(const JsonView& view) const { return array(view, records_); }

 private:
  // Empty where the slot has no value of that kind.
  static std::string_view string(const JsonView& view, Slot slot);
  static std::string_view array(const JsonView& view, Slot slot);

  FieldTrie trie_;
  Slot message_type_, owner_, log_group_, log_stream_, log_events_, lambda_data_, records_;
  Slot detail_type_, source_, detail_, bus_account_, bus_region_;
  Slot event_version_, event_name_, event_source_, event_type_, user_identity_, identity_account_;
  Slot recipient_account_, aws_region_;
  Slot event_time_, time_, metrics_timestamp_, at_timestamp_, timestamp_, capital_timestamp_, ts_;
  Slot start_, start_time_;
  Slot firehose_records_, delivery_stream_, invocation_id_, request_id_, record_id_, data_, arrival_;
  Slot kinesis_data_, kinesis_arrival_, body_, sent_at_;
  Slot capital_event_source_, sns_, type_, topic_arn_, subject_, message_;
  Slot notice_type_, notice_state_, notice_account_, notice_id_, notice_start_;
  Slot s3_, test_event_, alarm_name_, new_state_, state_change_time_, alarm_account_, alarm_arn_;
  Slot lambda_type_, record_;
  std::optional<Slot> time_field_;
};

// One element of an envelope's `logEvents`.
class LogEventFields {
 public:
  LogEventFields();

  [[nodiscard]] const FieldTrie& trie() const { return trie_; }
  [[nodiscard]] std::optional<EventTime> timestamp(const JsonView& view) const;
  [[nodiscard]] std::optional<std::string_view> message(const JsonView& view) const;

 private:
  FieldTrie trie_;
  Slot timestamp_, message_;
};

}  // namespace tocsin::event
