// Why an alarm changed its state, in CloudWatch's words and as its StateReasonData.
//
// Pure. The wording follows CloudWatch where a published example shows it; programs should read the data, not
// the text.
#pragma once

#include <string>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"

namespace tocsin::alarm {

inline constexpr std::size_t kMaxReason = 1023;  // bytes, CloudWatch's limits
inline constexpr std::size_t kMaxReasonData = 4000;

// Which of the range's points (oldest first) the verdict rests on: the newest N real ones, or, where fewer
// exist, all real ones and as many of the newest gaps as had to be filled. Indexes into `points`, ascending.
[[nodiscard]] std::vector<std::size_t> judged_points(const Rule& rule, const std::vector<Point>& points);

[[nodiscard]] std::string reason_text(const AlarmDefinition& alarm, const Verdict& verdict, State from,
                                      const std::vector<Point>& points);

// A JSON object; `now` is the time of the evaluation. Cut to the newest datapoints where it would grow over
// its limit.
[[nodiscard]] std::string reason_data(const AlarmDefinition& alarm, const std::vector<Point>& points,
                                      EventTime now);

// "missing counts as breaching".
[[nodiscard]] std::string missing_data_in_words(MissingData mode);

}  // namespace tocsin::alarm
