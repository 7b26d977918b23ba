#include "engine/event/decode.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <functional>
#include <utility>

#include "engine/event/base64.h"
#include "engine/event/envelope.h"
#include "engine/event/inflate.h"
#include "engine/event/json_extent.h"
#include "engine/event/json_text.h"
#include "engine/event/json_view.h"
#include "engine/event/vpc_flow.h"

namespace tocsin::event {
namespace {

// Whether a text announces a JSON object: `{"`, `{}` or the same with white space between.
bool announces_object(std::string_view text) {
  const std::string_view start = skip_json_space(text);
  if (!start.starts_with('{')) return false;
  const std::string_view inside = skip_json_space(start.substr(1));
  return inside.starts_with('"') || inside.starts_with('}');
}

std::optional<EventTime> if_on_the_calendar(std::optional<EventTime> time) {
  return time && *time >= kEarliestTime && *time <= kLatestTime ? time : std::nullopt;
}

// What is said about a value by the envelopes around it.
struct Surroundings {
  std::string_view account;
  std::string_view region;
  std::string_view log_group;
  std::string_view log_stream;
  std::optional<EventTime> time;     // when it happened
  std::optional<EventTime> arrival;  // when a carrier took it, for what says no better
  Format format = Format::Auto;      // what it is taken for
  int layers = 0;                    // of wrapping around it
  bool enveloped = false;
  bool broken_is_text = false;  // it may be any text: what looks like an object need be none

  // Of what it holds.
  [[nodiscard]] Surroundings inside() const {
    Surroundings inner = *this;
    ++inner.layers;
    return inner;
  }
};

Kind kind_of(Shape shape) {
  switch (shape) {
    case Shape::CloudTrail:
      return Kind::CloudTrail;
    case Shape::BusEvent:
      return Kind::BusEvent;
    case Shape::S3Record:
      return Kind::S3Notification;
    case Shape::BackupNotice:
      return Kind::BackupNotice;
    case Shape::AlarmMessage:
      return Kind::AlarmMessage;
    case Shape::LambdaPlatform:
      return Kind::LambdaPlatform;
    default:
      return Kind::Json;
  }
}

// Whether a pinned format may have a shape.
bool may_be(Format format, Shape shape) {
  switch (format) {
    case Format::Subscription:
    case Format::VpcFlow:
      return shape == Shape::Subscription || shape == Shape::Lambda;
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

bool is_lambda_line(std::string_view line) {
  return line.starts_with("REPORT RequestId: ") || line.starts_with("START RequestId: ") ||
         line.starts_with("END RequestId: ") || line.starts_with("INIT_START Runtime Version: ");
}

// Cheap: turns nearly every other line away.
bool starts_like_flow_line(std::string_view line) {
  return line.size() > 2 && (line[1] == ' ' ? line[0] >= '2' && line[0] <= '9' : line.starts_with("10 "));
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  if (name == "auto") return Format::Auto;
  if (name == "cloudtrail") return Format::CloudTrail;
  if (name == "eventbridge") return Format::EventBridge;
  if (name == "subscription") return Format::Subscription;
  if (name == "sns") return Format::Sns;
  if (name == "sqs") return Format::Sqs;
  if (name == "kinesis") return Format::Kinesis;
  if (name == "firehose") return Format::Firehose;
  if (name == "s3") return Format::S3;
  if (name == "vpc_flow") return Format::VpcFlow;
  if (name == "json") return Format::Json;
  if (name == "text") return Format::Text;
  return std::nullopt;
}

// What lasts from batch to batch, and where the current one stands.
struct Decoder::State {
  JsonView view;
  Inflater inflater;
  LogEventFields log_event_fields;
  std::string compressed;  // what base64 stood for
  VpcFlowLine flow_line;

  // The fields to look for; one set for each `time: {field: …}` met.
  struct Fields {
    std::optional<Selector> time_field;
    EnvelopeFields envelope;
  };
  std::vector<std::unique_ptr<Fields>> field_sets;

  const RawBatch* batch = nullptr;
  const DecodeSettings* settings = nullptr;
  EventBatch* out = nullptr;
  const EnvelopeFields* fields = nullptr;
  const RawRecord* record = nullptr;
  std::uint32_t items = 0;         // of the record so far
  std::size_t inflated_bytes = 0;  // of the record so far
  bool full = false;               // the record had more events than one may have
  std::string_view stable;         // the bytes of the current document, which live as long as the batch
  std::string* texts =
      nullptr;  // the last of out->owned that collects texts; never grows beyond its capacity
  LetterBudget letters;
  struct Item {
    std::string_view value;
    Surroundings around;
    Part part = Part::Record;
  };
  Item item;  // met last: what a letter tells about

  const EnvelopeFields& fields_for(const TimeRule& rule);
  std::string_view keep(std::string_view text);

  // The ledger: each item is met once, and ends once.
  void meet(std::string_view value, const Surroundings& around, Part part);
  void open();
  void skip(SkipReason reason) { ++out->items.skipped[static_cast<std::size_t>(reason)]; }
  void die(RejectReason reason, std::uint64_t cut_bytes = 0);
  template <typename Each>
  void for_each_item(std::string_view array, const Surroundings& around, Part part, Each each);

  bool charge(std::size_t bytes);

  void decode_record(const RawRecord& raw);
  void decode_part(std::string_view value, const Surroundings& around, Part part);
  void decode_value(std::string_view value, const Surroundings& around);
  void decode_layer(std::string_view value, const Surroundings& around);
  void decode_compressed(std::string_view gzip, const Surroundings& around);
  void decode_base64_data(std::string_view data, const Surroundings& inner);
  void decode_text_field(std::optional<std::string_view> text, const Surroundings& inner);
  void decode_documents(std::string_view documents, const Surroundings& around);
  void decode_document(std::string_view document, const Surroundings& around);
  void decode_object(std::string_view document, const Surroundings& around);
  void decode_subscription(const Surroundings& outer);
  void decode_records(std::string_view document, const Surroundings& around);
  void decode_log_event(std::string_view element, const Surroundings& around);
  void decode_firehose(std::string_view document, const Surroundings& around);
  void decode_firehose_record(std::string_view element, const Surroundings& around);
  void decode_cloudtrail_record(std::string_view element, const Surroundings& around);
  void decode_notification(const Surroundings& around);
  void decode_message(std::string_view message, const Surroundings& around);
  void decode_flow_lines(std::string_view lines, const Surroundings& around);
  void emit_object(std::string_view message, Shape shape, const Surroundings& around);
  void emit_text(std::string_view message, const Surroundings& around);
  void emit_flow_line(std::string_view line, const Surroundings& around);
  void emit(Event event, std::optional<EventTime> time, const Surroundings& around);

  // Walks `text` as an object; the item dies of being none.
  bool walk(std::string_view text, const FieldTrie& trie);
  std::optional<EventTime> ruled_time(std::string_view message, bool walked) const;
  [[nodiscard]] Surroundings own_surroundings() const {
    Surroundings own;
    own.log_group = settings->log_group;
    own.log_stream = settings->log_stream;
    own.arrival = record->timestamp;
    own.format = settings->format;
    return own;
  }
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

void Decoder::decode(RawBatch& batch, const DecodeSettings& settings, EventBatch& out) {
  out.clear();
  out.partition = batch.partition;
  out.rejects = batch.rejects;
  out.items.read = out.items.dead = batch.rejects.total();
  out.dead = std::move(batch.dead);
  out.bytes = std::move(batch.bytes);
  State& state = *state_;
  state.batch = &batch;
  state.settings = &settings;
  state.out = &out;
  state.fields = &state.fields_for(settings.time);
  state.texts = nullptr;
  state.letters = {};
  for (const RawRecord& record : batch.records) state.decode_record(record);
}

const EnvelopeFields& Decoder::State::fields_for(const TimeRule& rule) {
  const bool by_field = rule.from == TimeRule::From::Field;
  for (const auto& set : field_sets) {
    if (by_field ? set->time_field == rule.field : !set->time_field) return set->envelope;
  }
  const auto wanted = by_field ? std::optional(rule.field) : std::nullopt;
  field_sets.push_back(std::make_unique<Fields>(Fields{wanted, EnvelopeFields(wanted ? &*wanted : nullptr)}));
  return field_sets.back()->envelope;
}

// A text that lives as long as the batch: itself if it points into the document, else a copy.
std::string_view Decoder::State::keep(std::string_view text) {
  constexpr std::size_t kChunk = 16 * 1024;
  if (text.empty()) return {};
  const std::less_equal<const char*> not_after;
  if (not_after(stable.data(), text.data()) &&
      not_after(text.data() + text.size(), stable.data() + stable.size()))
    return text;
  if (texts == nullptr || texts->capacity() - texts->size() < text.size()) {
    texts = out->owned.emplace_back(std::make_unique<std::string>()).get();
    texts->reserve(std::max(kChunk, text.size()));
  }
  const std::size_t start = texts->size();
  texts->append(text);
  return std::string_view(*texts).substr(start);
}

void Decoder::State::meet(std::string_view value, const Surroundings& around, Part part) {
  item = {value, around, part};
  ++items;
  ++out->items.read;
}

// The item met last holds others, which count in its place.
void Decoder::State::open() {
  --items;
  --out->items.read;
}

void Decoder::State::die(RejectReason reason, std::uint64_t cut_bytes) {
  out->rejects.add(reason);
  ++out->items.dead;
  const Surroundings& around = item.around;
  DeadLetter& letter = out->dead.emplace_back();
  letter.reason = reason;
  letter.offset = record->offset;
  letter.index = items - 1;
  letter.timestamp = around.time ? around.time : around.arrival;
  letter.cut_bytes = cut_bytes;
  letter.part = item.part;
  letter.carried = around.format != settings->format;
  letters.fill(letter, item.value);
  if (around.enveloped) {
    letter.envelope = DeadLetter::Envelope{std::string(around.account), std::string(around.log_group),
                                           std::string(around.log_stream)};
  }
}

// Meets the elements of an array that the current item holds. One that holds nothing is an empty item; one
// that holds more than a record may have is cut there, and its rest dies as one.
template <typename Each>
void Decoder::State::for_each_item(std::string_view array, const Surroundings& around, Part part, Each each) {
  open();
  bool any = false;
  for_each_element(array, [&](std::string_view element) {
    any = true;
    if (full) return false;
    meet(element, around, part);
    if (items > kMaxRecordEvents) {
      full = true;
      const char* end = array.data() + array.size();
      die(RejectReason::InflatedTooLarge, static_cast<std::size_t>(end - element.data()) - element.size());
      return false;
    }
    each(element);
    return true;
  });
  if (any) return;
  meet(array, around, part);
  skip(SkipReason::Empty);
}

void Decoder::State::decode_record(const RawRecord& raw) {
  record = &raw;
  items = raw.index;
  inflated_bytes = 0;
  full = false;
  stable = raw.value;
  Surroundings around = own_surroundings();
  if (raw.carried) around.format = Format::Auto;
  if (raw.envelope != nullptr) {
    around.account = raw.envelope->account;
    around.log_group = raw.envelope->log_group;
    around.log_stream = raw.envelope->log_stream;
    around.time = raw.timestamp;
    around.enveloped = true;
  }
  meet(raw.value, around, raw.part);
  decode_part(raw.value, around, raw.part);
}

// A piece of a record is taken as where it was met: a dead letter that nobody mended dies again.
void Decoder::State::decode_part(std::string_view value, const Surroundings& around, Part part) {
  switch (part) {
    case Part::Record:
      return decode_value(value, around);
    case Part::Document:
      return decode_document(value, around);
    case Part::CloudTrailRecord:
      return decode_cloudtrail_record(value, around);
    case Part::FirehoseRecord:
      return decode_firehose_record(value, around);
    case Part::LogEvent:
      return decode_log_event(value, around);
    case Part::Message:
      return decode_message(value, around);
  }
}

// Whether the record may have as many more bytes that were unpacked from it.
bool Decoder::State::charge(std::size_t bytes) {
  if (bytes > kMaxInflatedBytes - inflated_bytes) return false;
  inflated_bytes += bytes;
  return true;
}

// A record, or what one of its layers held. It lives as long as the batch.
void Decoder::State::decode_value(std::string_view value, const Surroundings& around) {
  if (value.empty()) return skip(SkipReason::Empty);
  if (around.layers > kMaxLayers) return die(RejectReason::TooDeep);
  const std::string_view outer = std::exchange(stable, value);
  decode_layer(value, around);
  stable = outer;
}

void Decoder::State::decode_layer(std::string_view value, const Surroundings& around) {
  if (around.format == Format::Text) return emit_text(value, around);
  if (is_gzip(value)) return decode_compressed(value, around);
  const bool is_object = announces_object(value);
  if (!is_object && value.starts_with("H4sI") && decode_base64(value, compressed) && is_gzip(compressed)) {
    return decode_compressed(compressed, around);
  }
  if (!is_object && around.format == Format::VpcFlow) return decode_flow_lines(value, around);
  if (!is_object && around.format == Format::Auto) return emit_text(value, around);
  if (around.broken_is_text) {
    if (view.walk(value, fields->trie()) != JsonStatus::Object) return emit_text(value, around);
    return decode_object(value, around);
  }
  if (is_object && around.layers > 0) return decode_documents(value, around);
  decode_document(value, around);
}

// Compressed members follow each other without anything between, so several documents may stand in one text.
void Decoder::State::decode_documents(std::string_view documents, const Surroundings& around) {
  bool first = true;
  std::string_view rest = documents;
  while (!(rest = skip_json_space(rest)).empty() && !full) {
    JsonExtent extent;
    const std::size_t size = extent.take(rest);
    const std::string_view document = rest.substr(0, size > 0 ? size : rest.size());
    rest.remove_prefix(document.size());
    // A lone document is the item that it came in.
    if (!first || !skip_json_space(rest).empty()) {
      if (first) open();
      meet(document, around, Part::Document);
    }
    first = false;
    if (items > kMaxRecordEvents) {
      full = true;
      return die(RejectReason::InflatedTooLarge, rest.size());
    }
    decode_document(document, around);
  }
}

void Decoder::State::decode_compressed(std::string_view gzip, const Surroundings& around) {
  if (around.layers >= kMaxLayers) return die(RejectReason::TooDeep);
  auto inflated = std::make_unique<std::string>();
  const InflateStatus status = inflater.inflate(gzip, kMaxInflatedBytes - inflated_bytes, *inflated);
  if (status == InflateStatus::Damaged) return die(RejectReason::BadGzip);
  if (status == InflateStatus::TooLarge || !charge(inflated->size()))
    return die(RejectReason::InflatedTooLarge);
  const std::string_view value = *inflated;
  out->owned.push_back(std::move(inflated));
  decode_value(value, around.inside());
}

// What base64 in a field stands for. The line's end behind a text is its producer's.
void Decoder::State::decode_base64_data(std::string_view data, const Surroundings& inner) {
  auto bytes = std::make_unique<std::string>();
  if (!decode_base64(data, *bytes)) return die(RejectReason::BadGzip);
  if (is_gzip(*bytes)) return decode_compressed(*bytes, inner);
  if (!charge(bytes->size())) return die(RejectReason::InflatedTooLarge);
  const std::string_view value = *bytes;
  out->owned.push_back(std::move(bytes));
  decode_value(value.substr(0, value.find_last_not_of("\r\n") + 1), inner);
}

// A field that holds another value as a string.
void Decoder::State::decode_text_field(std::optional<std::string_view> text, const Surroundings& inner) {
  if (!text) return die(RejectReason::NotJson);
  const std::string_view value = keep(*text);
  if (value.data() != text->data() && !charge(value.size())) return die(RejectReason::InflatedTooLarge);
  decode_value(value, inner);
}

bool Decoder::State::walk(std::string_view text, const FieldTrie& trie) {
  switch (view.walk(text, trie)) {
    case JsonStatus::Object:
      return true;
    case JsonStatus::BadUtf8:
      die(RejectReason::BadUtf8);
      return false;
    case JsonStatus::TooDeep:
      die(RejectReason::TooDeep);
      return false;
    case JsonStatus::NotObject:
    case JsonStatus::Invalid:
      break;
  }
  die(RejectReason::NotJson);
  return false;
}

void Decoder::State::decode_document(std::string_view document, const Surroundings& around) {
  if (walk(document, fields->trie())) decode_object(document, around);
}

// The document was walked last.
void Decoder::State::decode_object(std::string_view document, const Surroundings& around) {
  const Shape shape = fields->shape_of(view);
  if (around.format == Format::Json) return emit_object(document, Shape::Other, around);
  if (around.format == Format::EventBridge) return emit_object(document, Shape::BusEvent, around);
  if (around.format == Format::CloudTrail && shape != Shape::Records)
    return emit_object(document, Shape::CloudTrail, around);
  if (!may_be(around.format, shape)) return die(RejectReason::NotJson);
  // Two names are little to go by: outside of Firehose's envelope any application may use them.
  if (shape == Shape::FirehoseRecord && around.format == Format::Auto)
    return emit_object(document, Shape::Other, around);
  Surroundings inner = around.inside();
  if (around.format != Format::VpcFlow) inner.format = Format::Auto;
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
      if (walk(notification, fields->trie())) decode_notification(around);
      return;
    }
    case Shape::SnsNotification:
      return decode_notification(around);
    case Shape::SnsConfirmation:
      return skip(SkipReason::ControlMessage);
    case Shape::S3Test:
      return skip(SkipReason::TestEvent);
    default:
      return emit_object(document, shape, around);
  }
}

void Decoder::State::decode_subscription(const Surroundings& outer) {
  if (fields->is_control_message(view)) return skip(SkipReason::ControlMessage);
  Surroundings around = outer;
  around.enveloped = true;
  around.account = keep(fields->owner(view));
  if (const auto group = fields->log_group(view); !group.empty()) around.log_group = keep(group);
  if (const auto stream = fields->log_stream(view); !stream.empty()) around.log_stream = keep(stream);
  for_each_item(fields->log_events(view), around, Part::LogEvent,
                [&](std::string_view element) { decode_log_event(element, around); });
}

// {"id":…,"timestamp":…,"message":…}: from here on the item is the message.
void Decoder::State::decode_log_event(std::string_view element, const Surroundings& around) {
  if (!walk(element, log_event_fields.trie())) return;
  const auto message = log_event_fields.message(view);
  if (!message) return die(RejectReason::NotJson);
  Surroundings own = around;
  own.time = log_event_fields.timestamp(view);
  item = {keep(*message), own, Part::Message};
  decode_message(item.value, own);
}

// {"Records":[…]} in one record. Its first element says what they are.
void Decoder::State::decode_records(std::string_view document, const Surroundings& around) {
  const std::string_view records = fields->records(view);
  Shape first_shape = around.format == Format::CloudTrail ? Shape::CloudTrail : Shape::SnsRecord;
  if (around.format == Format::Auto) {
    for_each_element(records, [&](std::string_view first) {
      first_shape =
          view.walk(first, fields->trie()) == JsonStatus::Object ? fields->shape_of(view) : Shape::Other;
      return false;
    });
  }
  switch (first_shape) {
    case Shape::CloudTrail:
      return for_each_item(records, around, Part::CloudTrailRecord,
                           [&](std::string_view element) { decode_cloudtrail_record(element, around); });
    case Shape::S3Record:
    case Shape::SnsRecord:
    case Shape::SqsRecord:
    case Shape::KinesisRecord:
      return for_each_item(records, around, Part::Document,
                           [&](std::string_view element) { decode_document(element, around); });
    default:
      if (walk(document, fields->trie())) emit_object(document, Shape::Other, around);
  }
}

// {"records":[{"data":…},…]}: what Firehose gives a transformation or an HTTP endpoint, if the first has
// data.
void Decoder::State::decode_firehose(std::string_view document, const Surroundings& around) {
  const std::string_view records = fields->firehose_records(view);
  bool has_data = true;
  for_each_element(records, [&](std::string_view first) {
    has_data = view.walk(first, fields->trie()) == JsonStatus::Object && fields->has_data(view);
    return false;
  });
  if (!has_data) {
    if (walk(document, fields->trie())) emit_object(document, Shape::Other, around);
    return;
  }
  for_each_item(records, around, Part::FirehoseRecord,
                [&](std::string_view element) { decode_firehose_record(element, around); });
}

void Decoder::State::decode_firehose_record(std::string_view element, const Surroundings& around) {
  if (!walk(element, fields->trie())) return;
  if (!fields->has_data(view)) return die(RejectReason::NotJson);
  Surroundings inner = around.inside();
  inner.format = Format::Auto;
  if (const auto arrival = fields->arrival_of(view, Shape::FirehoseRecord)) inner.arrival = arrival;
  decode_base64_data(fields->data_of(view, Shape::FirehoseRecord), inner);
}

void Decoder::State::decode_cloudtrail_record(std::string_view element, const Surroundings& around) {
  if (walk(element, fields->trie())) emit_object(element, Shape::CloudTrail, around);
}

// What SNS delivers; it was walked last. Its message may be anything, a text for people too.
void Decoder::State::decode_notification(const Surroundings& around) {
  Surroundings inner = around.inside();
  inner.format = Format::Auto;
  inner.broken_is_text = true;
  inner.time = fields->published_at(view);
  if (const ArnParts topic = fields->topic(view); !topic.account.empty()) {
    inner.enveloped = true;
    inner.account = keep(topic.account);
    inner.region = keep(topic.region);
  }
  if (!fields->is_backup_notice(view)) return decode_text_field(fields->sns_message(view), inner);
  auto notice = std::make_unique<std::string>();
  fields->write_backup_notice(view, *notice);
  if (const auto account = fields->notice_account(view); !account.empty()) inner.account = keep(account);
  if (!charge(notice->size())) return die(RejectReason::InflatedTooLarge);
  const std::string_view message = *notice;
  out->owned.push_back(std::move(notice));
  const std::string_view outer = std::exchange(stable, message);
  if (walk(message, fields->trie())) emit_object(message, Shape::BackupNotice, inner);
  stable = outer;
}

// An event out of a subscription envelope; `message` lives as long as the batch. The envelope says that it is
// a log event, so one that looks like an object and is none, a cut one for example, is a text.
void Decoder::State::decode_message(std::string_view message, const Surroundings& around) {
  if (around.format == Format::VpcFlow) return emit_flow_line(message, around);
  if (!announces_object(message) || view.walk(message, fields->trie()) != JsonStatus::Object)
    return emit_text(message, around);
  const std::string_view outer = std::exchange(stable, message);
  emit_object(message, fields->shape_of(view), around);
  stable = outer;
}

// The object was walked last.
void Decoder::State::emit_object(std::string_view message, Shape shape, const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return die(RejectReason::TooLarge);
  const std::string_view account = keep(fields->account_of(view, shape));
  const std::string_view region = keep(fields->region_of(view, shape));
  Event event{.kind = kind_of(shape),
              .enveloped = around.enveloped,
              .message = message,
              .account = account.empty() ? around.account : account,
              .region = region.empty() ? around.region : region,
              .log_group = around.log_group,
              .log_stream = around.log_stream};
  std::optional<EventTime> time;
  if (settings->time.from == TimeRule::From::Default) {
    // An envelope's timestamp is better than a guess at which field of an unknown object is the time.
    const bool known =
        event.kind != Kind::Json && event.kind != Kind::LambdaPlatform && event.kind != Kind::BackupNotice;
    if (known || !around.time) time = fields->time_of(view, shape, settings->time.zone_offset);
  } else {
    time = ruled_time(message, true);
  }
  emit(event, time ? time : around.time, around);
}

void Decoder::State::emit_text(std::string_view message, const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return die(RejectReason::TooLarge);
  if (!simdjson::validate_utf8(message.data(), message.size())) return die(RejectReason::BadUtf8);
  Kind kind = Kind::Text;
  if (around.format == Format::Auto) {
    if (is_lambda_line(message)) {
      kind = Kind::LambdaPlatform;
    } else if (starts_like_flow_line(message)) {
      flow_line.read(message);
      if (flow_line.looks_right()) kind = Kind::VpcFlow;
    }
  }
  std::optional<EventTime> time;
  if (settings->time.from != TimeRule::From::Default) {
    time = ruled_time(message, false);
  } else if (!around.time) {
    if (kind == Kind::VpcFlow) time = flow_line.guess_start();
    if (!time) time = find_line_time(message, batch->read_at, settings->time.zone_offset);
  }
  emit(Event{.kind = kind,
             .enveloped = around.enveloped,
             .message = message,
             .account = around.account,
             .region = around.region,
             .log_group = around.log_group,
             .log_stream = around.log_stream},
       time ? time : around.time, around);
}

// A record of a `vpc_flow` source: a line, or a file of them.
void Decoder::State::decode_flow_lines(std::string_view lines, const Surroundings& around) {
  lines = lines.substr(0, lines.find_last_not_of("\r\n") + 1);
  if (lines.find('\n') == std::string_view::npos) return emit_flow_line(lines, around);
  open();
  while (!lines.empty() && !full) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    meet(line, around, Part::Record);
    if (items > kMaxRecordEvents) {
      full = true;
      return die(RejectReason::InflatedTooLarge, lines.size());
    }
    emit_flow_line(line, around);
  }
}

void Decoder::State::emit_flow_line(std::string_view line, const Surroundings& around) {
  if (line.size() > kMaxEventBytes) return die(RejectReason::TooLarge);
  if (!simdjson::validate_utf8(line.data(), line.size())) return die(RejectReason::BadUtf8);
  const VpcFlowFormat& format = settings->vpc_flow;
  flow_line.read(line);
  if (flow_line.tokens().empty()) return skip(SkipReason::Empty);
  if (flow_line.is_header()) return skip(SkipReason::Header);
  if (!flow_line.has_fields_of(format)) return die(RejectReason::BadFields);
  const std::string_view account = flow_line.field(format, "account-id");
  const std::string_view region = flow_line.field(format, "region");
  std::optional<EventTime> time = flow_line.start(format);
  Event event{.kind = Kind::VpcFlow,
              .enveloped = around.enveloped,
              .message = line,
              .account = account.empty() ? around.account : account,
              .region = region.empty() ? around.region : region,
              .log_group = around.log_group,
              .log_stream = around.log_stream};
  if (format.as_json) {
    auto object = std::make_unique<std::string>();
    flow_line.write_json(format, *object);
    event.message = *object;
    out->owned.push_back(std::move(object));
  }
  if (settings->time.from != TimeRule::From::Default) {
    const bool walked = format.as_json && view.walk(event.message, fields->trie()) == JsonStatus::Object;
    time = ruled_time(event.message, walked);
  }
  emit(event, time ? time : around.time, around);
}

// The time by the source's `time:`; `walked`: the message is an object and was walked last.
std::optional<EventTime> Decoder::State::ruled_time(std::string_view message, bool walked) const {
  const TimeRule& rule = settings->time;
  std::string_view text;
  if (rule.from == TimeRule::From::Field) {
    const JsonNode* value = walked ? fields->time_field(view) : nullptr;
    if (value == nullptr) return std::nullopt;
    text = value->text;
  } else if (rule.from == TimeRule::From::Regex) {
    re2::StringPiece found;
    const int group = rule.regex->NumberOfCapturingGroups() > 0 ? 1 : 0;
    re2::StringPiece groups[2];
    if (!rule.regex->Match(message, 0, message.size(), re2::RE2::UNANCHORED, groups, group + 1))
      return std::nullopt;
    found = groups[group];
    text = std::string_view(found.data(), found.size());
  } else {
    return std::nullopt;
  }
  if (!rule.format.empty()) return parse_time_format(text, rule.format, batch->read_at, rule.zone_offset);
  if (const auto time = parse_time_value(text, rule.zone_offset)) return time;
  return find_line_time(text, batch->read_at, rule.zone_offset);
}

void Decoder::State::emit(Event event, std::optional<EventTime> time, const Surroundings& around) {
  event.position = {.partition = batch->partition, .offset = record->offset, .index = items - 1};
  if (!settings->accounts.empty() && !settings->accounts.contains(std::string(event.account))) {
    out->rejects.add(RejectReason::AccountRefused);
    ++out->items.refused;
    return;
  }
  time = if_on_the_calendar(time);
  if (settings->time.from == TimeRule::From::Arrival) {
    event.time = if_on_the_calendar(record->timestamp).value_or(as_event_time(batch->read_at));
  } else {
    event.time = time ? *time : if_on_the_calendar(around.arrival).value_or(kInheritTime);
  }
  if (settings->age_limits && event.time != kInheritTime) {
    const EventTime now = as_event_time(batch->read_at);
    if (event.time < now - kMaxAge) return die(RejectReason::TooOld);
    if (event.time > now + kMaxAhead) return die(RejectReason::TooNew);
  }
  out->events.push_back(event);
  ++out->items.decoded;
}

}  // namespace tocsin::event
