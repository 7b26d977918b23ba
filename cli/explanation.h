// `backtest --explain`: how one transition was decided, as the row of M out of N that the alarm's rule looked
// at.
//
//   2026-03-01 03:13  ssh-failures  SourceIp 203.0.113.77  OK → ALARM
//     period   02:58  03:03  03:08
//     value        -      2     10
//     breach       -      0      X
//     judged                     ^
//     1 of 1 judged period breaches, 1 needed → ALARM
//
// Oldest period left; X breaches, 0 does not, - has no data. Pure: a text of its arguments.
#pragma once

#include <string>

#include "cli/text_style.h"
#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"

namespace tocsin::cli {

// How many of the newest periods are drawn; the older ones of a longer range are only counted.
inline constexpr std::size_t kMaxExplainedPeriods = 60;

[[nodiscard]] std::string explain(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                                  const TextStyle& style);

// "2 of 3 judged periods breach, 2 needed → ALARM": the last line of the above, without its end.
[[nodiscard]] std::string verdict_in_words(const alarm::Transition& transition,
                                           const alarm::AlarmDefinition& alarm, const TextStyle& style);

}  // namespace tocsin::cli
