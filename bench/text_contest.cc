#include "bench/text_contest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bench/application_line.h"
#include "bench/compiled_rules.h"
#include "bench/contest.h"
#include "bench/one_by_one.h"
#include "bench/regex_sets.h"
#include "bench/whole_program.h"

namespace tocsin::bench {
namespace {

// mtail's language: every expression counts.
std::string mtail_program(const std::vector<std::string>& regexes) {
  std::string program = "counter matches\n";
  for (const std::string& regex : regexes) program += fmt::format("/{}/ {{\n  matches++\n}}\n", regex);
  return program;
}

std::uint64_t number_after(const std::string& text, const std::string& key) {
  const std::size_t at = text.rfind(key);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + key.size(), nullptr, 10);
}

class TextContest {
 public:
  explicit TextContest(const ContestSettings& settings)
      : settings_(settings),
        lines_(application_log(settings.events, settings.seed)),
        events_(events_of(lines_)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "mtail");
    enter_ours();
    enter_set("RE2::Set", re2_set_.get());
    enter_set("Hyperscan", hyperscan_set_.get());
    enter_mtail();
    enter_ripgrep();
  }
  ~TextContest() { std::filesystem::remove_all(folder_); }
  TextContest(const TextContest&) = delete;
  TextContest& operator=(const TextContest&) = delete;

  void run() { contest_.run({.events = lines_.size(), .agreed = agreed_, .rounds = settings_.rounds}); }

  void print() const {
    fmt::print(
        "{} lines of text in memory, {:.0f} bytes each on average, {} regexes, {:.2f} matches a line\n\n",
        lines_.size(), static_cast<double>(lines_.bytes()) / static_cast<double>(lines_.size()),
        regexes_.size(), static_cast<double>(contest_.matches("ours")) / static_cast<double>(agreed_));
    for (const char* name :
         {"ours", "RE2::Set", "Hyperscan", "one by one", "mtail", "ripgrep, lines with any match"}) {
      print_line(name);
    }
    fmt::print("\n");
  }

  void add_targets(std::vector<Target>& targets) const {
    using enum Target::Bound;
    targets.push_back(compared("text, 100 regexes: speed / bare RE2::Set", "RE2::Set", 0.8));
    targets.push_back(compared("text, 100 regexes: speed / mtail", "mtail", 80));
    targets.push_back(compared("text, 100 regexes: speed / bare Hyperscan (aim)", "Hyperscan", 0.7));
  }

  [[nodiscard]] bool agree() const {
    bool agreed = true;
    for (const char* name : {"RE2::Set", "Hyperscan", "one by one", "mtail"}) {
      if (!contest_.has(name) || contest_.matches(name) == contest_.matches("ours")) continue;
      fmt::print("DISAGREEMENT: {} matches of ours, {} of {}\n", contest_.matches("ours"),
                 contest_.matches(name), name);
      agreed = false;
    }
    return agreed;
  }

 private:
  void enter_ours() {
    contest_.enter("ours", [this](std::size_t lines) {
      return count_matches(*compiled_.matcher, std::span(events_).first(lines), matches_);
    });
    contest_.enter("one by one", [this](std::size_t lines) {
      std::uint64_t matches = 0;
      for (std::size_t i = 0; i < lines; ++i) matches += one_by_one_.matches(lines_[i]);
      return matches;
    });
  }

  void enter_set(const char* name, RegexSet* set) {
    if (set == nullptr) return;
    contest_.enter(name, [this, set](std::size_t lines) {
      std::uint64_t matches = 0;
      for (std::size_t i = 0; i < lines; ++i) matches += set->matches(lines_[i]);
      return matches;
    });
  }

  void enter_mtail() {
    if (!is_installed("mtail")) return;
    std::ofstream(folder_ / "mtail" / "regexes.mtail") << mtail_program(regexes_);
    mtail_.emplace(
        fmt::format("mtail --one_shot --progs {} --log_dir {} --logs FILE", (folder_ / "mtail").string(),
                    folder_.string()),
        [](const std::string& output) { return number_after(output, "\"Value\": "); }, lines_, folder_);
    contest_.enter_timed("mtail", [this](std::size_t lines) { return mtail_->run(lines); });
  }

  void enter_ripgrep() {
    if (!is_installed("rg")) return;
    std::ofstream list(folder_ / "regexes.txt");
    for (const std::string& regex : regexes_) list << regex << '\n';
    ripgrep_.emplace(
        fmt::format("rg --threads 1 --count --file {} FILE", (folder_ / "regexes.txt").string()),
        [](const std::string& output) { return std::strtoull(output.c_str(), nullptr, 10); }, lines_,
        folder_);
    contest_.enter_timed("ripgrep, lines with any match",
                         [this](std::size_t lines) { return ripgrep_->run(lines); });
  }

  void print_line(const char* name) const {
    if (!contest_.has(name)) {
      fmt::print("{:<40} missing\n", name);
      return;
    }
    const double ns = contest_.time_of(name);
    fmt::print("{:<40} {:>9.0f} ns/line {:>12.0f} lines/s {:>12.2f} of ours\n", name, ns, 1e9 / ns,
               contest_.time_of("ours") / ns);
  }

  // How many times as fast as another ours is.
  [[nodiscard]] Target compared(const char* what, const char* other, double limit) const {
    Target target{what, Target::Bound::AtLeast, limit, {}, "x", other};
    if (contest_.has(other)) target.measured = contest_.time_of(other) / contest_.time_of("ours");
    return target;
  }

  ContestSettings settings_;
  Corpus lines_;
  std::vector<event::Event> events_;
  std::size_t agreed_ = std::min<std::size_t>(lines_.size(), 4'000);
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("matching-{}", getpid());
  std::vector<std::string> regexes_ = application_regexes();
  CompiledMatcher compiled_ = compile_matcher_of(regexes_, Language::Regex);
  OneByOne one_by_one_{predicates_of(compile_texts(regexes_, Language::Regex))};
  std::unique_ptr<RegexSet> re2_set_ = re2_set(regexes_);
  std::unique_ptr<RegexSet> hyperscan_set_ = hyperscan_set(regexes_);
  std::optional<WholeProgram> mtail_;
  std::optional<WholeProgram> ripgrep_;
  runtime::Matches matches_;
  Contest contest_;
};

}  // namespace

bool run_text_contest(const ContestSettings& settings, std::vector<Target>& targets) {
  TextContest contest(settings);
  contest.run();
  contest.print();
  contest.add_targets(targets);
  return contest.agree();
}

}  // namespace tocsin::bench
