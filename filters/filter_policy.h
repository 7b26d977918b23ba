// SNS's filter policies: JSON that says which notifications a subscription hears.
//
//   {"NewStateValue": ["ALARM"], "Trigger": {"Namespace": [{"prefix": "pay"}]}}      on the message's body
//   {"AlarmName": [{"prefix": "root-"}], "Region": ["eu-central-1"]}                 on its attributes
//
//   text --read_pattern_json()--> PatternValue --limits, then as an event pattern--> Predicate
//
// The operators are those of event patterns (event_pattern.h). Of attributes a single value may stand for its
// list, and nothing is nested. `{}` and no text let everything pass. What SNS limits is refused as SNS does:
// tests/conformance/filter_policy.json has the rows. Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "engine/event/predicate.h"
#include "engine/event/selector.h"
#include "engine/notify/filter_policy.h"

namespace tocsin::filters {

inline constexpr std::size_t kMaxPolicyBytes = std::size_t{256} << 10;
inline constexpr std::size_t kMaxPolicyKeys = 5;
inline constexpr std::size_t kMaxPolicyCombinations = 150;
inline constexpr std::size_t kMaxPolicyStars = 3;             // of one wildcard
inline constexpr std::size_t kMaxPolicyWildcardPoints = 100;  // of all of them
inline constexpr double kMaxPolicyNumber = 1e9;               // either sign; five decimals

[[nodiscard]] std::expected<event::Predicate, event::SyntaxError> compile_filter_policy(
    std::string_view text, notify::FilterPolicy::Scope scope);

}  // namespace tocsin::filters
