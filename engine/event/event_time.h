// When did it happen? The rules that find an event's time.
//
// By default the field that the event's kind defines; for text what the line starts with: RFC 3339 (also after a '[' or a word or
// two), syslog (which has no year: the newest year that is not in the future of `now`), Apache / common log format, epoch seconds
// or milliseconds. Else the Kafka record's timestamp; else the time of the event before it. Pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/event/selector.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace tocsin::event {

// A source's `time:`.
struct TimeRule {
  enum class From : std::uint8_t {
    Default,  // as above
    Field,    // `field: $.ts`
    Regex,    // `regex: '^(\S+ +\d+ \S+)'` with `format: '%b %e %H:%M:%S'`
    Arrival,  // when the record came: the Kafka record's timestamp, else when it was read
  };
  From from = From::Default;
  Selector field;                               // Field
  std::shared_ptr<const re2::RE2> regex;        // Regex: the first group is the time
  std::string format;                           // strptime's letters; empty: guess as by default
  Duration zone_offset{0};                      // of times that carry no zone: local minus UTC
};

// "UTC", "Z", "+02:00", "-0530"; or nothing for what is not known.
[[nodiscard]] std::optional<Duration> parse_zone(std::string_view text);

// A time value as JSON events carry it: RFC 3339, epoch seconds or milliseconds (as number or text, with a fraction), or
// "Jul 15, 2030 9:39:07 PM".
[[nodiscard]] std::optional<EventTime> parse_time_value(std::string_view text, Duration zone_offset = Duration{0});

// The time at the start of a text line, by the default rules. `now` bounds the year of syslog times.
[[nodiscard]] std::optional<EventTime> find_line_time(std::string_view line, WallTime now, Duration zone_offset = Duration{0});

// `text` by a strptime format: %Y %y %m %d %e %b %B %H %M %S %f %p %I %z %Z %a %A %j %s %T %D %F %% and %L (milliseconds).
// Without a year the newest one that is not in the future of `now`.
[[nodiscard]] std::optional<EventTime> parse_time_format(std::string_view text, const std::string& format, WallTime now,
                                                         Duration zone_offset);

// A format that parse_time_format cannot follow: why not. Empty when it is fine.
[[nodiscard]] std::string check_time_format(const std::string& format);

}  // namespace tocsin::event
