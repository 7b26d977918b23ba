// A change of an alarm's state: what is decided, once, and then told to people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/base/time.h"
#include "engine/metric/evidence.h"
#include "engine/metric/series.h"

namespace tocsin::alarm {

using metric::Evidence;

// A period as it was judged.
struct Point {
  EventTime start{};
  std::optional<double> value;  // none: missing
  double sample_count = 0;
  bool breaching = false;
};

struct Transition {
  std::string id;           // 32 hex digits of (alarm, dimensions, sequence, time): the same in every replay
  std::uint32_t alarm = 0;  // index into the plan's alarms
  metric::Dimensions dimensions;
  std::uint64_t sequence = 0;  // of this alarm and these dimensions, from 1
  EventTime time{};  // the end of the newest judged period; `early`: of the newest event that proved it
  State from = State::InsufficientData;
  State to = State::InsufficientData;
  std::optional<EventTime> from_since;  // when it changed to `from`; none: it always was
  bool early = false;  // ALARM before the end of the newest period, which cannot turn back any more
  std::string reason;
  std::string reason_data;         // a JSON object (CloudWatch's StateReasonData)
  std::vector<Evidence> evidence;  // a few events behind the judged datapoints
  std::vector<Point> points;       // the whole evaluation range, oldest first
};

}  // namespace tocsin::alarm
