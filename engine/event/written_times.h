// Where times are written in a record, and how to move them: what `tocsin produce` does to play an old log as
// a new one.
//
//   record --find_times()--> spots --move_times()--> the same record, so many seconds later
//
// Only digits and month names change, never a length, so fractions and zones stay as they were. Found are
//   in JSON: every string that begins with an RFC 3339 date and time, wherever it stands (also in JSON inside
//   of a string), so
//     that sessions, jobs and windows stay together with their event; and numbers of ten or thirteen digits
//     that are the value of `timestamp`, `Timestamp`, `@timestamp`, `time`, `ts` or `eventTime`;
//   in text: the time that find_line_time() reads: ISO among the first three words, "Dec 10 06:55:46" with or
//   without weekday
//     and year behind it, Apache's "10/Oct/2000:13:55:36", ten or thirteen digits at the start.
// A compressed envelope shows no times. Whoever moves a record decodes it once more and compares: that is the
// proof.
//
// Pure functions; moving allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::event {

struct TimeSpot {
  enum class Form : std::uint8_t {
    Iso,           // 2026-03-01T09:05:07
    NamedMonth,    // Dec 10 06:55:46
    CommonLog,     // 10/Oct/2000:13:55:36
    Seconds,       // 1718000000
    Milliseconds,  // 1718000000123
    Year,          // 2005, of the NamedMonth before it
  };
  Form form = Form::Iso;
  std::uint32_t offset = 0;
  std::int64_t seconds = 0;  // what stands there, as if it were UTC, since 1970; without the milliseconds
};

// `time` is the event's, for a time that is written without its year.
[[nodiscard]] std::vector<TimeSpot> find_times(std::string_view record, EventTime time);

// Writes each spot's time plus `shift` into `record`, a copy of the one they were found in.
void move_times(char* record, const std::vector<TimeSpot>& spots, std::chrono::seconds shift);

}  // namespace tocsin::event
