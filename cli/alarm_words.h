// Alarms in words: the small phrases that the timeline and the explanations share. Pure functions.
#pragma once

#include <string>

#include "cli/text_style.h"
#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"
#include "engine/base/words.h"
#include "engine/metric/series.h"

namespace tocsin::cli {

// "≥ 10", or ">= 10" without Unicode.
[[nodiscard]] std::string condition_in_words(const alarm::Rule& rule, const TextStyle& style);

// "Account 111122223333, Region eu-west-1", safe for a terminal, long values cut; empty for no dimensions.
[[nodiscard]] std::string dimensions_in_words(const metric::Dimensions& dimensions, const TextStyle& style);

// Why a transition went to ALARM: "12 in 5 min (alarm at ≥ 10)", "no data for 2 h (missing counts as
// breaching)".
[[nodiscard]] std::string why_in_words(const alarm::Transition& transition,
                                       const alarm::AlarmDefinition& alarm,
                                       const metric::MetricDefinition& metric, const TextStyle& style);

// The ink in which a state is written.
[[nodiscard]] Ink ink_of(alarm::State state);

}  // namespace tocsin::cli
