// What holds for every filter of every language, whatever text it came from.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/event/event.h"
#include "engine/event/predicate.h"
#include "filters/filter_language.h"
#include "filters/matcher.h"

namespace tocsin::fuzz {

using Compiled = std::expected<filters::CompiledFilter, event::SyntaxError>;

// A fault has a place in the text, and words.
inline void check_fault(const event::SyntaxError& fault, std::string_view text) {
  TOCSIN_CHECK(fault.offset <= text.size());
  TOCSIN_CHECK(!fault.message.empty());
}

inline std::unique_ptr<runtime::Matcher> make_matcher(std::span<const filters::CompiledFilter> compiled) {
  std::vector<runtime::MatchSpec> specs;
  for (const filters::CompiledFilter& filter : compiled) {
    runtime::MatchSpec& spec = specs.emplace_back();
    spec.predicate = filter.predicate;
    for (const auto& [key, field] : filter.shown) spec.extractions.push_back(field);
  }
  return filters::make_matcher(filters::compile_matcher(std::move(specs)));
}

// What was found in an event is what the oracle finds, filter by filter; and it can be shown.
inline void check_found(std::span<const filters::CompiledFilter> compiled, std::string_view message,
                        const runtime::Matches& found, std::size_t& next) {
  for (std::uint32_t f = 0; f < compiled.size(); ++f) {
    const bool listed = next < found.matches.size() && found.matches[next].filter == f;
    TOCSIN_CHECK(listed == event::evaluate(compiled[f].predicate, message));
    if (!listed) continue;
    const auto values =
        std::span(found.values).subspan(found.matches[next].first_value, compiled[f].shown.size());
    (void)filters::shown_values(compiled[f], message, values);
    ++next;
  }
}

inline void check_matches(std::span<const filters::CompiledFilter> compiled,
                          std::span<const std::string_view> messages) {
  const auto matcher = make_matcher(compiled);
  for (const std::string_view message : messages) {
    event::Event event;
    event.message = message;
    event.log_group = "fuzz";
    runtime::Matches found;
    matcher->match({&event, 1}, found);
    std::size_t next = 0;
    check_found(compiled, message, found, next);
    TOCSIN_CHECK(next == found.matches.size());
  }
}

// A text that came from `text`, and one message.
inline void check_filter(const Compiled& compiled, std::string_view text, std::string_view message) {
  if (!compiled) return check_fault(compiled.error(), text);
  for (const auto& [key, field] : compiled->shown)
    TOCSIN_CHECK(filters::resolve_field(*compiled, key).has_value());
  const std::string_view messages[] = {message, "", message};  // a matcher keeps nothing from event to event
  check_matches({&*compiled, 1}, messages);
}

}  // namespace tocsin::fuzz
