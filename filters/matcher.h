// The Matcher over all filters of a plan: see engine/runtime/matcher.h for its place.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/matcher.h"

namespace tocsin::filters {

// Compiled once and shared by the matchers of all workers; immutable.
class MatcherProgram;

[[nodiscard]] std::shared_ptr<const MatcherProgram> compile_matcher(std::vector<runtime::MatchSpec> specs);

// A matcher for one thread.
[[nodiscard]] std::unique_ptr<runtime::Matcher> make_matcher(std::shared_ptr<const MatcherProgram> program);

// How a filter is found among all others, for people.
struct FilterAccess {
  bool is_indexed = false;        // false: no key can find it, so its predicate is asked of every event
  std::vector<std::string> keys;  // "$.eventName is ConsoleLogin": one of them hits where the filter matches
  std::vector<std::string> second_keys;  // if there are any, one of these hits as well
  double nanoseconds = 0;  // a guess: what asking its predicate costs, over all events of 1.2 kB
};
[[nodiscard]] std::vector<FilterAccess> explain_access(const MatcherProgram& program);  // by filter

}  // namespace tocsin::filters
