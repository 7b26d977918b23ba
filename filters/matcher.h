// The Matcher over all filters of a plan: see engine/runtime/matcher.h for its place.
#pragma once

#include <memory>
#include <vector>

#include "engine/runtime/matcher.h"

namespace tocsin::filters {

// Compiled once and shared by the matchers of all workers; immutable.
class MatcherProgram;

[[nodiscard]] std::shared_ptr<const MatcherProgram> compile_matcher(std::vector<runtime::MatchSpec> specs);

// A matcher for one thread.
[[nodiscard]] std::unique_ptr<runtime::Matcher> make_matcher(std::shared_ptr<const MatcherProgram> program);

}  // namespace tocsin::filters
