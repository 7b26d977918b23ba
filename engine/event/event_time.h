// When did it happen? The rules that find an event's time.
//
// By default the field that the event's kind defines; for text what the line starts with (find_line_time).
// Else the Kafka record's timestamp; else the time of the event before it. Pure functions, independent of the
// locale, without allocation.
#pragma once

#include <cstdint>
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

// Age limits of live sources: events outside of them are refused, as CloudWatch refuses them.
inline constexpr Duration kMaxAge = std::chrono::days{14};
inline constexpr Duration kMaxAhead = std::chrono::hours{2};

// A source's `time:`.
struct TimeRule {
  enum class From : std::uint8_t {
    Default,  // as above
    Field,    // `field: $.ts`
    Regex,    // `regex: '^(\S+ +\d+ \S+)'` with `format: '%b %e %H:%M:%S'`
    Arrival,  // when the record came: the Kafka record's timestamp, else when it was read
  };
  From from = From::Default;
  Selector field;  // Field
  std::shared_ptr<const re2::RE2>
      regex;                // Regex: the first group is the time; without a group the whole match
  std::string format;       // strptime's letters; empty: guess as by default
  Duration zone_offset{0};  // of times that carry no zone: local minus UTC
};

// "UTC", "GMT", "Z", "+02:00", "-0530", "+02"; or nothing for what is not known.
[[nodiscard]] std::optional<Duration> parse_zone(std::string_view text);

// A time value as JSON events carry it: RFC 3339, "Jul 15, 2030 9:39:07 PM", Apache's "10/Oct/2000:13:55:36
// -0700", or a number (as number or text, with a fraction) whose size says whether it counts seconds,
// milliseconds, microseconds or nanoseconds since 1970.
[[nodiscard]] std::optional<EventTime> parse_time_value(std::string_view text,
                                                        Duration zone_offset = Duration{0});

// The time at the start of a text line:
//   2023-04-26T07:25:11.123Z, 2023-04-26 07:25:11,123 +0200, 2023/04/26 07:25:11, 2023-04-26<TAB>07:25:11;
//   also after a '[',
//     or as the second or third word
//   Dec 10 06:55:46 (syslog, also behind its <priority>), Dec 10 2026 06:55:46, [Sun Dec 04 04:47:44.123
//   2005] (Apache errors) … [10/Oct/2000:13:55:36 -0700] as one of the first six words (Apache, nginx, S3
//   access logs) 1718000000, 1718000000.123, 1718000000123 (epoch) and no letter or digit behind
// A time without a year is of the newest year in which it is not in the future of `now`. What a clock that
// runs ahead may be ahead (kMaxAhead) is not the future yet, or its lines would be a year old.
[[nodiscard]] std::optional<EventTime> find_line_time(std::string_view line, WallTime now,
                                                      Duration zone_offset = Duration{0});

// `text` by a strptime format: %Y %y %m %d %e %b %B %H %M %S %f %p %I %z %Z %a %A %j %s %T %D %F %% and %L
// (milliseconds). White space in the format stands for any, also none. %Z reads UTC, GMT and Z; the letters
// of any other zone are passed over and `zone_offset` holds. Without a year as above.
[[nodiscard]] std::optional<EventTime> parse_time_format(std::string_view text, const std::string& format,
                                                         WallTime now, Duration zone_offset);

// A format that parse_time_format cannot follow: why not. Empty when it is fine.
[[nodiscard]] std::string check_time_format(const std::string& format);

}  // namespace tocsin::event
