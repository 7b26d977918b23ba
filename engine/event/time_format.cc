// The strptime formats of event_time.h. Our own reader: strptime(3) knows no fractions and follows the
// locale.
#include <fmt/format.h>

#include <array>

#include "engine/event/civil_time.h"
#include "engine/event/event_time.h"

namespace tocsin::event {
namespace {

constexpr std::string_view kLetters = "YymdebBHMSfpIzZaAjsTDF%L";

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// What a text said while it was read by a format.
struct Reading {
  CivilTime civil;
  bool has_year = false;
  std::uint32_t year_day = 0;  // from 1; 0: not said
  std::optional<std::uint32_t> half_day_hour;
  bool afternoon = false;
  std::optional<std::int64_t> epoch_seconds;
  std::optional<Duration> zone;
};

bool read_letter(char letter, std::string_view text, std::size_t& at, Reading& reading);

bool read_letters(std::string_view format, std::string_view text, std::size_t& at, Reading& reading) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (is_space(format[i])) {
      while (at < text.size() && is_space(text[at])) ++at;
    } else if (format[i] == '%' && i + 1 < format.size()) {
      if (!read_letter(format[++i], text, at, reading)) return false;
    } else if (!read_character(text, at, format[i])) {
      return false;
    }
  }
  return true;
}

// A number that may be padded with blanks, as %e and many writers of %d and %H do.
bool read_padded(std::string_view text, std::size_t& at, std::uint32_t& value) {
  std::size_t start = at;
  while (start < text.size() && text[start] == ' ') ++start;
  if (!read_number(text, start, 1, 2, value)) return false;
  at = start;
  return true;
}

bool read_letter(char letter, std::string_view text, std::size_t& at, Reading& reading) {
  CivilTime& civil = reading.civil;
  switch (letter) {
    case 'Y':
      reading.has_year = true;
      return read_number(text, at, 4, 4, civil.year);
    case 'y':
      reading.has_year = true;
      if (!read_number(text, at, 2, 2, civil.year)) return false;
      civil.year += civil.year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return read_padded(text, at, civil.month);
    case 'd':
    case 'e':
      return read_padded(text, at, civil.day);
    case 'b':
    case 'B':
      return read_month(text, at, civil.month);
    case 'a':
    case 'A':
      return read_weekday(text, at);
    case 'j':
      return read_number(text, at, 1, 3, reading.year_day) && reading.year_day > 0;
    case 'H':
      return read_padded(text, at, civil.hour);
    case 'I':
      return read_padded(text, at, reading.half_day_hour.emplace());
    case 'p':
      return read_half_day(text, at, reading.afternoon);
    case 'M':
      return read_number(text, at, 1, 2, civil.minute);
    case 'S':
      return read_number(text, at, 1, 2, civil.second);
    case 'f':
    case 'L':
      return read_fraction(text, at, civil.millisecond);
    case 'z':
      return read_zone(text, at, reading.zone.emplace());
    case 'Z': {
      Duration offset{0};
      if (read_zone(text, at, offset)) {
        reading.zone = offset;
        return true;
      }
      const std::size_t start = at;
      while (at < text.size() &&
             ((text[at] >= 'A' && text[at] <= 'Z') || (text[at] >= 'a' && text[at] <= 'z')))
        ++at;
      return at > start;
    }
    case 's': {
      std::uint32_t high = 0;
      std::uint32_t low = 0;
      std::size_t end = at;
      while (is_digit(text, end)) ++end;
      const std::size_t digits = end - at;
      if (digits < 1 || digits > 12) return false;
      std::size_t read = at;
      const std::size_t low_digits = digits > 6 ? 6 : digits;
      if (digits > 6 && !read_number(text, read, digits - 6, digits - 6, high)) return false;
      if (!read_number(text, read, low_digits, low_digits, low)) return false;
      reading.epoch_seconds = std::int64_t{high} * 1'000'000 + low;
      at = end;
      return true;
    }
    case 'T':
      return read_letters("%H:%M:%S", text, at, reading);
    case 'D':
      return read_letters("%m/%d/%y", text, at, reading);
    case 'F':
      return read_letters("%Y-%m-%d", text, at, reading);
    case '%':
      return read_character(text, at, '%');
    default:
      return false;
  }
}

}  // namespace

std::optional<EventTime> parse_time_format(std::string_view text, const std::string& format, WallTime now,
                                           Duration zone_offset) {
  Reading reading;
  std::size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  if (!read_letters(format, text, at, reading)) return std::nullopt;
  while (at < text.size() && is_space(text[at])) ++at;
  if (at != text.size()) return std::nullopt;
  CivilTime& civil = reading.civil;
  if (reading.epoch_seconds) {
    const EventTime time{Duration{*reading.epoch_seconds * 1000 + civil.millisecond}};
    return time <= kLatestTime ? std::optional(time) : std::nullopt;
  }
  if (reading.half_day_hour) {
    if (*reading.half_day_hour < 1 || *reading.half_day_hour > 12) return std::nullopt;
    civil.hour = *reading.half_day_hour % 12 + (reading.afternoon ? 12 : 0);
  }
  const Duration offset = reading.zone.value_or(zone_offset);
  if (reading.year_day > 0) {
    const bool leap = is_valid_date(civil.year, 2, 29);
    if (reading.year_day > (leap ? 366U : 365U)) return std::nullopt;
    civil.month = 1;
    civil.day = 1;
    const auto new_year = to_event_time(civil, offset);
    return new_year ? std::optional(*new_year + std::chrono::days{reading.year_day - 1}) : std::nullopt;
  }
  return reading.has_year ? to_event_time(civil, offset) : in_newest_year(civil, now + kMaxAhead, offset);
}

std::string check_time_format(const std::string& format) {
  std::string said;  // the letters that stand in the format, with those that %T, %D and %F stand for
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size()) return "the format ends with a single '%'";
    const char letter = format[i];
    if (kLetters.find(letter) == std::string_view::npos) {
      return fmt::format("%{} is not known; known are %{}", letter, fmt::join(kLetters, " %"));
    }
    said += letter;
    if (letter == 'T') said += "HMS";
    if (letter == 'D') said += "mdy";
    if (letter == 'F') said += "Ymd";
  }
  const auto says = [&](std::string_view letters) {
    return said.find_first_of(letters) != std::string::npos;
  };
  if (says("s")) return {};
  if (says("j")) return says("Yy") ? std::string{} : "%j, the day of the year, needs the year, %Y or %y";
  if (!says("mbB") || !says("de"))
    return "the format has no date: it needs a month (%m or %b) and a day (%d or %e), or %s";
  if (says("I") != says("p")) return "%I, the hour up to 12, and %p, AM or PM, need each other";
  return {};
}

}  // namespace tocsin::event
