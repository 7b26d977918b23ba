// Texts of rules, compiled as the engine compiles them, and what that takes.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/corpus.h"
#include "bench/rule_mix.h"
#include "engine/event/event.h"
#include "engine/event/predicate.h"
#include "engine/runtime/matcher.h"
#include "engine/runtime/plan.h"
#include "filters/filter_language.h"

namespace tocsin::bench {

enum class Language : std::uint8_t { EventPattern, FilterPattern, Regex };

[[nodiscard]] std::vector<std::string> texts_of(std::span<const Rule> rules, Language language);

// Ends the program if a text is refused.
[[nodiscard]] std::vector<filters::CompiledFilter> compile_texts(const std::vector<std::string>& texts,
                                                                 Language language);

[[nodiscard]] std::vector<event::Predicate> predicates_of(
    const std::vector<filters::CompiledFilter>& filters);

// A matcher of many filters, and what it took to get it.
struct CompiledMatcher {
  std::unique_ptr<runtime::Matcher> matcher;
  std::chrono::nanoseconds took{0};  // from texts to a matcher that is ready
  std::size_t bytes = 0;             // that it keeps in memory, as far as the heap tells
};
[[nodiscard]] CompiledMatcher compile_matcher_of(const std::vector<std::string>& texts, Language language);

// The corpus as events that a decoder made.
[[nodiscard]] std::vector<event::Event> events_of(const Corpus& corpus);

// How many pairs of an event and a filter the matcher finds in the first so many events.
[[nodiscard]] std::uint64_t count_matches(runtime::Matcher& matcher, std::span<const event::Event> events,
                                          runtime::Matches& matches);

// A plan that counts the matches of each filter as a metric of its own; every second one by account.
[[nodiscard]] std::shared_ptr<const runtime::Plan> counting_plan(const std::vector<std::string>& texts);

}  // namespace tocsin::bench
