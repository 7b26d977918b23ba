// The parts that written times are made of: read one by one from a text, then put together.
//
// The readers share a form: they read at `at`, move it behind what they read and say true, or leave it and
// say false. English names only, whatever the locale; pure, without allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/time.h"

namespace tocsin::event {

// What a calendar and a clock on a wall show.
struct CivilTime {
  std::uint32_t year = 1970;
  std::uint32_t month = 1;
  std::uint32_t day = 1;
  std::uint32_t hour = 0;
  std::uint32_t minute = 0;
  std::uint32_t second = 0;  // 60: a leap second
  std::uint32_t millisecond = 0;
};

[[nodiscard]] constexpr bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool read_character(std::string_view text, std::size_t& at, char wanted);

// `least` to `most` digits.
bool read_number(std::string_view text, std::size_t& at, std::size_t least, std::size_t most,
                 std::uint32_t& value);

// Digits after a decimal point, as milliseconds; those beyond the third are cut off.
bool read_fraction(std::string_view text, std::size_t& at, std::uint32_t& millisecond);

// "Oct" or "October", "Sun" or "Sunday", "AM" or "pm".
bool read_month(std::string_view text, std::size_t& at, std::uint32_t& month);
bool read_weekday(std::string_view text, std::size_t& at);
bool read_half_day(std::string_view text, std::size_t& at, bool& afternoon);

// "13:55:36", "9:39:07", "13:55:36.123", "13:55:36,123".
bool read_clock(std::string_view text, std::size_t& at, CivilTime& civil);

// "Z", "UTC", "GMT", "+02:00", "-0530", "+02": local minus UTC.
bool read_zone(std::string_view text, std::size_t& at, Duration& offset);

// Nothing for what is on no calendar or clock.
[[nodiscard]] std::optional<EventTime> to_event_time(const CivilTime& civil, Duration zone_offset);

// The same in the newest year that makes it a date and does not put it after `limit`; its own year does not
// count.
[[nodiscard]] std::optional<EventTime> in_newest_year(CivilTime civil, WallTime limit, Duration zone_offset);

}  // namespace tocsin::event
