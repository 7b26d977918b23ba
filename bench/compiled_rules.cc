#include "bench/compiled_rules.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "bench/contest.h"
#include "engine/base/check.h"
#include "filters/event_pattern.h"
#include "filters/filter_pattern.h"
#include "filters/matcher.h"
#include "filters/regex_filter.h"

namespace tocsin::bench {
namespace {

constexpr std::size_t kEventsOfCall = 512;  // that a matcher is given at once

std::size_t heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

filters::CompiledFilter compile_text(const std::string& text, Language language) {
  auto filter = language == Language::EventPattern    ? filters::compile_event_pattern(text)
                : language == Language::FilterPattern ? filters::compile_filter_pattern(text)
                                                      : filters::compile_regex_filter(text);
  if (!filter) {
    fmt::print(stderr, "matching: {} at {} of {}\n", filter.error().message, filter.error().offset, text);
    std::exit(1);
  }
  return std::move(*filter);
}

std::vector<runtime::MatchSpec> specs_of(const std::vector<std::string>& texts, Language language) {
  std::vector<runtime::MatchSpec> specs;
  specs.reserve(texts.size());
  for (const std::string& text : texts) specs.push_back({{}, compile_text(text, language).predicate, {}});
  return specs;
}

}  // namespace

std::vector<std::string> texts_of(std::span<const Rule> rules, Language language) {
  std::vector<std::string> texts;
  texts.reserve(rules.size());
  for (const Rule& rule : rules) {
    texts.push_back(language == Language::EventPattern ? rule.event_pattern : rule.filter_pattern);
  }
  return texts;
}

std::vector<filters::CompiledFilter> compile_texts(const std::vector<std::string>& texts, Language language) {
  std::vector<filters::CompiledFilter> filters;
  filters.reserve(texts.size());
  for (const std::string& text : texts) filters.push_back(compile_text(text, language));
  return filters;
}

std::vector<event::Predicate> predicates_of(const std::vector<filters::CompiledFilter>& filters) {
  std::vector<event::Predicate> predicates;
  predicates.reserve(filters.size());
  for (const filters::CompiledFilter& filter : filters) predicates.push_back(filter.predicate);
  return predicates;
}

CompiledMatcher compile_matcher_of(const std::vector<std::string>& texts, Language language) {
  CompiledMatcher compiled;
  const std::size_t before = heap_bytes();
  const auto begun = thread_time();
  compiled.matcher = filters::make_matcher(filters::compile_matcher(specs_of(texts, language)));
  compiled.took = thread_time() - begun;
  compiled.bytes = heap_bytes() - before;
  return compiled;
}

std::vector<event::Event> events_of(const Corpus& corpus) {
  std::vector<event::Event> events(corpus.size());
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    events[i].message = corpus[i];
    events[i].log_group = "bench";
  }
  return events;
}

std::uint64_t count_matches(runtime::Matcher& matcher, std::span<const event::Event> events,
                            runtime::Matches& matches) {
  std::uint64_t count = 0;
  for (std::size_t begin = 0; begin < events.size(); begin += kEventsOfCall) {
    matcher.match(events.subspan(begin, std::min(kEventsOfCall, events.size() - begin)), matches);
    count += matches.matches.size();
  }
  return count;
}

std::shared_ptr<const runtime::Plan> counting_plan(const std::vector<std::string>& texts) {
  auto plan = std::make_shared<runtime::Plan>();
  plan->sources.push_back(
      {.name = "bench", .kind = source::StdinSettings{}, .decode = {.log_group = "bench"}});
  const auto filters = compile_texts(texts, Language::FilterPattern);
  std::vector<runtime::MatchSpec> specs;
  for (std::uint32_t i = 0; i < filters.size(); ++i) {
    const std::string name = fmt::format("calls-{:05}", i);
    runtime::FilterPlan filter{.name = name, .match = {{}, filters[i].predicate, {}}, .metric = i};
    if (i % 2 == 1) {
      const auto account = filters::resolve_field(filters[i], "$.recipientAccountId");
      TOCSIN_CHECK(account.has_value());
      filter.match.extractions.push_back(*account);
      filter.dimensions.push_back({"Account", 0});
    }
    specs.push_back(filter.match);
    plan->filters.push_back(std::move(filter));
    plan->metrics.push_back({.metric_namespace = "Bench", .name = name});
  }
  plan->make_matcher = [program = filters::compile_matcher(std::move(specs))] {
    return filters::make_matcher(program);
  };
  return plan;
}

}  // namespace tocsin::bench
