#include "bench/instructions.h"

#include <fmt/format.h>

#include <cstdlib>
#include <span>

#include "bench/compiled_rules.h"
#include "bench/one_by_one.h"
#include "bench/six_fields.h"
#include "bench/whole_program.h"
#include "engine/base/check.h"

namespace tocsin::bench {
namespace {

constexpr std::size_t kEvents = 1'500;  // that there are
constexpr std::size_t kWarm = 500;  // over so many it warms up; what the others take more is what is counted

std::uint64_t instructions_of(const std::filesystem::path& self, const ContestSettings& settings,
                              const std::string& what, std::size_t filters, std::size_t events) {
  const std::string output = output_of(fmt::format(
      "(valgrind --tool=callgrind --callgrind-out-file=/dev/null {} --seed {} --count '{}' --filters {} "
      "--first {} 2>&1)",
      self.string(), settings.seed, what, filters, events));
  const std::string key = "Collected : ";
  const std::size_t at = output.find(key);
  return at == std::string::npos ? 0 : std::strtoull(output.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

void do_counted_work(const ContestSettings& settings, const std::string& what, std::size_t filters,
                     std::size_t events) {
  const Corpus corpus(call_log(kEvents, settings.seed));
  std::uint64_t done = 0;
  if (what == "six fields") {
    SixFields six_fields;
    for (std::size_t i = 0; i < events; ++i) done += six_fields.on_demand(corpus[i]);
  } else {
    const auto texts = texts_of(rule_mix(filters, Wildcards::Used, settings.seed), Language::EventPattern);
    if (what == "walk") {
      OneByOne fields(predicates_of(compile_texts(texts, Language::EventPattern)));
      for (std::size_t i = 0; i < events; ++i) done += fields.extract(corpus[i]) ? 1u : 0u;
    } else {
      const auto compiled = compile_matcher_of(texts, Language::EventPattern);
      const auto all = events_of(corpus);
      runtime::Matches matches;
      done = count_matches(*compiled.matcher, std::span(all).first(events), matches);
    }
  }
  TOCSIN_CHECK(done > 0 || events == 0);
}

void print_instructions(const ContestSettings& settings, const std::filesystem::path& self) {
  if (!is_installed("valgrind")) {
    fmt::print("instructions an event: missing, valgrind is not installed\n\n");
    return;
  }
  const auto of_event = [&](const std::string& what, std::size_t filters) {
    const auto all = instructions_of(self, settings, what, filters, kEvents);
    const auto warm = instructions_of(self, settings, what, filters, kWarm);
    return static_cast<double>(all - warm) / static_cast<double>(kEvents - kWarm);
  };
  fmt::print("instructions an event, counted by callgrind\n\n{:<40} {:>9.0f}\n", "six fields, on demand",
             of_event("six fields", 0));
  for (const std::size_t filters : {std::size_t{10}, std::size_t{100}, std::size_t{1'000}}) {
    fmt::print("{:<40} {:>9.0f}\n", fmt::format("event patterns {}: walk", filters),
               of_event("walk", filters));
    fmt::print("{:<40} {:>9.0f}\n", fmt::format("event patterns {}: ours", filters),
               of_event("ours", filters));
  }
  fmt::print("\n");
}

}  // namespace tocsin::bench
