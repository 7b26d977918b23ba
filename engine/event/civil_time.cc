#include "engine/event/civil_time.h"

#include <array>
#include <span>

namespace tocsin::event {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};

bool is_letter(std::string_view text, std::size_t at) {
  return at < text.size() && ((text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z'));
}

// Whether the letters of `name`, which is lower case, stand at `at`.
bool stands_at(std::string_view text, std::size_t at, std::string_view name) {
  if (text.size() - at < name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (static_cast<char>(text[at + i] | 0x20) != name[i]) return false;
  }
  return true;
}

// A name in full or its first three letters, and no letter behind it: its place in `names`.
std::optional<std::uint32_t> read_name(std::string_view text, std::size_t& at,
                                       std::span<const std::string_view> names) {
  if (!is_letter(text, at)) return std::nullopt;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (!stands_at(text, at, names[i].substr(0, 3))) continue;
    const std::size_t size = stands_at(text, at, names[i]) ? names[i].size() : 3;
    if (is_letter(text, at + size)) return std::nullopt;
    at += size;
    return i;
  }
  return std::nullopt;
}

std::int64_t year_of(WallTime time) {
  const std::int64_t days = std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
  std::int64_t year = 1970 + days * 400 / 146097;
  while (days_from_civil(year + 1, 1, 1) <= days) ++year;
  while (days_from_civil(year, 1, 1) > days) --year;
  return year;
}

}  // namespace

bool read_character(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

bool read_number(std::string_view text, std::size_t& at, std::size_t least, std::size_t most,
                 std::uint32_t& value) {
  std::size_t end = at;
  std::uint32_t number = 0;
  for (; end - at < most && is_digit(text, end); ++end)
    number = number * 10 + static_cast<std::uint32_t>(text[end] - '0');
  if (end - at < least) return false;
  value = number;
  at = end;
  return true;
}

bool read_fraction(std::string_view text, std::size_t& at, std::uint32_t& millisecond) {
  if (!is_digit(text, at)) return false;
  millisecond = 0;
  for (std::uint32_t scale = 100; is_digit(text, at); ++at, scale /= 10) {
    millisecond += static_cast<std::uint32_t>(text[at] - '0') * scale;
  }
  return true;
}

bool read_month(std::string_view text, std::size_t& at, std::uint32_t& month) {
  const auto index = read_name(text, at, kMonths);
  if (!index) return false;
  month = *index + 1;
  return true;
}

bool read_weekday(std::string_view text, std::size_t& at) {
  return read_name(text, at, kWeekdays).has_value();
}

bool read_half_day(std::string_view text, std::size_t& at, bool& afternoon) {
  if (at > text.size() || (!stands_at(text, at, "am") && !stands_at(text, at, "pm")) ||
      is_letter(text, at + 2))
    return false;
  afternoon = stands_at(text, at, "pm");
  at += 2;
  return true;
}

bool read_clock(std::string_view text, std::size_t& at, CivilTime& civil) {
  std::size_t end = at;
  if (!read_number(text, end, 1, 2, civil.hour) || !read_character(text, end, ':') ||
      !read_number(text, end, 2, 2, civil.minute) || !read_character(text, end, ':') ||
      !read_number(text, end, 2, 2, civil.second) || is_digit(text, end)) {
    return false;
  }
  civil.millisecond = 0;
  std::size_t fraction = end + 1;
  if (end < text.size() && (text[end] == '.' || text[end] == ',') &&
      read_fraction(text, fraction, civil.millisecond)) {
    end = fraction;
  }
  at = end;
  return true;
}

bool read_zone(std::string_view text, std::size_t& at, Duration& offset) {
  for (const std::string_view name : {"UTC", "GMT", "Z", "z"}) {
    if (!text.substr(at).starts_with(name) || is_letter(text, at + name.size())) continue;
    at += name.size();
    offset = Duration{0};
    return true;
  }
  std::size_t end = at;
  const bool west = read_character(text, end, '-');
  if (!west && !read_character(text, end, '+')) return false;
  std::uint32_t hours = 0;
  std::uint32_t minutes = 0;
  if (!read_number(text, end, 2, 2, hours)) return false;
  std::size_t minutes_at = end;
  read_character(text, minutes_at, ':');
  if (read_number(text, minutes_at, 2, 2, minutes)) end = minutes_at;
  if (hours > 23 || minutes > 59 || is_digit(text, end)) return false;
  at = end;
  offset = std::chrono::minutes{hours * 60 + minutes};
  if (west) offset = -offset;
  return true;
}

std::optional<EventTime> to_event_time(const CivilTime& civil, Duration zone_offset) {
  if (!is_valid_date(civil.year, civil.month, civil.day) || civil.hour > 23 || civil.minute > 59 ||
      civil.second > 60) {
    return std::nullopt;
  }
  const std::int64_t seconds = days_from_civil(civil.year, civil.month, civil.day) * 86'400 +
                               civil.hour * 3600 + civil.minute * 60 + civil.second;
  const EventTime time = EventTime{Duration{seconds * 1000 + civil.millisecond}} - zone_offset;
  return time >= kEarliestTime && time <= kLatestTime ? std::optional(time) : std::nullopt;
}

std::optional<EventTime> in_newest_year(CivilTime civil, WallTime limit, Duration zone_offset) {
  // One year ahead, because the local year may be; eight years back, because 29 February may be that rare.
  const std::int64_t newest = year_of(limit) + 1;
  for (std::int64_t year = newest; year >= newest - 9 && year >= 1; --year) {
    civil.year = static_cast<std::uint32_t>(year);
    const auto time = to_event_time(civil, zone_offset);
    if (time && *time <= as_event_time(limit)) return time;
  }
  return std::nullopt;
}

}  // namespace tocsin::event
