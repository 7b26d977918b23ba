#include "engine/event/decode.h"

#include <re2/re2.h>
#include <simdjson.h>

#include <functional>
#include <utility>

#include "engine/event/base64.h"
#include "engine/event/envelope.h"
#include "engine/event/inflate.h"
#include "engine/event/json_extent.h"
#include "engine/event/json_view.h"

namespace tocsin::event {
namespace {

// Compression inside of compression: a Lambda envelope in gzip has two, nothing honest has more than three.
constexpr int kMaxWraps = 3;

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

// What an event inherits from the envelopes around it.
struct Surroundings {
  std::string_view account;
  std::string_view log_group;
  std::string_view log_stream;
  std::optional<EventTime> time;
  bool enveloped = false;
};

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  if (name == "auto") return Format::Auto;
  if (name == "cloudtrail") return Format::CloudTrail;
  if (name == "eventbridge") return Format::EventBridge;
  if (name == "subscription") return Format::Subscription;
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
  };
  Item item;  // met last: what a letter tells about

  const EnvelopeFields& fields_for(const TimeRule& rule);
  std::string_view keep(std::string_view text);

  // The ledger: each item is met once, and ends once.
  void meet(std::string_view value, const Surroundings& around);
  void open();
  void skip(SkipReason reason) { ++out->items.skipped[static_cast<std::size_t>(reason)]; }
  void die(RejectReason reason, std::uint64_t cut_bytes = 0);
  template <typename Each>
  void for_each_item(std::string_view array, const Surroundings& around, Each each);

  void decode_record(const RawRecord& raw);
  void decode_value(std::string_view value, int wraps);
  void decode_compressed(std::string_view gzip, int wraps);
  void decode_document(std::string_view document, int wraps);
  void decode_subscription();
  void decode_trail_file(std::string_view document);
  void decode_message(std::string_view message, const Surroundings& around);
  void emit_object(std::string_view message, Shape shape, const Surroundings& around);
  void emit_text(std::string_view message, const Surroundings& around);
  void emit(Event event, std::optional<EventTime> time);

  // Walks `text` as an object; the item dies of being none.
  bool walk(std::string_view text, const FieldTrie& trie);
  std::optional<EventTime> ruled_time(std::string_view message, bool walked) const;
  [[nodiscard]] Surroundings own_surroundings() const {
    return {.account = {},
            .log_group = settings->log_group,
            .log_stream = settings->log_stream,
            .time = {},
            .enveloped = false};
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

void Decoder::State::meet(std::string_view value, const Surroundings& around) {
  item = {value, around};
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
  letter.timestamp = around.time ? around.time : record->timestamp;
  letter.cut_bytes = cut_bytes;
  letters.fill(letter, item.value);
  if (around.enveloped) {
    letter.envelope = DeadLetter::Envelope{std::string(around.account), std::string(around.log_group),
                                           std::string(around.log_stream)};
  }
}

// Meets the elements of an array that the current item holds. One that holds nothing is an empty item; one
// that holds more than a record may have is cut there, and its rest dies as one.
template <typename Each>
void Decoder::State::for_each_item(std::string_view array, const Surroundings& around, Each each) {
  open();
  bool any = false;
  for_each_element(array, [&](std::string_view element) {
    any = true;
    if (full) return false;
    meet(element, around);
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
  meet(array, around);
  skip(SkipReason::Empty);
}

void Decoder::State::decode_record(const RawRecord& raw) {
  record = &raw;
  items = 0;
  inflated_bytes = 0;
  full = false;
  stable = raw.value;
  const Surroundings around = own_surroundings();
  meet(raw.value, around);
  if (raw.value.empty()) return skip(SkipReason::Empty);
  if (settings->format == Format::Text) {
    emit_text(raw.value, around);
  } else {
    decode_value(raw.value, 0);
  }
}

// A record, or what was compressed in one.
void Decoder::State::decode_value(std::string_view value, int wraps) {
  if (is_gzip(value)) return decode_compressed(value, wraps);
  const bool is_object = announces_object(value);
  if (!is_object && value.starts_with("H4sI") && decode_base64(value, compressed) && is_gzip(compressed)) {
    return decode_compressed(compressed, wraps);
  }
  if (wraps == 0 || !is_object) {
    if (is_object || settings->format != Format::Auto) return decode_document(value, wraps);
    return emit_text(value, own_surroundings());
  }
  // Compressed members follow each other without anything between, so several documents may stand in one
  // text.
  const Surroundings around = own_surroundings();
  bool first = true;
  std::string_view rest = value;
  while (!(rest = skip_json_space(rest)).empty() && !full) {
    JsonExtent extent;
    const std::string_view document = rest.substr(0, extent.take(rest));
    rest.remove_prefix(document.size());
    // A lone document is the item that it came in.
    if (!first || !skip_json_space(rest).empty()) {
      if (first) open();
      meet(document, around);
    }
    first = false;
    if (items > kMaxRecordEvents) {
      full = true;
      return die(RejectReason::InflatedTooLarge, rest.size());
    }
    decode_document(document, wraps);
  }
}

void Decoder::State::decode_compressed(std::string_view gzip, int wraps) {
  if (wraps == kMaxWraps) return die(RejectReason::BadGzip);
  auto inflated = std::make_unique<std::string>();
  const InflateStatus status = inflater.inflate(gzip, kMaxInflatedBytes - inflated_bytes, *inflated);
  if (status == InflateStatus::Damaged) return die(RejectReason::BadGzip);
  if (status == InflateStatus::TooLarge) return die(RejectReason::InflatedTooLarge);
  inflated_bytes += inflated->size();
  const std::string_view value = *inflated;
  out->owned.push_back(std::move(inflated));
  stable = value;
  if (value.empty()) return skip(SkipReason::Empty);
  decode_value(value, wraps + 1);
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

void Decoder::State::decode_document(std::string_view document, int wraps) {
  if (!walk(document, fields->trie())) return;
  const Shape shape = fields->shape_of(view);
  const Format format = settings->format;
  const bool unwraps = format == Format::Auto || format == Format::Subscription;
  if (shape == Shape::Subscription && unwraps) return decode_subscription();
  if (shape == Shape::Lambda && unwraps) {
    const std::string_view data = fields->lambda_data(view);
    if (decode_base64(data, compressed) && is_gzip(compressed)) return decode_compressed(compressed, wraps);
    return die(RejectReason::BadGzip);
  }
  if (shape == Shape::Records && (format == Format::Auto || format == Format::CloudTrail))
    return decode_trail_file(document);
  switch (format) {
    case Format::Subscription:
      return die(RejectReason::NotJson);
    case Format::CloudTrail:
      return emit_object(document, Shape::CloudTrail, own_surroundings());
    case Format::EventBridge:
      return emit_object(document, Shape::BusEvent, own_surroundings());
    case Format::Json:
      return emit_object(document, Shape::Other, own_surroundings());
    case Format::Auto:
    case Format::Text:
      return emit_object(document, shape, own_surroundings());
  }
}

void Decoder::State::decode_subscription() {
  if (fields->is_control_message(view)) return skip(SkipReason::ControlMessage);
  Surroundings around = own_surroundings();
  around.enveloped = true;
  around.account = keep(fields->owner(view));
  if (const auto group = fields->log_group(view); !group.empty()) around.log_group = keep(group);
  if (const auto stream = fields->log_stream(view); !stream.empty()) around.log_stream = keep(stream);
  for_each_item(fields->log_events(view), around, [&](std::string_view element) {
    if (!walk(element, log_event_fields.trie())) return;
    const auto message = log_event_fields.message(view);
    if (!message) return die(RejectReason::NotJson);
    Surroundings own = around;
    own.time = log_event_fields.timestamp(view);
    item = {keep(*message), own};
    decode_message(item.value, own);
  });
}

// {"Records":[…]} in one record. Its first element says whether these are CloudTrail's.
void Decoder::State::decode_trail_file(std::string_view document) {
  const std::string_view records = fields->records(view);
  bool trail = true;
  if (settings->format == Format::Auto) {
    for_each_element(records, [&](std::string_view first) {
      trail = view.walk(first, fields->trie()) == JsonStatus::Object &&
              fields->shape_of(view) == Shape::CloudTrail;
      return false;
    });
  }
  if (!trail) {
    if (walk(document, fields->trie())) emit_object(document, Shape::Other, own_surroundings());
    return;
  }
  const Surroundings around = own_surroundings();
  for_each_item(records, around, [&](std::string_view element) {
    if (walk(element, fields->trie())) emit_object(element, Shape::CloudTrail, around);
  });
}

// An event out of a subscription envelope; `message` lives as long as the batch. The envelope says that it is
// a log event, so one that looks like an object and is none, a cut one for example, is a text.
void Decoder::State::decode_message(std::string_view message, const Surroundings& around) {
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
  Event event{.kind = shape == Shape::CloudTrail ? Kind::CloudTrail
                      : shape == Shape::BusEvent ? Kind::BusEvent
                                                 : Kind::Json,
              .enveloped = around.enveloped,
              .message = message,
              .account = account.empty() ? around.account : account,
              .region = keep(fields->region_of(view, shape)),
              .log_group = around.log_group,
              .log_stream = around.log_stream};
  std::optional<EventTime> time;
  if (settings->time.from == TimeRule::From::Default) {
    // An envelope's timestamp is better than a guess at which field of an unknown object is the time.
    const bool known = event.kind != Kind::Json;
    if (known || !around.time) time = fields->time_of(view, shape, settings->time.zone_offset);
  } else {
    time = ruled_time(message, true);
  }
  emit(event, time ? time : around.time);
}

void Decoder::State::emit_text(std::string_view message, const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return die(RejectReason::TooLarge);
  if (!simdjson::validate_utf8(message.data(), message.size())) return die(RejectReason::BadUtf8);
  std::optional<EventTime> time;
  if (settings->time.from != TimeRule::From::Default) {
    time = ruled_time(message, false);
  } else if (!around.time) {
    time = find_line_time(message, batch->read_at, settings->time.zone_offset);
  }
  emit(Event{.kind = Kind::Text,
             .enveloped = around.enveloped,
             .message = message,
             .account = around.account,
             .region = {},
             .log_group = around.log_group,
             .log_stream = around.log_stream},
       time ? time : around.time);
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

void Decoder::State::emit(Event event, std::optional<EventTime> time) {
  event.position = {.partition = batch->partition, .offset = record->offset, .index = items - 1};
  if (!settings->accounts.empty() && !settings->accounts.contains(std::string(event.account))) {
    out->rejects.add(RejectReason::AccountRefused);
    ++out->items.refused;
    return;
  }
  const auto arrival = if_on_the_calendar(record->timestamp);
  time = if_on_the_calendar(time);
  if (settings->time.from == TimeRule::From::Arrival) {
    event.time = arrival.value_or(as_event_time(batch->read_at));
  } else {
    event.time = time ? *time : arrival.value_or(kInheritTime);
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
