// The two times of the engine, which the type system keeps apart.
//
// EventTime is when something happened, as the event says; it drives windows and alarms. WallTime is the
// clock on the wall; it drives delivery, retries and age limits. Only the shell (cli, runtime/live, sources)
// reads the wall clock, with wall_now(); the pure core takes both as parameters. Resolution is a millisecond,
// the range years 1 to 9999.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

using Duration = std::chrono::milliseconds;

struct EventClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<EventClock>;
};
struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
};

using EventTime = EventClock::time_point;  // since 1970-01-01T00:00:00Z
using WallTime = WallClock::time_point;

inline constexpr EventTime kNever = EventTime::min();    // before every event: nothing seen yet
inline constexpr EventTime kForever = EventTime::max();  // after every event: nothing will come any more
// What an event may have, so that the periods around it still have years of four digits.
inline constexpr EventTime kLatestTime{Duration{253402127999999}};    // 9999-12-29T23:59:59.999Z
inline constexpr EventTime kEarliestTime{Duration{-62133004800000}};  // 0001-01-31T00:00:00Z

[[nodiscard]] WallTime wall_now();

// The moment of a wall clock, as an event time; for comparing an event's time against the clock.
[[nodiscard]] constexpr EventTime as_event_time(WallTime time) { return EventTime{time.time_since_epoch()}; }

// The greatest multiple of `step` since the epoch that is not after `time`; right for times before 1970 too.
[[nodiscard]] constexpr EventTime floor_to(EventTime time, Duration step) {
  const auto count = time.time_since_epoch().count();
  const auto size = step.count();
  const auto rest = ((count % size) + size) % size;
  return EventTime{Duration{count - rest}};
}
[[nodiscard]] constexpr EventTime ceil_to(EventTime time, Duration step) {
  const EventTime floor = floor_to(time, step);
  return floor == time ? time : floor + step;
}

// "2026-03-01T09:05:00Z"; milliseconds are written only if they are not zero.
[[nodiscard]] std::string format_rfc3339(EventTime time);

// "2030-01-02T10:04:40.985+0000", CloudWatch's form in notifications and reason data.
[[nodiscard]] std::string format_cloudwatch(EventTime time);

// RFC 3339 / ISO 8601 date and time with 'T', 't' or a space between, an optional fraction (cut to
// milliseconds) after '.' or
// ',', and a zone: Z, +hh:mm, +hhmm or +hh. Without a zone it is UTC. The whole text must be used up.
[[nodiscard]] std::optional<EventTime> parse_rfc3339(std::string_view text);

// The same, but of the longest prefix: on success `used` is its length.
[[nodiscard]] std::optional<EventTime> parse_rfc3339_prefix(std::string_view text, std::size_t& used);

// Civil date to days since 1970-01-01, proleptic Gregorian; `month` 1..12.
[[nodiscard]] std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);
[[nodiscard]] bool is_valid_date(std::int64_t year, unsigned month, unsigned day);

// Durations as users write them: "30s", "5m", "1h", "14d", "1h30m", "0s". Units: ms, s, m, h, d, w.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(Duration duration);

}  // namespace tocsin
