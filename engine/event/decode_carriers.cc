#include <algorithm>
#include <utility>

#include "engine/event/decoder_state.h"
#include "engine/event/json_extent.h"

namespace tocsin::event {
namespace {

// Whether an object has `value` and nothing else.
bool is_only_member(std::string_view object, std::string_view value) {
  const std::string_view behind(
      value.data() + value.size(),
      static_cast<std::size_t>(object.data() + object.size() - value.data()) - value.size());
  if (!skip_json_space(behind).starts_with('}')) return false;
  const std::string_view before(object.data(), static_cast<std::size_t>(value.data() - object.data()));
  return std::ranges::count(before, ':') == 1 && before.find(',') == std::string_view::npos;
}

// The envelopes stand first among the shapes.
bool is_envelope(Shape shape) { return shape <= Shape::SnsConfirmation; }

bool is_record_of_carrier(Shape shape) {
  return shape == Shape::SnsRecord || shape == Shape::SqsRecord || shape == Shape::KinesisRecord;
}

// Whether a pinned format may have a shape.
bool may_be(Format format, Shape shape) {
  switch (format) {
    case Format::Subscription:
    case Format::VpcFlow:
      return is_envelope(shape);
    case Format::Sns:
      return shape == Shape::SnsNotification || shape == Shape::SnsConfirmation ||
             shape == Shape::SnsRecord || shape == Shape::Records;
    case Format::Sqs:
      return shape == Shape::SqsRecord || shape == Shape::Records;
    case Format::Kinesis:
      return shape == Shape::KinesisRecord || shape == Shape::Records;
    case Format::Firehose:
      return shape == Shape::Firehose || shape == Shape::FirehoseRecord;
    case Format::S3:
      return shape == Shape::S3Record || shape == Shape::S3Test || shape == Shape::Records;
    default:
      return true;
  }
}

// Pinned to one of these, a source's records are that or bring it in whatever carrier; pinned to any other
// envelope, what that holds tells for itself.
bool holds_inside(Format format) {
  return format == Format::CloudTrail || format == Format::EventBridge || format == Format::Subscription ||
         format == Format::VpcFlow;
}

// What a carrier brings.
Surroundings carried(const Surroundings& around) {
  Surroundings inner = around.inside();
  if (!holds_inside(around.format)) inner.format = Format::Auto;
  return inner;
}

// What a pinned format takes an object for that is no envelope.
std::optional<Shape> pinned_event(Format format) {
  if (format == Format::CloudTrail) return Shape::CloudTrail;
  if (format == Format::EventBridge) return Shape::BusEvent;
  return std::nullopt;
}

// What only a source pinned to it has by so little.
Shape expected_shape(Format format) {
  if (format == Format::Subscription) return Shape::Subscription;
  if (format == Format::Kinesis) return Shape::KinesisRecord;
  return format == Format::Firehose ? Shape::FirehoseRecord : Shape::Other;
}

}  // namespace

// The document was walked last.
void Decoder::State::decode_object(std::string_view document, const Surroundings& around) {
  if (around.layers > kMaxLayers) return items.die(RejectReason::TooDeep);
  if (around.format == Format::Json) return emit_object(document, Shape::Other, around);
  const Shape shape = fields->shape_of(view, expected_shape(around.format));
  if (const auto event = pinned_event(around.format); event && !is_envelope(shape))
    return emit_object(document, *event, around);
  if (!may_be(around.format, shape)) return items.die(RejectReason::NotJson);
  // Two names are little to go by: outside of Firehose's envelope any application may use them.
  if (shape == Shape::FirehoseRecord && around.format == Format::Auto)
    return emit_object(document, Shape::Other, around);
  Surroundings inner = carried(around);
  inner.broken_is_text = shape == Shape::SqsRecord;  // a message may be any text
  switch (shape) {
    case Shape::Subscription:
      return decode_subscription(around);
    case Shape::Lambda:
      return decode_base64_data(fields->lambda_data(view), inner);
    case Shape::Records:
      return decode_records(document, around);
    case Shape::Firehose:
      return decode_firehose(document, around);
    case Shape::FirehoseRecord:
    case Shape::KinesisRecord:
      if (const auto arrival = fields->arrival_of(view, shape)) inner.arrival = arrival;
      return decode_base64_data(fields->data_of(view, shape), inner);
    case Shape::SqsRecord:
      if (const auto arrival = fields->arrival_of(view, shape)) inner.arrival = arrival;
      return decode_text_field(fields->body(view), inner);
    case Shape::SnsRecord: {
      const std::string_view notification = fields->notification(view);
      if (walk(notification)) decode_notification(around);
      return;
    }
    case Shape::SnsNotification:
      return decode_notification(around);
    case Shape::SnsConfirmation:
      return items.skip(SkipReason::ControlMessage);
    case Shape::S3Test:
      return items.skip(SkipReason::TestEvent);
    default:
      return emit_object(document, shape, around);
  }
}

void Decoder::State::decode_subscription(const Surroundings& outer) {
  if (fields->is_control_message(view)) return items.skip(SkipReason::ControlMessage);
  Surroundings around = outer;
  around.enveloped = true;
  around.account = texts.keep(fields->owner(view));
  if (const auto group = fields->log_group(view); !group.empty()) around.log_group = texts.keep(group);
  if (const auto stream = fields->log_stream(view); !stream.empty()) around.log_stream = texts.keep(stream);
  items.meet_each(fields->log_events(view), around, Part::LogEvent,
                  [&](std::string_view element) { decode_log_event(element, around); });
}

// {"id":…,"timestamp":…,"message":…}: from here on the item is the message.
void Decoder::State::decode_log_event(std::string_view element, const Surroundings& around) {
  if (!walk_log_event(element)) return;
  const auto message = log_event_fields.message(view);
  if (!message) return items.die(RejectReason::NotJson);
  Surroundings own = around;
  own.time = log_event_fields.timestamp(view);
  const std::string_view kept = texts.keep(*message);
  items.narrow(kept, own, Part::Message);
  decode_message(kept, own);
}

// An event out of a subscription envelope; `message` lives as long as the batch. The envelope says that it is
// a log event, so one that looks like an object and is none, a cut one for example, is a text.
void Decoder::State::decode_message(std::string_view message, const Surroundings& around) {
  if (around.format == Format::VpcFlow) return emit_flow_line(message, around);
  if (const auto event = pinned_event(around.format)) {
    if (!walk(message)) return;
    if (is_envelope(fields->shape_of(view))) return items.die(RejectReason::NotJson);
    const std::string_view outer = texts.enter(message);
    emit_object(message, *event, around);
    texts.enter(outer);
    return;
  }
  if (!announces_object(message) || look_at(message) != JsonStatus::Object) return emit_text(message, around);
  const std::string_view outer = texts.enter(message);
  emit_object(message, fields->shape_of(view), around);
  texts.enter(outer);
}

// What a {"Records":[…]} holds: its first element says, unless the format does.
Decoder::State::Elements Decoder::State::elements_of(std::string_view records, std::string_view document,
                                                     Format format) {
  const bool pinned = format != Format::Auto;
  if (pinned && !holds_inside(format)) return Elements::Documents;
  std::optional<Shape> first;
  for_each_element(records, [&](std::string_view element) {
    const bool object = look_at(element) == JsonStatus::Object;
    first = object ? fields->shape_of(view) : Shape::Other;
    return false;
  });
  // Any application may have empty `Records` among other things.
  if (!first) return pinned || is_only_member(document, records) ? Elements::Documents : Elements::Unknown;
  if (is_record_of_carrier(*first)) return Elements::Documents;
  if (!pinned && *first == Shape::S3Record) return Elements::Documents;
  const bool trail =
      pinned ? format == Format::CloudTrail && !is_envelope(*first) : *first == Shape::CloudTrail;
  return trail ? Elements::CloudTrail : Elements::Unknown;
}

void Decoder::State::decode_records(std::string_view document, const Surroundings& around) {
  const std::string_view records = fields->records(view);
  const Surroundings inner = around.inside();
  switch (elements_of(records, document, around.format)) {
    case Elements::CloudTrail:
      return items.meet_each(records, inner, Part::CloudTrailRecord,
                             [&](std::string_view element) { decode_cloudtrail_record(element, inner); });
    case Elements::Documents:
      return items.meet_each(records, inner, Part::Document,
                             [&](std::string_view element) { decode_document(element, inner); });
    case Elements::Unknown:
      if (around.format != Format::Auto) return items.die(RejectReason::NotJson);
      if (walk(document)) emit_object(document, Shape::Other, around);
  }
}

void Decoder::State::decode_cloudtrail_record(std::string_view element, const Surroundings& around) {
  if (walk(element)) emit_object(element, Shape::CloudTrail, around);
}

// {"records":[{"data":…},…]}: what Firehose gives a transformation or an HTTP endpoint, if the first has
// data.
void Decoder::State::decode_firehose(std::string_view document, const Surroundings& around) {
  const std::string_view records = fields->firehose_records(view);
  bool has_data = around.format == Format::Firehose || fields->names_firehose(view);
  if (around.format != Format::Firehose) {
    for_each_element(records, [&](std::string_view first) {
      has_data = look_at(first) == JsonStatus::Object && fields->has_data(view);
      return false;
    });
  }
  if (!has_data) {
    if (!walk(document)) return;
    if (!may_be(around.format, Shape::Other)) return items.die(RejectReason::NotJson);
    return emit_object(document, pinned_event(around.format).value_or(Shape::Other), around);
  }
  items.meet_each(records, around, Part::FirehoseRecord,
                  [&](std::string_view element) { decode_firehose_record(element, around); });
}

void Decoder::State::decode_firehose_record(std::string_view element, const Surroundings& around) {
  if (!walk(element)) return;
  if (!fields->has_data(view)) return items.die(RejectReason::NotJson);
  Surroundings inner = carried(around);
  if (const auto arrival = fields->arrival_of(view, Shape::FirehoseRecord)) inner.arrival = arrival;
  decode_base64_data(fields->data_of(view, Shape::FirehoseRecord), inner);
}

// What SNS delivers; it was walked last. Its message may be anything, a text for people too.
void Decoder::State::decode_notification(const Surroundings& around) {
  Surroundings inner = carried(around);
  inner.broken_is_text = true;
  inner.time = fields->published_at(view);
  if (const ArnParts topic = fields->topic(view); !topic.account.empty()) {
    inner.enveloped = true;
    inner.account = texts.keep(topic.account);
    inner.region = texts.keep(topic.region);
  }
  if (!fields->is_backup_notice(view)) return decode_text_field(fields->sns_message(view), inner);
  auto notice = std::make_unique<std::string>();
  fields->write_backup_notice(view, *notice);
  if (const auto account = fields->notice_account(view); !account.empty())
    inner.account = texts.keep(account);
  if (!texts.charge(notice->size())) return items.die(RejectReason::InflatedTooLarge);
  const std::string_view message = texts.own(std::move(notice));
  const std::string_view outer = texts.enter(message);
  if (walk(message)) emit_object(message, Kind::BackupNotice, Shape::Other, inner);
  texts.enter(outer);
}

}  // namespace tocsin::event
