#include "engine/base/wire.h"

#include <bit>
#include <cmath>

namespace tocsin {
namespace {

// A double as one number: integers below 2^52 doubled, everything else 1 and then its eight bytes.
constexpr double kLargestSmall = 4503599627370496.0;
constexpr std::uint64_t kRealFollows = 1;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

bool is_small_integer(double value) {
  return std::abs(value) < kLargestSmall && value == std::trunc(value) &&
         !(value == 0 && std::signbit(value));
}

void put_fixed(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t get_fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

}  // namespace

void WireWriter::number(std::uint64_t value) {
  while (value >= 0x80) {
    byte(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  byte(static_cast<std::uint8_t>(value));
}

void WireWriter::signed_number(std::int64_t value) { number(zigzag(value)); }

void WireWriter::real(double value) {
  if (is_small_integer(value)) return number(zigzag(static_cast<std::int64_t>(value)) << 1);
  number(kRealFollows);
  put_fixed(out_, std::bit_cast<std::uint64_t>(value));
}

void WireWriter::text(std::string_view value) {
  number(value.size());
  out_.append(value);
}

void WireWriter::hash(const Hash128& value) {
  put_fixed(out_, value.high);
  put_fixed(out_, value.low);
}

// The distance wraps where it does not fit, and so does its addition: any two moments go and come back.
void WireWriter::time_near(EventTime value, EventTime base) {
  signed_number(static_cast<std::int64_t>(static_cast<std::uint64_t>(value.time_since_epoch().count()) -
                                          static_cast<std::uint64_t>(base.time_since_epoch().count())));
}

EventTime WireReader::time_near(EventTime base) {
  return EventTime{
      Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(base.time_since_epoch().count()) +
                                         static_cast<std::uint64_t>(signed_number()))}};
}

std::string_view WireReader::take(std::size_t size) {
  if (size > rest_.size()) {
    fail();
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint8_t WireReader::byte() {
  const std::string_view taken = take(1);
  return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
}

bool WireReader::flag() {
  const std::uint8_t value = byte();
  if (value > 1) fail();
  return value == 1;
}

std::uint64_t WireReader::number() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    if (shift == 63 && next > 1) break;
    value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
    if (next < 0x80) return value;
  }
  fail();
  return 0;
}

std::int64_t WireReader::signed_number() { return unzigzag(number()); }

double WireReader::real() {
  const std::uint64_t first = number();
  if (first == kRealFollows) return std::bit_cast<double>(get_fixed(take(8)));
  if ((first & 1) != 0) fail();
  return static_cast<double>(unzigzag(first >> 1));
}

std::string_view WireReader::text() { return take(number()); }

Hash128 WireReader::hash() {
  const std::string_view high = take(8);
  const std::string_view low = take(8);
  return {get_fixed(high), get_fixed(low)};
}

std::size_t WireReader::count() {
  const std::uint64_t value = number();
  if (value <= rest_.size()) return value;
  fail();
  return 0;
}

std::uint32_t WireReader::below(std::size_t limit) {
  const std::uint64_t value = number();
  if (value < limit) return static_cast<std::uint32_t>(value);
  fail();
  return 0;
}

}  // namespace tocsin
