// Why an input did not count: each rejected record, event or contribution has exactly one of these reasons.
//
// The names are those of the summary, the telemetry and the docs. A reject never stops the stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin::event {

enum class RejectReason : std::uint8_t {
  NotJson,           // announced as JSON (by its format, or by starting as an object does) and is not
  BadUtf8,           // not UTF-8
  TooLarge,          // a log event over kMaxEventBytes
  TooDeep,           // JSON nested deeper than kMaxDepth, envelopes deeper than kMaxLayers
  BadGzip,           // compressed data that is damaged or ends too early
  InflatedTooLarge,  // a record that inflates beyond kMaxInflatedBytes or holds more than kMaxRecordItems
  NoTime,            // nothing says when it happened
  TooOld,            // more than two weeks before now (live sources only)
  TooNew,            // more than two hours after now (live sources only)
  Late,              // its bucket is no longer seen by any alarm
  AccountRefused,    // not in the source's `accounts: allow`
  ValueMissing,      // matched, but the metric's value field is not there
  ValueNotNumeric,   // matched, but the value is not a finite number
  DimensionMissing,  // matched, but a dimension's field is not there or blank
  Overflow,          // the metric already has its maximum of series
  BadFields,         // a line that has other fields than the source's `vpc_flow` format
  BadBase64,         // what a carrier has as base64 and is none
};

inline constexpr std::size_t kRejectReasons = 17;
inline constexpr std::array<std::string_view, kRejectReasons> kRejectNames{
    "not_json",           "bad_utf8",      "too_large",         "too_deep",          "bad_gzip",
    "inflated_too_large", "no_time",       "too_old",           "too_new",           "late",
    "account_refused",    "value_missing", "value_not_numeric", "dimension_missing", "overflow",
    "bad_fields",         "bad_base64"};

[[nodiscard]] constexpr std::string_view to_string(RejectReason reason) {
  return kRejectNames[static_cast<std::size_t>(reason)];
}

// One counter for each reason.
struct RejectCounts {
  std::array<std::uint64_t, kRejectReasons> counts{};

  void add(RejectReason reason, std::uint64_t count = 1) { counts[static_cast<std::size_t>(reason)] += count; }
  void merge(const RejectCounts& other) {
    for (std::size_t i = 0; i < kRejectReasons; ++i) counts[i] += other.counts[i];
  }
  [[nodiscard]] std::uint64_t operator[](RejectReason reason) const { return counts[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts) sum += count;
    return sum;
  }
};

// What was read and is no log event, nor meant to be one. Counted, and passed over.
enum class SkipReason : std::uint8_t {
  Empty,           // a record without a value (a tombstone), an empty line
  ControlMessage,  // CloudWatch Logs asks whether its destination is there; SNS wants a subscription
                   // confirmed
  TestEvent,       // S3 says that notifications are set up
  Header,          // the field names at the start of a flow log's file
};

inline constexpr std::size_t kSkipReasons = 4;
inline constexpr std::array<std::string_view, kSkipReasons> kSkipNames{"empty", "control_message",
                                                                       "test_event", "header"};

[[nodiscard]] constexpr std::string_view to_string(SkipReason reason) {
  return kSkipNames[static_cast<std::size_t>(reason)];
}

// The ledger of decoding. An item is a record, or one of the log events that an envelope holds. Items are counted where they
// are read and again where they end, so that the sum is a proof: read = decoded + skipped + refused + dead.
struct ItemCounts {
  std::uint64_t read = 0;
  std::uint64_t decoded = 0;  // became an event
  std::array<std::uint64_t, kSkipReasons> skipped{};
  std::uint64_t refused = 0;  // account_refused: policy, not damage
  std::uint64_t dead = 0;     // rejected for another reason: one dead letter each

  [[nodiscard]] std::uint64_t skipped_total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : skipped) sum += count;
    return sum;
  }
  void merge(const ItemCounts& other) {
    read += other.read;
    decoded += other.decoded;
    for (std::size_t i = 0; i < kSkipReasons; ++i) skipped[i] += other.skipped[i];
    refused += other.refused;
    dead += other.dead;
  }
};

inline constexpr std::size_t kMaxEventBytes = std::size_t{1} << 20;      // CloudWatch Logs' limit of one log event
inline constexpr std::size_t kMaxInflatedBytes = std::size_t{64} << 20;  // of one record, all its layers together
// Of one record. CloudWatch Logs takes 10,000 events in one PutLogEvents, so no honest envelope comes near; without a limit
// some kilobytes of compressed `{}` would become gigabytes of events.
inline constexpr std::uint32_t kMaxRecordItems = 100'000;
// Of one batch, which is some hundred kilobytes of records; beyond, a record may have kMaxSpentItems.
inline constexpr std::uint64_t kMaxBatchItems = 1'000'000;
inline constexpr std::size_t kMaxBatchLetters = 100'000;
inline constexpr std::uint32_t kMaxSpentItems = 16;
// Of one piece of a batch, before the last record of the piece.
inline constexpr std::size_t kMaxPieceBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxPieceEvents = 100'000;
inline constexpr int kMaxLayers = 8;  // envelopes and compression around each other
inline constexpr std::size_t kMaxDepth = 256;                            // arrays and objects counted

}  // namespace tocsin::event
