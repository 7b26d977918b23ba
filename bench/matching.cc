// matching: how fast the matcher of all filters is, beside bounds and beside programs that do the same.
//
//   matching [--quick] [--seed N] [--peers DIR] [--tocsin PROGRAM --walk-bound PROGRAM --demo DIR]
//   [--instructions]
//
// Everything is timed in turn in one run (contest.h); the table at the end holds the measurements against
// their targets. Ends with 1 where two programs do not find the same matches.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/instructions.h"
#include "bench/json_contest.h"
#include "bench/program_contest.h"
#include "bench/ruler_contest.h"
#include "bench/targets.h"
#include "bench/text_contest.h"

namespace tocsin::bench {
namespace {

// Of callgrind's runs: one kind of work and nothing else.
struct Counted {
  std::string what;
  std::size_t filters = 0;
  std::size_t events = 0;
};

int run(int argc, char** argv) {
  CLI::App app("Times the matcher of all filters beside bounds and other programs.", "matching");
  ContestSettings settings;
  bool quick = false;
  std::vector<std::string> only{"json", "event-ruler", "text", "programs", "instructions"};
  std::filesystem::path peers = "build/peers";
  Programs programs;
  Counted counted;
  app.add_option("--only", only, "these sections")
      ->check(CLI::IsMember(only))
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--events", settings.events, "CloudTrail records, lines of text")
      ->capture_default_str()
      ->check(CLI::Range(4'000, 1'000'000));
  app.add_option("--seed", settings.seed, "another seed, other events and rules")->capture_default_str();
  app.add_flag("--quick", quick, "a third of the rounds");
  app.add_option("--peers", peers, "what bench/peers/fetch got")->capture_default_str();
  app.add_option("--tocsin", programs.tocsin, "the program, to be timed as a whole");
  app.add_option("--walk-bound", programs.walk_bound, "its bound");
  app.add_option("--demo", programs.demo, "the folder with the demo's day");
  app.add_option("--count", counted.what)->group("");
  app.add_option("--filters", counted.filters)->group("");
  app.add_option("--first", counted.events)->group("");
  CLI11_PARSE(app, argc, argv);
  if (!counted.what.empty()) {
    do_counted_work(settings, counted.what, counted.filters, counted.events);
    return 0;
  }
  if (quick) settings.rounds /= 3;

  const auto wanted = [&](const char* section) { return std::ranges::find(only, section) != only.end(); };
  std::vector<Target> targets;
  bool agreed = true;
  if (wanted("json")) agreed = run_json_contest(settings, targets) && agreed;
  if (wanted("event-ruler")) agreed = run_ruler_contest(settings, peers, targets) && agreed;
  if (wanted("text")) agreed = run_text_contest(settings, targets) && agreed;
  if (wanted("programs")) agreed = run_program_contest(settings, programs, targets) && agreed;
  if (wanted("instructions")) print_instructions(settings, std::filesystem::read_symlink("/proc/self/exe"));
  print_targets(targets);
  return agreed ? 0 : 1;
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) { return tocsin::bench::run(argc, argv); }
