#include "engine/base/time.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "engine/base/text_bits.h"

namespace tocsin {
namespace {

struct Civil {
  std::int64_t year;
  unsigned month, day, hour, minute, second, millisecond;
};

std::optional<EventTime> to_time(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                                 unsigned second) {
  if (!is_valid_date(year, month, day) || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t seconds =
      days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second;
  return EventTime{Duration{seconds * 1000}};
}

// Whether its year is 1 to 9999: a zone or a leap second may take a time out of the year that was written.
bool is_of_four_digits(EventTime time) {
  constexpr EventTime kBegin{Duration{-62135596800000}};
  constexpr EventTime kEnd{Duration{253402300800000}};
  return time >= kBegin && time < kEnd;
}

// The inverse of days_from_civil, by Howard Hinnant's published algorithm over 400-year eras.
Civil civil_from(EventTime time) {
  const std::int64_t ms = time.time_since_epoch().count();
  const std::int64_t day_ms = 86'400'000;
  std::int64_t days = ms / day_ms;
  std::int64_t rest = ms % day_ms;
  if (rest < 0) {
    rest += day_ms;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const auto day = static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1);
  const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return {year,
          month,
          day,
          static_cast<unsigned>(rest / 3'600'000),
          static_cast<unsigned>(rest / 60'000 % 60),
          static_cast<unsigned>(rest / 1000 % 60),
          static_cast<unsigned>(rest % 1000)};
}

// Reads exactly `count` digits at `at`.
bool digits(std::string_view text, std::size_t at, std::size_t count, unsigned& value) {
  if (at + count > text.size()) return false;
  value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return true;
}

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// The same of two digits at a place that is in the text.
bool two_digits(std::string_view text, std::size_t at, unsigned& value) {
  const unsigned tens = static_cast<unsigned char>(text[at]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(text[at + 1]) - unsigned{'0'};
  value = tens * 10 + ones;
  return tens <= 9 && ones <= 9;
}

// A zone at `at`: on success moves `at` behind it and gives the offset in minutes. No zone is UTC.
bool zone(std::string_view text, std::size_t& at, int& minutes) {
  minutes = 0;
  if (at >= text.size()) return true;
  const char c = text[at];
  if (c == 'Z' || c == 'z') {
    ++at;
    return true;
  }
  if (c != '+' && c != '-') return true;
  unsigned hour = 0;
  unsigned minute = 0;
  if (!digits(text, at + 1, 2, hour)) return true;  // a '-' that belongs to what follows
  std::size_t end = at + 3;
  if (end < text.size() && text[end] == ':' && digits(text, end + 1, 2, minute)) {
    end += 3;
  } else if (digits(text, end, 2, minute)) {
    end += 2;
  } else {
    minute = 0;
  }
  if (hour > 23 || minute > 59) return false;
  minutes = static_cast<int>(hour * 60 + minute) * (c == '-' ? -1 : 1);
  at = end;
  return true;
}

// Eight characters of a time; in the pattern 0 stands for any digit.
struct Layout {
  explicit constexpr Layout(std::string_view pattern) {
    for (std::size_t i = 0; i < 8; ++i) {
      const std::uint64_t c = static_cast<unsigned char>(pattern[i]);
      characters |= c << 8 * i;
      if (c != '0') separators |= std::uint64_t{0xFF} << 8 * i;
    }
  }
  std::uint64_t characters = 0;
  std::uint64_t separators = 0;
};

// Reads them at once. Byte i of the answer is the number of the two digits from i on.
std::optional<std::uint64_t> digit_pairs(const char* text, const Layout& layout) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t digits = word_at(text) ^ layout.characters;
  const bool fits = ((digits | (digits + 6 * kOnes)) & (0xF0 * kOnes)) == 0;  // each is at most 9
  if (!fits || (digits & layout.separators) != 0) return std::nullopt;
  return digits * 10 + (digits >> 8);
}

// "2026-11-28T09:30:00Z" at the start of `text`, as most logs have it.
std::optional<EventTime> parse_plain_utc(std::string_view text) {
  constexpr Layout kDate("0000-00-");
  constexpr Layout kDayAndHour("00T00:00");
  constexpr Layout kMinuteAndSecond("0:00:00Z");
  if (text.size() < 20) return std::nullopt;
  const auto date = digit_pairs(text.data(), kDate);
  const auto hour = digit_pairs(text.data() + 8, kDayAndHour);
  const auto second = digit_pairs(text.data() + 12, kMinuteAndSecond);
  if (!date || !hour || !second) return std::nullopt;
  const auto pair = [](std::uint64_t pairs, unsigned i) {
    return static_cast<unsigned>(pairs >> 8 * i & 0xFF);
  };
  return to_time(pair(*date, 0) * 100 + pair(*date, 2), pair(*date, 5), pair(*hour, 0), pair(*hour, 3),
                 pair(*hour, 6), pair(*second, 5));
}

}  // namespace

WallTime wall_now() {
  return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t yoe = year - era * 400;
  const std::int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

bool is_valid_date(std::int64_t year, unsigned month, unsigned day) {
  static constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  if (day <= 28) return true;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= (month == 2 && leap ? 29U : kDays[month - 1]);
}

std::string format_rfc3339(EventTime time) {
  const Civil c = civil_from(time);
  if (c.millisecond == 0) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute,
                       c.second);
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour, c.minute,
                     c.second, c.millisecond);
}

std::string format_cloudwatch(EventTime time) {
  const Civil c = civil_from(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.millisecond);
}

std::optional<EventTime> parse_rfc3339_prefix(std::string_view text, std::size_t& used) {
  if (const auto time = parse_plain_utc(text); time && is_of_four_digits(*time)) {
    used = 20;
    return time;
  }
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (text.size() < 16 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':') {
    return std::nullopt;
  }
  unsigned century = 0;
  if (!two_digits(text, 0, century) || !two_digits(text, 2, year) || !two_digits(text, 5, month) ||
      !two_digits(text, 8, day) || !two_digits(text, 11, hour) || !two_digits(text, 14, minute)) {
    return std::nullopt;
  }
  year += century * 100;
  std::size_t at = 16;
  unsigned millisecond = 0;
  if (at < text.size() && text[at] == ':') {
    if (!digits(text, at + 1, 2, second)) return std::nullopt;
    at += 3;
    if (at + 1 < text.size() && (text[at] == '.' || text[at] == ',') && is_digit(text, at + 1)) {
      ++at;
      unsigned scale = 100;
      for (; is_digit(text, at); ++at) {
        millisecond += static_cast<unsigned>(text[at] - '0') * scale;
        scale /= 10;
      }
    }
  }
  if (is_digit(text, at)) return std::nullopt;
  const auto time = to_time(year, month, day, hour, minute, second);
  int offset_minutes = 0;
  if (!time || !zone(text, at, offset_minutes)) return std::nullopt;
  used = at;
  const EventTime utc = *time + Duration{millisecond} - std::chrono::minutes(offset_minutes);
  return is_of_four_digits(utc) ? std::optional(utc) : std::nullopt;
}

std::optional<EventTime> parse_rfc3339(std::string_view text) {
  std::size_t used = 0;
  const auto time = parse_rfc3339_prefix(text, used);
  return time && used == text.size() ? time : std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr std::int64_t kLimit = std::int64_t{366} * 100 * 86'400'000;  // a hundred years
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t value = 0;
    const std::size_t start = at;
    for (; is_digit(text, at); ++at) {
      value = value * 10 + (text[at] - '0');
      if (value > kLimit) return std::nullopt;
    }
    if (at == start) return std::nullopt;
    const std::size_t unit_start = at;
    while (at < text.size() && !is_digit(text, at)) ++at;
    const std::string_view unit = text.substr(unit_start, at - unit_start);
    std::int64_t scale = 0;
    if (unit == "ms") scale = 1;
    if (unit == "s") scale = 1000;
    if (unit == "m") scale = 60'000;
    if (unit == "h") scale = 3'600'000;
    if (unit == "d") scale = 86'400'000;
    if (unit == "w") scale = 7 * std::int64_t{86'400'000};
    if (scale == 0 || value > kLimit / scale) return std::nullopt;
    total += value * scale;
    if (total > kLimit) return std::nullopt;
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text = rest < 0 ? "-" : "";
  rest = rest < 0 ? -rest : rest;
  const auto part = [&](std::int64_t size, std::string_view unit) {
    if (rest >= size) text += fmt::format("{}{}", rest / size, unit);
    rest %= size;
  };
  part(86'400'000, "d");
  part(3'600'000, "h");
  part(60'000, "m");
  part(1000, "s");
  part(1, "ms");
  return text;
}

}  // namespace tocsin
