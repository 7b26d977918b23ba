#include "engine/event/decode.h"

#include <utility>

#include "engine/base/base64.h"
#include "engine/event/decoder_state.h"
#include "engine/event/json_extent.h"

namespace tocsin::event {
namespace {

std::string_view trim_json_space(std::string_view text) {
  text = skip_json_space(text);
  while (!text.empty() && is_json_space(text.back())) text.remove_suffix(1);
  return text;
}

// Why a text that had to be an object is none.
RejectReason reason_for(JsonStatus status) {
  if (status == JsonStatus::BadUtf8) return RejectReason::BadUtf8;
  return status == JsonStatus::TooDeep ? RejectReason::TooDeep : RejectReason::NotJson;
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

Decoder::Decoder(FieldTrie wanted) : state_(std::make_unique<State>()) { state_->wanted = std::move(wanted); }
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

std::size_t Decoder::decode(RawBatch& batch, const DecodeSettings& settings, EventBatch& out,
                            std::size_t from, EventVisitor* visitor) {
  State& state = *state_;
  out.clear();
  out.partition = batch.partition;
  out.bytes = batch.bytes;
  state.batch = &batch;
  state.settings = &settings;
  state.out = &out;
  state.visitor = visitor;
  state.field_set = &state.fields_for(settings.time);
  state.items.begin_piece(batch, settings.format, out, from == 0);
  state.texts.begin_piece(out);
  while (from < batch.records.size() && !state.texts.piece_is_full() && !state.items.piece_is_full()) {
    state.decode_record(batch.records[from++]);
  }
  state.items.end_piece();
  return from;
}

const Decoder::State::Fields& Decoder::State::fields_for(const TimeRule& rule) {
  const bool by_field = rule.from == TimeRule::From::Field;
  for (const auto& set : field_sets) {
    if (by_field ? set->time_field == rule.field : !set->time_field) return *set;
  }
  const auto time_field = by_field ? std::optional(rule.field) : std::nullopt;
  const Selector* selector = time_field ? &*time_field : nullptr;
  field_sets.push_back(std::make_unique<Fields>(
      Fields{time_field, EnvelopeFields(selector, wanted), EnvelopeFields(selector)}));
  return *field_sets.back();
}

void Decoder::State::decode_record(const RawRecord& raw) {
  record = &raw;
  items.begin_record(raw);
  texts.begin_record(raw.value);
  Surroundings around;
  around.log_group = settings->log_group;
  around.log_stream = settings->log_stream;
  around.arrival = raw.timestamp;
  around.format = raw.carried ? Format::Auto : settings->format;
  if (raw.envelope != nullptr) {
    around.account = raw.envelope->account;
    around.log_group = raw.envelope->log_group;
    around.log_stream = raw.envelope->log_stream;
    around.time = raw.timestamp;
    around.enveloped = true;
  }
  items.meet(raw.value, around, raw.part);
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

// A record, or what one of its layers held. It lives as long as the batch.
void Decoder::State::decode_value(std::string_view value, const Surroundings& around) {
  if (value.empty()) return items.skip(SkipReason::Empty);
  if (around.layers > kMaxLayers) return items.die(RejectReason::TooDeep);
  const std::string_view outer = texts.enter(value);
  decode_layer(value, around);
  texts.enter(outer);
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
  const JsonStatus status = look_at(document);
  if (status == JsonStatus::Object) return decode_object(document, around);
  if (around.broken_is_text && around.format == Format::Auto) return emit_text(value, around);
  if (is_object && decode_documents(value, around)) return;
  items.die(reason_for(status));
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
  items.open();
  while (!document.empty()) {
    items.meet(document, around, Part::Document);
    if (!items.has_room(rest.size())) break;
    decode_document(document, around);
    // What is no object any more is one broken item, whatever words it has.
    document = rest.starts_with('{') ? take() : std::exchange(rest, {});
  }
  return true;
}

void Decoder::State::decode_document(std::string_view document, const Surroundings& around) {
  if (walk(document)) decode_object(document, around);
}

void Decoder::State::decode_compressed(std::string_view gzip, const Surroundings& around) {
  if (around.layers >= kMaxLayers) return items.die(RejectReason::TooDeep);
  auto inflated = std::make_unique<std::string>();
  const InflateStatus status = inflater.inflate(gzip, texts.room(), *inflated);
  if (status == InflateStatus::Damaged) return items.die(RejectReason::BadGzip);
  if (status == InflateStatus::TooLarge || !texts.charge(inflated->size()))
    return items.die(RejectReason::InflatedTooLarge);
  decode_value(texts.own(std::move(inflated)), around.inside());
}

// What base64 in a field stands for. The line's end behind a text is its producer's.
void Decoder::State::decode_base64_data(std::string_view data, const Surroundings& inner) {
  if (!decode_base64(data, compressed)) return items.die(RejectReason::BadBase64);
  if (is_gzip(compressed)) return decode_compressed(compressed, inner);
  if (!texts.charge(compressed.size())) return items.die(RejectReason::InflatedTooLarge);
  const std::string_view value = texts.keep(compressed);
  decode_value(value.substr(0, value.find_last_not_of("\r\n") + 1), inner);
}

// A field that holds another value as a string.
void Decoder::State::decode_text_field(std::optional<std::string_view> text, const Surroundings& inner) {
  if (!text) return items.die(RejectReason::NotJson);
  const std::string_view value = texts.keep(*text);
  if (value.data() != text->data() && !texts.charge(value.size()))
    return items.die(RejectReason::InflatedTooLarge);
  decode_value(value, inner);
}

JsonStatus Decoder::State::look_at(std::string_view text) {
  fields = text.size() <= kMaxEventBytes ? &field_set->event : &field_set->envelope;
  return view.walk(text, fields->trie());
}

bool Decoder::State::walk(std::string_view text) {
  const JsonStatus status = look_at(text);
  if (status != JsonStatus::Object) items.die(reason_for(status));
  return status == JsonStatus::Object;
}

bool Decoder::State::walk_log_event(std::string_view text) {
  const JsonStatus status = view.walk(text, log_event_fields.trie());
  if (status != JsonStatus::Object) items.die(reason_for(status));
  return status == JsonStatus::Object;
}

}  // namespace tocsin::event
