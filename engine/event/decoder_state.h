// Where a Decoder stands: what lasts from batch to batch, and the batch, record and document at hand.
//
//   decode.cc           records, and the layers that compression, base64 and strings are
//   decode_carriers.cc  objects, and what is in those that are envelopes
//   decode_events.cc    what is no envelope becomes an event with its time
//
// Private to these; decode.h says what a decoder does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/decode.h"
#include "engine/event/envelope.h"
#include "engine/event/inflate.h"
#include "engine/event/item_ledger.h"
#include "engine/event/json_view.h"
#include "engine/event/owned_texts.h"
#include "engine/event/surroundings.h"
#include "engine/event/vpc_flow.h"

namespace tocsin::event {

// Whether a text announces a JSON object: `{"`, `{}` or the same with white space between.
[[nodiscard]] inline bool announces_object(std::string_view text) {
  const std::string_view start = skip_json_space(text);
  if (!start.starts_with('{')) return false;
  const std::string_view inside = skip_json_space(start.substr(1));
  return inside.starts_with('"') || inside.starts_with('}');
}

struct Decoder::State {
  FieldTrie wanted;
  JsonView view;
  Inflater inflater;
  LogEventFields log_event_fields;
  std::string compressed;  // what base64 stood for
  VpcFlowLine flow_line;

  // The fields to look for; one set for each `time: {field: …}` met.
  struct Fields {
    std::optional<Selector> time_field;
    EnvelopeFields event;  // with those that are wanted
    EnvelopeFields
        envelope;  // of what is too large for an event: a wanted array could have millions of nodes
  };
  std::vector<std::unique_ptr<Fields>> field_sets;
  const Fields& fields_for(const TimeRule& rule);

  const RawBatch* batch = nullptr;
  const DecodeSettings* settings = nullptr;
  const EventBatch* out = nullptr;
  EventVisitor* visitor = nullptr;
  const Fields* field_set = nullptr;       // of the settings
  const EnvelopeFields* fields = nullptr;  // of what look_at() walked last
  const RawRecord* record = nullptr;
  ItemLedger items;
  OwnedTexts texts;

  // All of these decode or kill the item met last, or open it and do so with what it holds.
  void decode_record(const RawRecord& raw);
  void decode_part(std::string_view value, const Surroundings& around, Part part);
  void decode_value(std::string_view value, const Surroundings& around);
  void decode_layer(std::string_view value, const Surroundings& around);
  void decode_compressed(std::string_view gzip, const Surroundings& around);
  void decode_base64_data(std::string_view data, const Surroundings& inner);
  void decode_text_field(std::optional<std::string_view> text, const Surroundings& inner);
  bool decode_documents(std::string_view documents, const Surroundings& around);
  void decode_document(std::string_view document, const Surroundings& around);
  JsonStatus look_at(std::string_view text);   // walks it
  bool walk(std::string_view text);            // the same; what is no object dies
  bool walk_log_event(std::string_view text);  // likewise, for an element of `logEvents`

  void decode_object(std::string_view document, const Surroundings& around);
  void decode_subscription(const Surroundings& outer);
  void decode_log_event(std::string_view element, const Surroundings& around);
  void decode_message(std::string_view message, const Surroundings& around);
  enum class Elements : std::uint8_t { CloudTrail, Documents, Unknown };  // Documents tell for themselves
  Elements elements_of(std::string_view records, std::string_view document, Format format);
  void decode_records(std::string_view document, const Surroundings& around);
  void decode_cloudtrail_record(std::string_view element, const Surroundings& around);
  void decode_firehose(std::string_view document, const Surroundings& around);
  void decode_firehose_record(std::string_view element, const Surroundings& around);
  void decode_notification(const Surroundings& around);

  void decode_flow_lines(std::string_view lines, const Surroundings& around);
  void emit_object(std::string_view message, Shape shape, const Surroundings& around);
  void emit_object(std::string_view message, Kind kind, Shape shape, const Surroundings& around);
  void emit_text(std::string_view message, const Surroundings& around);
  void emit_flow_line(std::string_view line, const Surroundings& around);
  // `walked`: the message was walked last.
  void emit(Event event, std::optional<EventTime> time, const Surroundings& around, bool walked);
  std::optional<EventTime> ruled_time(std::string_view message, bool walked) const;
};

}  // namespace tocsin::event
