// Records to events: unwraps envelopes, finds the time, the account, the region, the log group and stream.
//
//   RawBatch --Decoder (one a worker)--> EventBatch
//
// Understood, and unwrapped in any order and nesting up to kMaxLayers: gzip and base64 of it, CloudTrail's
// {"Records":[…]} files, the CloudWatch Logs subscription envelope (also inside {"awslogs":{"data":…}}), SNS
// notifications, SQS and Kinesis records, Firehose's transformation events, S3 event notifications. Events:
// CloudTrail records, EventBridge events, S3 records, AWS Backup's vault notices, CloudWatch's alarm
// messages, Lambda's platform records, any other JSON objects, text lines. With `auto` the record itself
// tells:
//   * what starts like an object with members and is not JSON is rejected as not_json: a cut CloudTrail
//     record must be seen; anything else that is not an object is text, a JSON array too. Several objects may
//     follow each other;
//   * a log event of a subscription, SNS's message or SQS's may be JSON itself, and one that is broken JSON
//   is
//     text: the envelope says that it may be. Log events are not unwrapped once more;
//   * a {"Records":[…]} whose first element is none of the above is one JSON event.
// A pinned format takes its kind of object as such, however little of it is there, and rejects as not_json
// what is no object. Pinned to an envelope it rejects everything else; what is inside tells for itself.
// `cloudtrail`, `eventbridge`, `subscription` and `vpc_flow` (lines with the configured fields) may come in
// carriers, and hold inside of them. `json` and `text` unwrap nothing; all but `text` gunzip.
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
// kMaxRecordItems items, the rest of it is inflated_too_large: one dead item for each envelope around. A
// batch is bounded, too: it is decoded in pieces, each of kMaxPieceBytes of text or kMaxPieceEvents events
// and at most one record more; and once it had kMaxBatchItems or kMaxBatchLetters, which takes bombs, each
// record may have only kMaxSpentItems.
//
// A dead letter that is read again (RawRecord::envelope) is taken as the item that it was.
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
#include "engine/event/field_trie.h"
#include "engine/event/json_view.h"
#include "engine/event/record.h"
#include "engine/event/vpc_flow.h"

namespace tocsin::event {

enum class Format : std::uint8_t {
  Auto,
  CloudTrail,
  EventBridge,
  Subscription,
  Sns,
  Sqs,
  Kinesis,
  Firehose,
  S3,
  VpcFlow,
  Json,
  Text,
};

// `auto`, `cloudtrail`, `eventbridge`, `subscription`, `sns`, `sqs`, `kinesis`, `firehose`, `s3`, `vpc_flow`,
// `json`, `text`.
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);

// Whether records of the format may hold subscription envelopes, which bring log groups of their own.
[[nodiscard]] constexpr bool may_bring_log_groups(Format format) {
  switch (format) {
    case Format::S3:
    case Format::Json:
    case Format::Text:
      return false;
    default:
      return true;
  }
}

struct DecodeSettings {
  Format format = Format::Auto;
  VpcFlowFormat vpc_flow;  // of Format::VpcFlow
  std::string log_group;   // for records that do not bring their own
  std::string log_stream;  // likewise: a file's path, a Kafka partition
  std::unordered_set<std::string>
      accounts;             // allowed; empty: everybody. An event of no account is refused if not empty
  TimeRule time;            // where an event's time is
  bool age_limits = false;  // live: refuse more than kMaxAge back, kMaxAhead ahead of read_at
};

// Looks at events while the walk that found their fields is at hand.
class EventVisitor {
 public:
  virtual ~EventVisitor() = default;
  // `walked`: the event's message, walked for the fields that the decoder was told of; null where it was not.
  virtual void visit(const Event& event, const JsonView* walked) = 0;
};

class Decoder {
 public:
  // `wanted`: the fields in which visitors are interested. A JSON event is walked once, for them too.
  explicit Decoder(FieldTrie wanted = {});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // Clears `out` and fills it from the batch's records, beginning with number `from`; the first piece has the
  // batch's rejects and letters. Returns the number of the record at which the next piece begins: as many as
  // there are records at the end. `settings` must outlive the events: their log group may point into it.
  // `visitor` sees every event as it becomes the last of out.events.
  [[nodiscard]] std::size_t decode(RawBatch& batch, const DecodeSettings& settings, EventBatch& out,
                                   std::size_t from = 0, EventVisitor* visitor = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::event
