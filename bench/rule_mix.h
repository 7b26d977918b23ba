// Rules for call_log(), as many as asked for, each written in two languages with one meaning: EventBridge's
// event patterns, which the peers read too, and CloudWatch's filter patterns, where every second wildcard is
// a regular expression.
//
// Of ten rules five want an event name and one thing more; the others have a prefix, a wildcard, a comparison
// of numbers, a field that must be there or must not, a value that must be another. As in real rule sets most
// rules match rarely or never: half of the names are of calls that nobody makes, and most accounts are not
// those of the log. The first N rules of a longer list are the list of N.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::bench {

struct Rule {
  std::string event_pattern;
  std::string filter_pattern;
};

enum class Wildcards : std::uint8_t { Used, Avoided };  // Avoided: the wildcard of ten rules is a suffix

[[nodiscard]] std::vector<Rule> rule_mix(std::size_t count, Wildcards wildcards, std::uint64_t seed);

}  // namespace tocsin::bench
