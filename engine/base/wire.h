// The bytes of records and snapshots: numbers in few bytes, texts with their length.
//
// Small numbers take one byte (LEB128; signed ones zigzag), and so do doubles that are small integers, which
// is what counts and sums mostly are; other doubles take nine. Reading is safe for any bytes: what is cut or
// too large makes the reader fail, from then on it gives zeros, and its owner asks failed() once at the end.
// Counts of elements are checked against the bytes that are left, so that none can make anybody allocate.
//
// Plain values, used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/base/time.h"

namespace tocsin {

class WireWriter {
 public:
  // Appends to `out`, which outlives the writer.
  explicit WireWriter(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void flag(bool value) { byte(value ? 1 : 0); }
  void number(std::uint64_t value);
  void signed_number(std::int64_t value);
  void real(double value);
  void text(std::string_view value);
  void hash(const Hash128& value);
  void time(EventTime value) { signed_number(value.time_since_epoch().count()); }
  void duration(Duration value) { signed_number(value.count()); }
  // A moment near `base`, in few bytes.
  void time_near(EventTime value, EventTime base);

 private:
  std::string& out_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte();
  bool flag();
  std::uint64_t number();
  std::int64_t signed_number();
  double real();
  std::string_view text();
  Hash128 hash();
  EventTime time() { return EventTime{Duration{signed_number()}}; }
  Duration duration() { return Duration{signed_number()}; }
  EventTime time_near(EventTime base);

  // How many elements follow, each of at least one byte.
  std::size_t count();
  // A number below `limit`; anything else makes the reader fail.
  std::uint32_t below(std::size_t limit);

  void fail() {
    failed_ = true;
    rest_ = {};
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  [[nodiscard]] std::string_view take(std::size_t size);

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace tocsin
