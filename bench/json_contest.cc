#include "bench/json_contest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "bench/compiled_rules.h"
#include "bench/contest.h"
#include "bench/in_memory.h"
#include "bench/one_by_one.h"
#include "bench/six_fields.h"

namespace tocsin::bench {
namespace {

constexpr std::array<std::size_t, 5> kFilters{1, 10, 100, 1'000, 10'000};
constexpr std::array<std::pair<Language, const char*>, 2> kLanguages{
    {{Language::EventPattern, "event patterns"}, {Language::FilterPattern, "filter patterns"}}};

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// One size of one language's series.
struct Size {
  std::size_t filters = 0;
  std::string name;  // before "ours", "one by one", "walk"
  CompiledMatcher compiled;
  std::unique_ptr<OneByOne> one_by_one;
};

class JsonContest {
 public:
  explicit JsonContest(const ContestSettings& settings)
      : settings_(settings),
        corpus_(call_log(settings.events, settings.seed)),
        events_(events_of(corpus_)),
        rules_(rule_mix(kFilters.back(), Wildcards::Used, settings.seed)) {
    enter_bounds();
    for (const auto& [language, name] : kLanguages) {
      for (const std::size_t filters : kFilters) enter_size(language, name, filters);
    }
    enter_engine();
  }

  void run() {
    contest_.run({.events = corpus_.size(),
                  .agreed = std::min<std::size_t>(corpus_.size(), 4'000),
                  .rounds = settings_.rounds});
  }

  // What is quicker of simdjson's two ways to six fields.
  [[nodiscard]] double six_fields() const {
    return std::min(contest_.time_of("six fields, on demand"), contest_.time_of("six fields, dom"));
  }

  void print() const {
    fmt::print("{} CloudTrail records in memory, {:.0f} bytes each on average\n\n", corpus_.size(),
               static_cast<double>(corpus_.bytes()) / static_cast<double>(corpus_.size()));
    for (const char* name : {"six fields, on demand", "six fields, dom"}) print_line(name);
    for (const char* name : {"100 filters: decode, match", "100 filters: decode, match, aggregate"}) {
      print_line(name);
    }
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      if (i % kFilters.size() == 0) print_head(kLanguages[i / kFilters.size()].second);
      print_size(sizes_[i]);
    }
    fmt::print("\n");
  }

  void add_targets(std::vector<Target>& targets) const {
    using enum Target::Bound;
    targets.push_back({"JSON, 100 filters, decode to aggregate: time / simdjson's for six fields", AtMost, 3,
                       contest_.time_of("100 filters: decode, match, aggregate") / six_fields(), "x"});
    for (const auto& [language, name] : kLanguages) {
      targets.push_back({fmt::format("{}: time at 10,000 filters / at 100", name), AtMost, 3,
                         ours(name, 10'000) / ours(name, 100), "x"});
      targets.push_back({fmt::format("{}: 10 filters: time / one by one", name), AtMost, 1.1,
                         ours(name, 10) / contest_.time_of(fmt::format("{} 10 one by one", name)), "x"});
    }
    for (const Size& size : sizes_) {
      if (size.filters != kFilters.back()) continue;
      targets.push_back({size.name + ": compiled in", AtMost, 1000, milliseconds(size.compiled.took), "ms"});
      targets.push_back({size.name + ": memory", AtMost, 100, megabytes(size), "MB"});
    }
  }

  [[nodiscard]] bool agree() const {
    bool agreed = true;
    for (const Size& size : sizes_) {
      const std::uint64_t one_by_one = contest_.matches(size.name + " one by one");
      for (const std::string& name :
           {size.name + " ours", fmt::format("event patterns {} ours", size.filters)}) {
        if (contest_.matches(name) == one_by_one) continue;
        fmt::print("DISAGREEMENT: {} matches of {}, {} one by one\n", contest_.matches(name), name,
                   one_by_one);
        agreed = false;
      }
    }
    return agreed;
  }

 private:
  [[nodiscard]] double ours(const char* language, std::size_t filters) const {
    return contest_.time_of(fmt::format("{} {} ours", language, filters));
  }

  void enter_bounds() {
    contest_.enter("six fields, on demand", [this](std::size_t events) {
      std::uint64_t taken = 0;
      for (std::size_t i = 0; i < events; ++i) taken += six_fields_.on_demand(corpus_[i]);
      return taken;
    });
    contest_.enter("six fields, dom", [this](std::size_t events) {
      std::uint64_t taken = 0;
      for (std::size_t i = 0; i < events; ++i) taken += six_fields_.dom(corpus_[i]);
      return taken;
    });
  }

  void enter_size(Language language, const char* language_name, std::size_t filters) {
    const auto texts = texts_of(std::span(rules_).first(filters), language);
    sizes_.push_back({filters, fmt::format("{} {}", language_name, filters),
                      compile_matcher_of(texts, language),
                      std::make_unique<OneByOne>(predicates_of(compile_texts(texts, language)))});
    const std::string name = sizes_.back().name;
    auto* matcher = sizes_.back().compiled.matcher.get();
    auto* one_by_one = sizes_.back().one_by_one.get();
    contest_.enter(name + " ours", [this, matcher](std::size_t events) {
      return count_matches(*matcher, std::span(events_).first(events), matches_);
    });
    contest_.enter(name + " one by one", [this, one_by_one](std::size_t events) {
      std::uint64_t matches = 0;
      for (std::size_t i = 0; i < events; ++i) matches += one_by_one->matches(corpus_[i]);
      return matches;
    });
    contest_.enter(name + " walk", [this, one_by_one](std::size_t events) {
      std::uint64_t objects = 0;
      for (std::size_t i = 0; i < events; ++i) objects += one_by_one->extract(corpus_[i]) ? 1u : 0u;
      return objects;
    });
  }

  void enter_engine() {
    plan_ = counting_plan(texts_of(std::span(rules_).first(100), Language::FilterPattern));
    worker_ = std::make_unique<runtime::Worker>(plan_);
    contest_.enter("100 filters: decode, match",
                   [this](std::size_t events) { return work_through(*worker_, corpus_, events); });
    contest_.enter("100 filters: decode, match, aggregate",
                   [this](std::size_t events) { return replay_through(plan_, corpus_, events); });
  }

  void print_line(const std::string& name) const {
    const double ns = contest_.time_of(name);
    fmt::print("{:<40} {:>9.0f} ns/event {:>12.0f} events/s {:>8.2f} of six fields\n", name, ns, 1e9 / ns,
               ns / six_fields());
  }

  static void print_head(const char* language) {
    fmt::print("\n{:<16} {:>14} {:>10} {:>12} {:>10} {:>10} {:>12} {:>10} {:>12} {:>11}\n", language,
               "matches/event", "ns/event", "events/s", "walk ns", "/ walk", "one by one", "faster",
               "compiled ms", "memory MB");
  }

  [[nodiscard]] static double megabytes(const Size& size) {
    return static_cast<double>(size.compiled.bytes) / 1e6;
  }

  void print_size(const Size& size) const {
    const double ns = contest_.time_of(size.name + " ours");
    const double walk = contest_.time_of(size.name + " walk");
    const double one_by_one = contest_.time_of(size.name + " one by one");
    const double matches = static_cast<double>(contest_.matches(size.name + " ours")) /
                           static_cast<double>(std::min<std::size_t>(corpus_.size(), 4'000));
    fmt::print(
        "{:>16} {:>14.2f} {:>10.0f} {:>12.0f} {:>10.0f} {:>10.2f} {:>12.0f} {:>10.1f} {:>12.1f} {:>11.2f}\n",
        size.filters, matches, ns, 1e9 / ns, walk, ns / walk, one_by_one, one_by_one / ns,
        milliseconds(size.compiled.took), megabytes(size));
  }

  ContestSettings settings_;
  Corpus corpus_;
  std::vector<event::Event> events_;
  std::vector<Rule> rules_;
  std::vector<Size> sizes_;
  SixFields six_fields_;
  runtime::Matches matches_;
  std::shared_ptr<const runtime::Plan> plan_;
  std::unique_ptr<runtime::Worker> worker_;
  Contest contest_;
};

}  // namespace

bool run_json_contest(const ContestSettings& settings, std::vector<Target>& targets) {
  JsonContest contest(settings);
  contest.run();
  contest.print();
  contest.add_targets(targets);
  return contest.agree();
}

}  // namespace tocsin::bench
