// Records to events: unwraps envelopes, finds the time, the account, the region, the log group and stream.
//
//   RawBatch --Decoder (one a worker)--> EventBatch
//
// Understood: CloudTrail records (single, or a file's {"Records":[…]}), EventBridge events, the CloudWatch
// Logs subscription envelope (plain, gzip, base64 of gzip, or inside {"awslogs":{"data":…}}), JSON objects,
// text lines. With `auto` the record itself tells:
//   * what starts like an object with members and is not JSON is rejected as not_json: a cut CloudTrail
//     record must be seen; anything else that is not an object is text, a JSON array too;
//   * an envelope's events may be JSON themselves; they are looked at the same way, but not unwrapped once
//     more, and one that is broken JSON is text: the envelope says that it is a log event;
//   * a {"Records":[…]} that does not hold CloudTrail records is one JSON event.
// A pinned format takes its kind of object as such, however little of it is there, and rejects as not_json
// what is no object
// (`subscription`: no envelope). `json` and `text` unwrap nothing; all but `text` gunzip.
//
// The envelope's own log group and stream win over the settings'. Events over kMaxEventBytes are too_large
// one by one, whatever the size of their envelope.
//
// Everything is accounted for in EventBatch::items. An item is a record, or what an envelope holds in its
// place: an envelope of three log events is three items. It is decoded; or skipped (an empty record or
// envelope, a control message); or refused (the account's policy); or dead, with a letter that keeps its
// bytes.
//
// A record is bounded however it was compressed: beyond kMaxInflatedBytes of text in all its layers, or
// kMaxRecordEvents events, the rest of it is inflated_too_large.
//
// Pure: the clock for age limits is RawBatch::read_at. A decoder is used by one thread; settings are shared
// and immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/event/event.h"
#include "engine/event/event_time.h"
#include "engine/event/record.h"

namespace tocsin::event {

enum class Format : std::uint8_t { Auto, CloudTrail, EventBridge, Subscription, Json, Text };

// `auto`, `cloudtrail`, `eventbridge`, `subscription`, `json`, `text`.
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);

struct DecodeSettings {
  Format format = Format::Auto;
  std::string log_group;   // for records that do not bring their own
  std::string log_stream;  // likewise: a file's path, a Kafka partition
  std::unordered_set<std::string>
      accounts;             // allowed; empty: everybody. An event of no account is refused if not empty
  TimeRule time;            // where an event's time is
  bool age_limits = false;  // live: refuse more than kMaxAge back, kMaxAhead ahead of read_at
};

class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // Clears `out` and fills it from `batch`; takes over the batch's bytes, rejects and letters. `settings`
  // must outlive the events: their log group may point into it.
  void decode(RawBatch& batch, const DecodeSettings& settings, EventBatch& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::event
