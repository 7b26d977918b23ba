#include "engine/event/written_times.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/event/civil_time.h"

namespace tocsin::event {
namespace {

using Form = TimeSpot::Form;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 6> kTimeNames{"timestamp", "Timestamp", "@timestamp",
                                                     "time",      "ts",        "eventTime"};

std::optional<std::int64_t> seconds_of(const CivilTime& civil) {
  const auto time = to_event_time(civil, Duration{0});
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count();
}

bool read_hms(std::string_view text, std::size_t& at, CivilTime& civil) {
  return read_number(text, at, 2, 2, civil.hour) && read_character(text, at, ':') &&
         read_number(text, at, 2, 2, civil.minute) && read_character(text, at, ':') &&
         read_number(text, at, 2, 2, civil.second);
}

// "2026-03-01T09:05:07" at `at`, in any of the separators that lines use.
std::optional<TimeSpot> iso_at(std::string_view text, std::size_t at) {
  CivilTime civil;
  const std::size_t start = at;
  if (!read_number(text, at, 4, 4, civil.year)) return std::nullopt;
  const bool slashes = read_character(text, at, '/');
  if (!slashes && !read_character(text, at, '-')) return std::nullopt;
  if (!read_number(text, at, 2, 2, civil.month) || !read_character(text, at, slashes ? '/' : '-') ||
      !read_number(text, at, 2, 2, civil.day) || at >= text.size()) {
    return std::nullopt;
  }
  const char between = text[at++];
  if (between != 'T' && between != 't' && between != ' ' && between != '\t') return std::nullopt;
  if (!read_hms(text, at, civil)) return std::nullopt;
  const auto seconds = seconds_of(civil);
  if (!seconds) return std::nullopt;
  return TimeSpot{Form::Iso, static_cast<std::uint32_t>(start), *seconds};
}

std::optional<TimeSpot> common_log_at(std::string_view text, std::size_t at) {
  CivilTime civil;
  const std::size_t start = at;
  if (!read_number(text, at, 2, 2, civil.day) || !read_character(text, at, '/') ||
      !read_month(text, at, civil.month) || at != start + 6 || !read_character(text, at, '/') ||
      !read_number(text, at, 4, 4, civil.year) || !read_character(text, at, ':') ||
      !read_hms(text, at, civil)) {
    return std::nullopt;
  }
  const auto seconds = seconds_of(civil);
  if (!seconds) return std::nullopt;
  return TimeSpot{Form::CommonLog, static_cast<std::uint32_t>(start), *seconds};
}

// "Dec 10 06:55:46": the day takes two columns, or moving it would move the rest of the line.
bool add_named_month(std::string_view text, std::size_t at, EventTime time, std::vector<TimeSpot>& spots) {
  CivilTime civil;
  if (read_weekday(text, at)) {
    read_character(text, at, ',');
    if (!read_character(text, at, ' ')) return false;
  }
  const std::size_t start = at;
  if (!read_month(text, at, civil.month) || at != start + 3 || !read_character(text, at, ' ')) return false;
  const bool padded = read_character(text, at, ' ');
  if (!read_number(text, at, padded ? 1 : 2, padded ? 1 : 2, civil.day) || !read_character(text, at, ' '))
    return false;
  if (!read_hms(text, at, civil)) return false;
  std::optional<std::uint32_t> year_at;
  if (read_character(text, at, '.')) {
    while (is_digit(text, at)) ++at;
  }
  const std::size_t year = at + 1;
  if (read_character(text, at, ' ') && read_number(text, at, 4, 4, civil.year)) {
    year_at = static_cast<std::uint32_t>(year);
  } else {
    // The year of the event, whose zone may put it on the other side of the turn of a year.
    const auto near =
        in_newest_year(civil, WallTime{time.time_since_epoch() + std::chrono::days{1}}, Duration{0});
    if (!near) return false;
    spots.push_back({Form::NamedMonth, static_cast<std::uint32_t>(start),
                     std::chrono::floor<std::chrono::seconds>(near->time_since_epoch()).count()});
    return true;
  }
  const auto seconds = seconds_of(civil);
  if (!seconds) return false;
  spots.push_back({Form::NamedMonth, static_cast<std::uint32_t>(start), *seconds});
  spots.push_back({Form::Year, *year_at, *seconds});
  return true;
}

std::optional<TimeSpot> epoch_at(std::string_view text, std::size_t at) {
  const std::size_t start = at;
  std::int64_t value = 0;
  for (; at - start < 14 && is_digit(text, at); ++at) value = value * 10 + (text[at] - '0');
  const std::size_t digits = at - start;
  if ((digits != 10 && digits != 13) || text[start] == '0') return std::nullopt;
  const bool seconds = digits == 10;
  return TimeSpot{seconds ? Form::Seconds : Form::Milliseconds, static_cast<std::uint32_t>(start),
                  seconds ? value : value / 1000};
}

bool add(std::optional<TimeSpot> spot, std::vector<TimeSpot>& spots) {
  if (spot) spots.push_back(*spot);
  return spot.has_value();
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void find_in_line(std::string_view line, EventTime time, std::vector<TimeSpot>& spots) {
  constexpr std::size_t kLookedAt = 512;
  constexpr int kWords = 6;
  constexpr int kWordsWithIso = 3;
  line = line.substr(0, kLookedAt);
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < line.size() && is_blank(line[at])) ++at;
  };
  skip_blanks();
  if (line.substr(at).starts_with('<')) {  // syslog's priority
    const std::size_t end = line.find('>', at);
    if (end != line.npos && end <= at + 4) at = end + 1;
  }
  for (int word = 0; word < kWords && at < line.size(); ++word) {
    const std::size_t start = line[at] == '[' ? at + 1 : at;
    if (word < kWordsWithIso && add(iso_at(line, start), spots)) return;
    if (word == 0 && (add_named_month(line, start, time, spots) || add(epoch_at(line, start), spots))) return;
    if (add(common_log_at(line, start), spots)) return;
    at = line.find_first_of(" \t", at);
    if (at == line.npos) return;
    skip_blanks();
  }
}

// A number behind `"NAME":`, where `colon` is that colon.
void find_number(std::string_view json, std::size_t colon, std::vector<TimeSpot>& spots) {
  std::size_t at = colon + 1;
  while (at < json.size() && is_blank(json[at])) ++at;
  if (!is_digit(json, at)) return;
  std::string_view before = json.substr(0, colon);
  while (!before.empty() && is_blank(before.back())) before.remove_suffix(1);
  if (!before.ends_with('"')) return;
  before.remove_suffix(1);
  if (before.ends_with('\\')) before.remove_suffix(1);
  const bool is_time = std::ranges::any_of(kTimeNames, [&](std::string_view name) {
    return before.size() > name.size() && before.ends_with(name) &&
           before[before.size() - name.size() - 1] == '"';
  });
  if (is_time) add(epoch_at(json, at), spots);
}

void find_in_json(std::string_view json, std::vector<TimeSpot>& spots) {
  for (std::size_t at = json.find('"'); at != json.npos; at = json.find('"', at + 1)) {
    if (is_digit(json, at + 1) && is_digit(json, at + 2)) {
      add(iso_at(json, at + 1), spots);
    } else {
      std::size_t colon = at + 1;
      while (colon < json.size() && is_blank(json[colon])) ++colon;
      if (colon < json.size() && json[colon] == ':') find_number(json, colon, spots);
    }
  }
}

void write_digits(char* at, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

CivilTime civil_of(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto rest = static_cast<std::uint32_t>((time - day).count());
  return {.year = static_cast<std::uint32_t>(static_cast<int>(date.year())),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = rest / 3600,
          .minute = rest / 60 % 60,
          .second = rest % 60};
}

void write_clock(char* at, const CivilTime& civil) {
  write_digits(at, civil.hour, 2);
  write_digits(at + 3, civil.minute, 2);
  write_digits(at + 6, civil.second, 2);
}

}  // namespace

std::vector<TimeSpot> find_times(std::string_view record, EventTime time) {
  std::vector<TimeSpot> spots;
  const std::size_t start = record.find_first_not_of(" \t\r\n");
  if (start != record.npos && record[start] == '{') {
    find_in_json(record, spots);
  } else {
    find_in_line(record, time, spots);
  }
  return spots;
}

void move_times(char* record, const std::vector<TimeSpot>& spots, std::chrono::seconds shift) {
  for (const TimeSpot& spot : spots) {
    char* at = record + spot.offset;
    const std::int64_t seconds = std::max<std::int64_t>(spot.seconds + shift.count(), 0);
    const CivilTime civil = civil_of(seconds);
    switch (spot.form) {
      case Form::Iso:
        write_digits(at, civil.year, 4);
        write_digits(at + 5, civil.month, 2);
        write_digits(at + 8, civil.day, 2);
        write_clock(at + 11, civil);
        break;
      case Form::NamedMonth: {
        std::ranges::copy(kMonths[civil.month - 1], at);
        const bool zero_padded = at[4] == '0';
        write_digits(at + 4, civil.day, 2);
        if (civil.day < 10 && !zero_padded) at[4] = ' ';
        write_clock(at + 7, civil);
        break;
      }
      case Form::CommonLog:
        write_digits(at, civil.day, 2);
        std::ranges::copy(kMonths[civil.month - 1], at + 3);
        write_digits(at + 7, civil.year, 4);
        write_clock(at + 12, civil);
        break;
      case Form::Seconds:
      case Form::Milliseconds:  // whose last three digits stay
        write_digits(at, static_cast<std::uint64_t>(seconds), 10);
        break;
      case Form::Year:
        write_digits(at, civil.year, 4);
        break;
    }
  }
}

}  // namespace tocsin::event
