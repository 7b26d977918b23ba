#include "bench/ruler_contest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "bench/compiled_rules.h"
#include "bench/contest.h"
#include "bench/peer.h"

namespace tocsin::bench {
namespace {

namespace fs = std::filesystem;

// One set of rules for both programs, and what is asked of us.
struct RuleSet {
  Wildcards wildcards = Wildcards::Used;
  std::size_t rules = 0;
  double at_least = 0;
};

constexpr std::array<RuleSet, 4> kRuleSets{{{Wildcards::Used, 100, 12},
                                            {Wildcards::Used, 1'000, 40},
                                            {Wildcards::Avoided, 100, 10},
                                            {Wildcards::Avoided, 1'000, 10}}};

std::string name_of(const RuleSet& set) {
  return fmt::format("{} rules {}", set.rules,
                     set.wildcards == Wildcards::Used ? "mixed" : "without wildcards");
}

template <typename Texts>
void write_lines(const fs::path& path, const Texts& texts) {
  std::ofstream stream(path, std::ios::binary);
  for (const auto& text : texts) stream << text << '\n';
}

class RulerContest {
 public:
  RulerContest(const ContestSettings& settings, fs::path peers)
      : settings_(settings),
        peers_(std::move(peers)),
        corpus_(call_log(settings.events, settings.seed)),
        events_(events_of(corpus_)) {
    fs::create_directories(peers_ / "data");
    write_lines(peers_ / "data" / "calls.jsonl", call_log(settings.events, settings.seed));
    for (const RuleSet& set : kRuleSets) enter(set);
  }

  [[nodiscard]] bool has_ruler() const {
    return std::ranges::all_of(entrants_, [](const Entrant& entrant) { return entrant.ruler != nullptr; });
  }

  void run() {
    contest_.run({.events = corpus_.size(),
                  .agreed = agreed_,
                  .rounds = settings_.rounds,
                  .pass = std::chrono::milliseconds(100),
                  .warm_up = std::chrono::milliseconds(settings_.rounds > 7 ? 4'000 : 2'000)});
  }

  void print() const {
    fmt::print("{:<28} {:>14} {:>10} {:>15} {:>10} {:>12} {:>20}\n", "event-ruler on the same",
               "matches/event", "ns/event", "event-ruler ns", "faster", "compiled ms", "event-ruler's ms");
    for (std::size_t i = 0; i < kRuleSets.size(); ++i) print_set(name_of(kRuleSets[i]), entrants_[i]);
    fmt::print("\n");
  }

  void add_targets(std::vector<Target>& targets) const {
    for (const RuleSet& set : kRuleSets) {
      const std::string name = name_of(set);
      targets.push_back({name + ": speed / event-ruler", Target::Bound::AtLeast, set.at_least,
                         contest_.time_of(name + " ruler") / contest_.time_of(name + " ours"), "x"});
    }
  }

  [[nodiscard]] bool agree() const {
    bool agreed = true;
    for (const RuleSet& set : kRuleSets) {
      const std::uint64_t ours = contest_.matches(name_of(set) + " ours");
      const std::uint64_t its = contest_.matches(name_of(set) + " ruler");
      if (ours == its) continue;
      fmt::print("DISAGREEMENT: {}: {} matches of ours, {} of event-ruler\n", name_of(set), ours, its);
      agreed = false;
    }
    return agreed;
  }

 private:
  struct Entrant {
    CompiledMatcher ours;
    std::unique_ptr<Peer> ruler;
  };

  void enter(const RuleSet& set) {
    const auto texts = texts_of(rule_mix(set.rules, set.wildcards, settings_.seed), Language::EventPattern);
    const fs::path rules = peers_ / "data" / (name_of(set) + ".txt");
    write_lines(rules, texts);
    const std::string classes = fmt::format("{0}/ruler:{0}/ruler/jars/*", peers_.string());
    entrants_.push_back({compile_matcher_of(texts, Language::EventPattern),
                         Peer::start({"java", "-XX:+UseSerialGC", "-XX:MarkSweepAlwaysCompactCount=1",
                                      "-Xms1g", "-Xmx1g", "-cp", classes, "RulerPasses",
                                      (peers_ / "data" / "calls.jsonl").string(), rules.string()})});
    auto* matcher = entrants_.back().ours.matcher.get();
    auto* ruler = entrants_.back().ruler.get();
    contest_.enter(name_of(set) + " ours", [this, matcher](std::size_t events) {
      return count_matches(*matcher, std::span(events_).first(events), matches_);
    });
    if (ruler != nullptr) {
      contest_.enter_timed(name_of(set) + " ruler",
                           [ruler](std::size_t events) { return ruler->run(events); });
    }
  }

  void print_set(const std::string& name, const Entrant& entrant) const {
    const double ours = contest_.time_of(name + " ours");
    const double ruler = contest_.time_of(name + " ruler");
    const auto milliseconds = [](auto duration) {
      return std::chrono::duration<double, std::milli>(duration).count();
    };
    fmt::print("{:>28} {:>14.2f} {:>10.0f} {:>15.0f} {:>10.1f} {:>12.1f} {:>20.1f}\n", name,
               static_cast<double>(contest_.matches(name + " ours")) / static_cast<double>(agreed_), ours,
               ruler, ruler / ours, milliseconds(entrant.ours.took),
               milliseconds(entrant.ruler->compiled_in()));
  }

  ContestSettings settings_;
  fs::path peers_;
  Corpus corpus_;
  std::vector<event::Event> events_;
  std::size_t agreed_ = std::min<std::size_t>(corpus_.size(), 4'000);
  std::vector<Entrant> entrants_;
  runtime::Matches matches_;
  Contest contest_;
};

void add_missing(std::vector<Target>& targets) {
  for (const RuleSet& set : kRuleSets) {
    targets.push_back({name_of(set) + ": speed / event-ruler",
                       Target::Bound::AtLeast,
                       set.at_least,
                       {},
                       "x",
                       "event-ruler (bench/peers/fetch)"});
  }
}

}  // namespace

bool run_ruler_contest(const ContestSettings& settings, const fs::path& peers, std::vector<Target>& targets) {
  if (!fs::exists(peers / "ruler" / "RulerPasses.class")) {
    add_missing(targets);
    return true;
  }
  RulerContest contest(settings, peers);
  if (!contest.has_ruler()) {
    add_missing(targets);
    return true;
  }
  contest.run();
  contest.print();
  contest.add_targets(targets);
  return contest.agree();
}

}  // namespace tocsin::bench
