#include "engine/event/event_time.h"

#include <algorithm>
#include <array>

#include "engine/base/number.h"
#include "engine/event/civil_time.h"

namespace tocsin::event {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// What may stand behind a number or a year without making it part of a word.
bool is_boundary(std::string_view text, std::size_t at) {
  constexpr std::string_view kBoundaries = " \t,;:|])\"";
  return at >= text.size() || kBoundaries.find(text[at]) != std::string_view::npos;
}

bool in_range(EventTime time) { return time >= kEarliestTime && time <= kLatestTime; }

std::optional<EventTime> if_in_range(EventTime time) {
  return in_range(time) ? std::optional(time) : std::nullopt;
}

// RFC 3339 and its looser relatives at the start of `text`; `used` is its length.
std::optional<EventTime> iso_time(std::string_view text, Duration zone_offset, std::size_t& used) {
  if (text.size() < 16 || !is_digit(text, 0)) return std::nullopt;
  std::array<char, 48> copy;
  const bool slashes = text[4] == '/' && text[7] == '/';
  if (slashes || text[10] == '\t') {
    const std::size_t size = std::min(text.size(), copy.size());
    std::copy_n(text.begin(), size, copy.begin());
    if (slashes) copy[4] = copy[7] = '-';
    if (copy[10] == '\t') copy[10] = ' ';
    text = std::string_view(copy.data(), size);
  }
  const auto time = parse_rfc3339_prefix(text, used);
  if (!time) return std::nullopt;
  if (text[used - 1] == 'Z' || text.find_first_of("Zz+-", 16) < used) return time;  // it carries its zone
  Duration offset = zone_offset;
  if (used + 1 < text.size() && text[used] == ' ' && (text[used + 1] == '+' || text[used + 1] == '-')) {
    std::size_t end = used + 1;
    Duration written{0};
    if (read_zone(text, end, written) && end >= used + 6 && is_boundary(text, end)) {
      offset = written;
      used = end;
    }
  }
  return *time - offset;
}

// "10/Oct/2000:13:55:36 -0700" at the start of `text`.
std::optional<EventTime> common_log_time(std::string_view text, Duration zone_offset, std::size_t& used) {
  CivilTime civil;
  std::size_t at = 0;
  if (!read_number(text, at, 2, 2, civil.day) || !read_character(text, at, '/') ||
      !read_month(text, at, civil.month) || !read_character(text, at, '/') ||
      !read_number(text, at, 4, 4, civil.year) || !read_character(text, at, ':') ||
      !read_clock(text, at, civil)) {
    return std::nullopt;
  }
  Duration offset = zone_offset;
  std::size_t zone_at = at;
  if (read_character(text, zone_at, ' ') && read_zone(text, zone_at, offset)) at = zone_at;
  used = at;
  return to_event_time(civil, offset);
}

// "UTC", "+0200" or the letters of another zone, which say nothing that can be relied on ("IST" is three
// zones): `offset` stays what it was.
bool read_zone_word(std::string_view text, std::size_t& at, Duration& offset) {
  constexpr std::size_t kLeastLetters = 3;
  constexpr std::size_t kMostLetters = 5;
  if (read_zone(text, at, offset)) return true;
  std::size_t end = at;
  while (end < text.size() && text[end] >= 'A' && text[end] <= 'Z') ++end;
  if (end - at < kLeastLetters || end - at > kMostLetters) return false;
  at = end;
  return true;
}

// "Dec 10 06:55:46", "Dec 10 2026 06:55:46", "Sun Dec 04 04:47:44 2005" and, as date(1) writes it,
// "Sun Dec 04 04:47:44 UTC 2005" at the start of `text`.
std::optional<EventTime> named_month_time(std::string_view text, WallTime now, Duration zone_offset) {
  CivilTime civil;
  std::size_t at = 0;
  bool weekday = read_weekday(text, at);
  read_character(text, at, ',');
  weekday = weekday && read_character(text, at, ' ');
  if (!weekday) at = 0;
  if (!read_month(text, at, civil.month) || !read_character(text, at, ' ')) return std::nullopt;
  read_character(text, at, ' ');
  if (!read_number(text, at, 1, 2, civil.day) || !read_character(text, at, ' ')) return std::nullopt;
  std::size_t year_at = at;
  bool has_year = read_number(text, year_at, 4, 4, civil.year) && read_character(text, year_at, ' ');
  if (has_year) at = year_at;
  if (!read_clock(text, at, civil)) return std::nullopt;
  if (weekday && !has_year) {
    year_at = at;
    Duration written = zone_offset;
    std::size_t zone_at = at;
    if (read_character(text, zone_at, ' ') && read_zone_word(text, zone_at, written)) year_at = zone_at;
    has_year = read_character(text, year_at, ' ') && read_number(text, year_at, 4, 4, civil.year) &&
               is_boundary(text, year_at);
    if (has_year) zone_offset = written;
  }
  return has_year ? to_event_time(civil, zone_offset) : in_newest_year(civil, now + kMaxAhead, zone_offset);
}

// "Jul 15, 2030 9:39:07 PM", the whole text.
std::optional<EventTime> console_time(std::string_view text, Duration zone_offset) {
  CivilTime civil;
  std::size_t at = 0;
  bool afternoon = false;
  if (!read_month(text, at, civil.month) || !read_character(text, at, ' ') ||
      !read_number(text, at, 1, 2, civil.day) || !read_character(text, at, ',') ||
      !read_character(text, at, ' ') || !read_number(text, at, 4, 4, civil.year) ||
      !read_character(text, at, ' ') || !read_clock(text, at, civil) || !read_character(text, at, ' ') ||
      !read_half_day(text, at, afternoon) || at != text.size() || civil.hour < 1 || civil.hour > 12) {
    return std::nullopt;
  }
  civil.hour = civil.hour % 12 + (afternoon ? 12 : 0);
  return to_event_time(civil, zone_offset);
}

// Ten digits of seconds, with or without a fraction, or thirteen of milliseconds.
std::optional<EventTime> epoch_at_start(std::string_view text) {
  std::size_t digits = 0;
  std::int64_t value = 0;
  for (; digits < 14 && is_digit(text, digits); ++digits) value = value * 10 + (text[digits] - '0');
  if ((digits != 10 && digits != 13) || text[0] == '0') return std::nullopt;
  std::int64_t millisecond = 0;
  if (digits + 1 < text.size() && text[digits] == '.' && is_digit(text, digits + 1)) {
    std::int64_t scale = 100;
    for (++digits; is_digit(text, digits); ++digits) {
      millisecond += (text[digits] - '0') * scale;
      scale /= 10;
    }
  }
  if (!is_boundary(text, digits)) return std::nullopt;
  return value >= 1'000'000'000'000 ? EventTime{Duration{value}}
                                    : EventTime{Duration{value * 1000 + millisecond}};
}

// A number since 1970, by its size: seconds until the year 5138, then milliseconds, microseconds,
// nanoseconds.
std::optional<EventTime> epoch_value(std::string_view text) {
  std::size_t at = 0;
  const bool negative = read_character(text, at, '-');
  const std::size_t start = at;
  std::int64_t whole = 0;
  for (; is_digit(text, at) && at - start < 19; ++at) {
    if (whole > (INT64_MAX - 9) / 10) return std::nullopt;
    whole = whole * 10 + (text[at] - '0');
  }
  if (at == start) return std::nullopt;
  std::int64_t thousandths = 0;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text, at + 1)) {
    std::int64_t scale = 100;
    for (++at; is_digit(text, at); ++at) {
      thousandths += (text[at] - '0') * scale;
      scale /= 10;
    }
  }
  if (at != text.size()) {
    const auto value = parse_number(text);  // an exponent
    if (!value || !(*value > -1e18 && *value < 1e18)) return std::nullopt;
    whole = static_cast<std::int64_t>(negative ? -*value : *value);
    thousandths =
        static_cast<std::int64_t>(((negative ? -*value : *value) - static_cast<double>(whole)) * 1000);
  }
  std::int64_t milliseconds = 0;
  if (whole < 100'000'000'000) {
    milliseconds = whole * 1000 + thousandths;
  } else if (whole < 100'000'000'000'000) {
    milliseconds = whole;
  } else if (whole < 100'000'000'000'000'000) {
    milliseconds = whole / 1000;
  } else {
    milliseconds = whole / 1'000'000;
  }
  return if_in_range(EventTime{Duration{negative ? -milliseconds : milliseconds}});
}

// Syslog's "<34>" is not part of the line; neither are the blanks before the first word.
std::string_view skip_priority(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_blank(line[at])) ++at;
  line.remove_prefix(at);
  std::size_t end = 1;
  while (end < 4 && is_digit(line, end)) ++end;
  return line.starts_with('<') && end > 1 && end < line.size() && line[end] == '>' ? line.substr(end + 1)
                                                                                   : line;
}

}  // namespace

std::optional<Duration> parse_zone(std::string_view text) {
  std::size_t at = 0;
  Duration offset{0};
  if (!read_zone(text, at, offset) || at != text.size()) return std::nullopt;
  return offset;
}

std::optional<EventTime> parse_time_value(std::string_view text, Duration zone_offset) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::size_t used = 0;
  if (const auto time = iso_time(text, zone_offset, used); time && used == text.size()) return time;
  if (const auto time = epoch_value(text)) return time;
  if (const auto time = console_time(text, zone_offset)) return time;
  if (const auto time = common_log_time(text, zone_offset, used); time && used == text.size()) return time;
  return std::nullopt;
}

std::optional<EventTime> find_line_time(std::string_view line, WallTime now, Duration zone_offset) {
  constexpr std::size_t kLookedAt = 512;  // a time stands at the start, or not at all
  constexpr int kWordsBeforeIso = 2;
  constexpr int kWordsBeforeCommonLog = 5;
  line = skip_priority(line.substr(0, kLookedAt));
  std::size_t used = 0;
  const std::string_view start = line.starts_with('[') ? line.substr(1) : line;
  if (const auto time = iso_time(start, zone_offset, used)) return time;
  if (const auto time = named_month_time(start, now, zone_offset)) return time;
  if (const auto time = epoch_at_start(start)) return time;
  if (const auto time = common_log_time(start, zone_offset, used)) return time;
  for (int words = 1; words <= kWordsBeforeCommonLog; ++words) {
    std::size_t at = line.find_first_of(" \t");
    if (at == std::string_view::npos) return std::nullopt;
    while (at < line.size() && is_blank(line[at])) ++at;
    line.remove_prefix(at);
    const bool bracket = line.starts_with('[');
    const std::string_view word = bracket ? line.substr(1) : line;
    if (words <= kWordsBeforeIso) {
      if (const auto time = iso_time(word, zone_offset, used)) return time;
    }
    if (bracket) {
      if (const auto time = common_log_time(word, zone_offset, used)) return time;
    }
  }
  return std::nullopt;
}

}  // namespace tocsin::event
