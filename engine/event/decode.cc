#include "engine/event/decode.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
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

std::string_view trim_json_space(std::string_view text) {
  text = skip_json_space(text);
  while (!text.empty() && is_json_space(text.back())) text.remove_suffix(1);
  return text;
}

// Whether a text announces a JSON object: `{"`, `{}` or the same with white space between.
bool announces_object(std::string_view text) {
  const std::string_view start = skip_json_space(text);
  if (!start.starts_with('{')) return false;
  const std::string_view inside = skip_json_space(start.substr(1));
  return inside.starts_with('"') || inside.starts_with('}');
}

// Whether an object has `value` and nothing else.
bool is_only_member(std::string_view object, std::string_view value) {
  const std::string_view behind(
      value.data() + value.size(),
      static_cast<std::size_t>(object.data() + object.size() - value.data()) - value.size());
  if (!skip_json_space(behind).starts_with('}')) return false;
  const std::string_view before(object.data(), static_cast<std::size_t>(value.data() - object.data()));
  return std::ranges::count(before, ':') == 1 && before.find(',') == std::string_view::npos;
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
    inner.broken_is_text = false;
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
    case Shape::AlarmMessage:
      return Kind::AlarmMessage;
    case Shape::LambdaPlatform:
      return Kind::LambdaPlatform;
    default:
      return Kind::Json;
  }
}

// Why a text that had to be an object is none.
RejectReason reason_for(JsonStatus status) {
  if (status == JsonStatus::BadUtf8) return RejectReason::BadUtf8;
  return status == JsonStatus::TooDeep ? RejectReason::TooDeep : RejectReason::NotJson;
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

// The record that only a source pinned to its carrier has by so little.
Shape pinned_record(Format format) {
  if (format == Format::Kinesis) return Shape::KinesisRecord;
  return format == Format::Firehose ? Shape::FirehoseRecord : Shape::Other;
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
  std::uint32_t items = 0;                    // of the record so far
  std::uint32_t max_items = kMaxRecordItems;  // up to which the record may have some
  std::size_t inflated_bytes = 0;             // of the record so far
  bool full = false;                          // the record had more items than it may have
  std::uint64_t batch_items = 0;              // of the batch's pieces before this one
  std::size_t batch_letters = 0;              // likewise
  std::size_t owned_bytes = 0;                // of out->owned
  bool timed = false;                         // the batch had an event with a time of its own
  std::string_view stable;  // the bytes of the current document, which live as long as the batch
  std::string* texts =
      nullptr;  // the last of out->owned that collects texts; never grows beyond its capacity
  LetterBudget letters;
  LetterBudget untimed_letters;
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
  void write_letter(DeadLetter& letter, LetterBudget& budget);
  [[nodiscard]] bool has_room(std::uint64_t rest_bytes);
  std::string_view own(std::unique_ptr<std::string> text);
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
  bool decode_documents(std::string_view documents, const Surroundings& around);
  void decode_document(std::string_view document, const Surroundings& around);
  void decode_object(std::string_view document, const Surroundings& around);
  void decode_subscription(const Surroundings& outer);
  enum class Elements : std::uint8_t { CloudTrail, Documents, Unknown };  // Documents tell for themselves
  Elements elements_of(std::string_view records, std::string_view document, Format format);
  void decode_records(std::string_view document, const Surroundings& around);
  void decode_log_event(std::string_view element, const Surroundings& around);
  void decode_firehose(std::string_view document, const Surroundings& around);
  void decode_firehose_record(std::string_view element, const Surroundings& around);
  void decode_cloudtrail_record(std::string_view element, const Surroundings& around);
  void decode_notification(const Surroundings& around);
  void decode_message(std::string_view message, const Surroundings& around);
  void decode_flow_lines(std::string_view lines, const Surroundings& around);
  void emit_object(std::string_view message, Shape shape, const Surroundings& around);
  void emit_object(std::string_view message, Kind kind, Shape shape, const Surroundings& around);
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

std::size_t Decoder::decode(RawBatch& batch, const DecodeSettings& settings, EventBatch& out,
                            std::size_t from) {
  out.clear();
  out.partition = batch.partition;
  out.bytes = batch.bytes;
  State& state = *state_;
  if (from == 0) {
    out.rejects = batch.rejects;
    out.items.read = out.items.dead = batch.rejects.total();
    out.dead = std::move(batch.dead);
    state.letters = {};
    state.untimed_letters = {};
    state.batch_items = 0;
    state.batch_letters = 0;
    state.timed = false;
  }
  state.batch = &batch;
  state.settings = &settings;
  state.out = &out;
  state.fields = &state.fields_for(settings.time);
  state.texts = nullptr;
  state.owned_bytes = 0;
  while (from < batch.records.size() && state.owned_bytes < kMaxPieceBytes &&
         out.events.size() < kMaxPieceEvents) {
    state.decode_record(batch.records[from++]);
  }
  state.batch_items += out.items.read;
  state.batch_letters += out.dead.size() + out.untimed.size();
  return from;
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
    owned_bytes += texts->capacity();
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
  DeadLetter& letter = out->dead.emplace_back();
  letter.reason = reason;
  letter.cut_bytes = cut_bytes;
  write_letter(letter, letters);
}

// The letter of the item met last.
void Decoder::State::write_letter(DeadLetter& letter, LetterBudget& budget) {
  const Surroundings& around = item.around;
  letter.offset = record->offset;
  letter.index = items - 1;
  letter.timestamp = around.time ? around.time : around.arrival;
  letter.part = item.part;
  letter.carried = around.format != settings->format;
  budget.fill(letter, item.value);
  if (around.enveloped) {
    letter.envelope = DeadLetter::Envelope{std::string(around.account), std::string(around.log_group),
                                           std::string(around.log_stream)};
  }
}

// Whether the record may have the item met last. If not it dies, and with it the `rest_bytes` behind it in
// what holds both.
bool Decoder::State::has_room(std::uint64_t rest_bytes) {
  if (!full && items <= max_items) return true;
  full = true;
  die(RejectReason::InflatedTooLarge, rest_bytes);
  return false;
}

// Keeps a text as long as the piece of the batch.
std::string_view Decoder::State::own(std::unique_ptr<std::string> text) {
  owned_bytes += text->capacity();
  return *out->owned.emplace_back(std::move(text));
}

// Meets the elements of an array that the current item holds. One that holds nothing is an empty item; one
// that holds more than a record may have is cut there, and its rest dies as one.
template <typename Each>
void Decoder::State::for_each_item(std::string_view array, const Surroundings& around, Part part, Each each) {
  open();
  bool any = false;
  for_each_element(array, [&](std::string_view element) {
    any = true;
    meet(element, around, part);
    const char* end = array.data() + array.size();
    if (!has_room(static_cast<std::size_t>(end - element.data()) - element.size())) return false;
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
  const bool spent = batch_items + out->items.read > kMaxBatchItems ||
                     batch_letters + out->dead.size() + out->untimed.size() > kMaxBatchLetters;
  max_items = raw.index + (spent ? kMaxSpentItems : kMaxRecordItems);
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
  // The white space around a document is not the event's: a file ends with a new line.
  const std::string_view document = around.layers > 0 && is_object ? trim_json_space(value) : value;
  const JsonStatus status = view.walk(document, fields->trie());
  if (status == JsonStatus::Object) return decode_object(document, around);
  if (around.broken_is_text && around.format == Format::Auto) return emit_text(value, around);
  if (is_object && decode_documents(value, around)) return;
  die(reason_for(status));
}

// Compressed members, and the records in a file of Firehose's, follow each other with nothing or white space
// between them, so several objects may stand in one text. False if these do not, then nothing was done.
bool Decoder::State::decode_documents(std::string_view documents, const Surroundings& around) {
  std::string_view rest = skip_json_space(documents);
  const auto take = [&rest] {
    JsonExtent extent;
    const std::string_view document = rest.substr(0, extent.take(rest));
    rest = skip_json_space(rest.substr(document.size()));
    return document;
  };
  std::string_view document = take();
  if (!rest.starts_with('{')) return false;
  open();
  while (!document.empty()) {
    meet(document, around, Part::Document);
    if (!has_room(rest.size())) break;
    decode_document(document, around);
    // What is no object any more is one broken item, whatever words it has.
    document = rest.starts_with('{') ? take() : std::exchange(rest, {});
  }
  return true;
}

void Decoder::State::decode_compressed(std::string_view gzip, const Surroundings& around) {
  if (around.layers >= kMaxLayers) return die(RejectReason::TooDeep);
  auto inflated = std::make_unique<std::string>();
  const InflateStatus status = inflater.inflate(gzip, kMaxInflatedBytes - inflated_bytes, *inflated);
  if (status == InflateStatus::Damaged) return die(RejectReason::BadGzip);
  if (status == InflateStatus::TooLarge || !charge(inflated->size()))
    return die(RejectReason::InflatedTooLarge);
  decode_value(own(std::move(inflated)), around.inside());
}

// What base64 in a field stands for. The line's end behind a text is its producer's.
void Decoder::State::decode_base64_data(std::string_view data, const Surroundings& inner) {
  if (!decode_base64(data, compressed)) return die(RejectReason::BadBase64);
  if (is_gzip(compressed)) return decode_compressed(compressed, inner);
  if (!charge(compressed.size())) return die(RejectReason::InflatedTooLarge);
  const std::string_view value = keep(compressed);
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
  const JsonStatus status = view.walk(text, trie);
  if (status != JsonStatus::Object) die(reason_for(status));
  return status == JsonStatus::Object;
}

void Decoder::State::decode_document(std::string_view document, const Surroundings& around) {
  if (walk(document, fields->trie())) decode_object(document, around);
}

// The document was walked last.
void Decoder::State::decode_object(std::string_view document, const Surroundings& around) {
  if (around.layers > kMaxLayers) return die(RejectReason::TooDeep);
  if (around.format == Format::Json) return emit_object(document, Shape::Other, around);
  const Shape shape = fields->shape_of(view, pinned_record(around.format));
  if (const auto event = pinned_event(around.format); event && !is_envelope(shape))
    return emit_object(document, *event, around);
  if (!may_be(around.format, shape)) return die(RejectReason::NotJson);
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

// What a {"Records":[…]} holds: its first element says, unless the format does.
Decoder::State::Elements Decoder::State::elements_of(std::string_view records, std::string_view document,
                                                     Format format) {
  const bool pinned = format != Format::Auto;
  if (pinned && !holds_inside(format)) return Elements::Documents;
  std::optional<Shape> first;
  for_each_element(records, [&](std::string_view element) {
    const bool object = view.walk(element, fields->trie()) == JsonStatus::Object;
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
      return for_each_item(records, inner, Part::CloudTrailRecord,
                           [&](std::string_view element) { decode_cloudtrail_record(element, inner); });
    case Elements::Documents:
      return for_each_item(records, inner, Part::Document,
                           [&](std::string_view element) { decode_document(element, inner); });
    case Elements::Unknown:
      if (around.format != Format::Auto) return die(RejectReason::NotJson);
      if (walk(document, fields->trie())) emit_object(document, Shape::Other, around);
  }
}

// {"records":[{"data":…},…]}: what Firehose gives a transformation or an HTTP endpoint, if the first has
// data.
void Decoder::State::decode_firehose(std::string_view document, const Surroundings& around) {
  const std::string_view records = fields->firehose_records(view);
  bool has_data = around.format == Format::Firehose || fields->names_firehose(view);
  if (around.format != Format::Firehose) {
    for_each_element(records, [&](std::string_view first) {
      has_data = view.walk(first, fields->trie()) == JsonStatus::Object && fields->has_data(view);
      return false;
    });
  }
  if (!has_data) {
    if (!walk(document, fields->trie())) return;
    if (!may_be(around.format, Shape::Other)) return die(RejectReason::NotJson);
    return emit_object(document, pinned_event(around.format).value_or(Shape::Other), around);
  }
  for_each_item(records, around, Part::FirehoseRecord,
                [&](std::string_view element) { decode_firehose_record(element, around); });
}

void Decoder::State::decode_firehose_record(std::string_view element, const Surroundings& around) {
  if (!walk(element, fields->trie())) return;
  if (!fields->has_data(view)) return die(RejectReason::NotJson);
  Surroundings inner = carried(around);
  if (const auto arrival = fields->arrival_of(view, Shape::FirehoseRecord)) inner.arrival = arrival;
  decode_base64_data(fields->data_of(view, Shape::FirehoseRecord), inner);
}

void Decoder::State::decode_cloudtrail_record(std::string_view element, const Surroundings& around) {
  if (walk(element, fields->trie())) emit_object(element, Shape::CloudTrail, around);
}

// What SNS delivers; it was walked last. Its message may be anything, a text for people too.
void Decoder::State::decode_notification(const Surroundings& around) {
  Surroundings inner = carried(around);
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
  const std::string_view message = own(std::move(notice));
  const std::string_view outer = std::exchange(stable, message);
  if (walk(message, fields->trie())) emit_object(message, Kind::BackupNotice, Shape::Other, inner);
  stable = outer;
}

// An event out of a subscription envelope; `message` lives as long as the batch. The envelope says that it is
// a log event, so one that looks like an object and is none, a cut one for example, is a text.
void Decoder::State::decode_message(std::string_view message, const Surroundings& around) {
  if (around.format == Format::VpcFlow) return emit_flow_line(message, around);
  if (const auto event = pinned_event(around.format)) {
    const std::string_view outer = std::exchange(stable, message);
    if (walk(message, fields->trie())) emit_object(message, *event, around);
    stable = outer;
    return;
  }
  if (!announces_object(message) || view.walk(message, fields->trie()) != JsonStatus::Object)
    return emit_text(message, around);
  const std::string_view outer = std::exchange(stable, message);
  emit_object(message, fields->shape_of(view), around);
  stable = outer;
}

// The object was walked last.
void Decoder::State::emit_object(std::string_view message, Shape shape, const Surroundings& around) {
  emit_object(message, kind_of(shape), shape, around);
}

void Decoder::State::emit_object(std::string_view message, Kind kind, Shape shape,
                                 const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return die(RejectReason::TooLarge);
  const std::string_view account = keep(fields->account_of(view, shape));
  const std::string_view region = keep(fields->region_of(view, shape));
  Event event{.kind = kind,
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
  if (around.format != Format::Text) {
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
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    meet(line, around, Part::Record);
    if (!has_room(lines.size())) return;
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
    event.message = own(std::move(object));
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
  timed = timed || event.time != kInheritTime;
  if (!timed) {
    DeadLetter& letter = out->untimed.emplace_back();
    letter.reason = RejectReason::NoTime;
    write_letter(letter, untimed_letters);
  }
  out->events.push_back(event);
  ++out->items.decoded;
}

}  // namespace tocsin::event
