#include "bench/program_contest.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "bench/contest.h"
#include "bench/corpus.h"
#include "bench/whole_program.h"

namespace tocsin::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRecords = 60'000;  // that one-condition programs read

std::uint64_t first_number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

// The first of the processors that this program may use.
int a_processor() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  int first = 0;
  while (first + 1 < CPU_SETSIZE && !CPU_ISSET(static_cast<std::size_t>(first), &allowed)) ++first;
  return first;
}

constexpr const char* kOneProcessor = "tocsin backtest, 1 worker, one processor";
constexpr const char* kOneWorker = "tocsin backtest, 1 worker";
constexpr const char* kTwoWorkers = "tocsin backtest, 2 workers";

std::uint64_t lines_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return static_cast<std::uint64_t>(std::count(std::istreambuf_iterator<char>(stream), {}, '\n'));
}

class ProgramContest {
 public:
  ProgramContest(const ContestSettings& settings, Programs programs)
      : settings_(settings), programs_(std::move(programs)) {
    fs::create_directories(folder_);
    enter_demo();
    enter_one_condition();
  }
  ~ProgramContest() { fs::remove_all(folder_); }
  ProgramContest(const ProgramContest&) = delete;
  ProgramContest& operator=(const ProgramContest&) = delete;

  void run() {
    demo_.run(turns(demo_events_));
    one_condition_.run(turns(kRecords));
  }

  void print() const {
    fmt::print("the demo's day, {} events in files, whole programs\n\n", demo_events_);
    for (const char* name :
         {"reading lines", "bound: lines and JSON walk", kOneProcessor, kOneWorker, kTwoWorkers}) {
      print_line(demo_, name, "bound: lines and JSON walk");
    }
    fmt::print("\none condition on {} CloudTrail records in a file, whole programs\n\n", kRecords);
    for (const char* name : {"tocsin match --event-pattern", "jq", "tocsin match --regex", "ripgrep"}) {
      print_line(one_condition_, name, "tocsin match --event-pattern");
    }
    fmt::print("\n");
  }

  void add_targets(std::vector<Target>& targets) const {
    using enum Target::Bound;
    const double one = demo_.time_of(kOneProcessor);
    targets.push_back(
        {"tocsin backtest of the demo, one processor: events/s", AtLeast, 600'000, 1e9 / one, ""});
    targets.push_back({"tocsin backtest of the demo, 2 workers: speed / one processor", AtLeast, 1.8,
                       one / demo_.time_of(kTwoWorkers), "x"});
  }

  [[nodiscard]] bool agree() const {
    bool agreed = true;
    for (const char* name : {"jq", "tocsin match --regex", "ripgrep"}) {
      if (!one_condition_.has(name)) continue;
      const std::uint64_t ours = one_condition_.matches("tocsin match --event-pattern");
      if (one_condition_.matches(name) == ours) continue;
      fmt::print("DISAGREEMENT: {} matches of tocsin match, {} of {}\n", ours, one_condition_.matches(name),
                 name);
      agreed = false;
    }
    return agreed;
  }

 private:
  // Every turn is a whole run.
  [[nodiscard]] Turns turns(std::size_t events) const {
    return {.events = events,
            .agreed = events,
            .rounds = std::max<std::size_t>(settings_.rounds / 3, 3),
            .whole = true};
  }

  static void enter(Contest& contest, const char* name, std::string command) {
    contest.enter_timed(name, [command = std::move(command)](std::size_t) {
      const auto begun = std::chrono::steady_clock::now();
      const std::string output = output_of(command);
      return Pass{std::chrono::steady_clock::now() - begun, first_number(output)};
    });
  }

  void enter_demo() {
    std::string files;
    for (const auto& entry : fs::directory_iterator(programs_.demo)) {
      const auto extension = entry.path().extension();
      if (extension != ".jsonl" && extension != ".log") continue;
      files += " " + entry.path().string();
      demo_events_ += lines_of(entry.path());
    }
    const std::string bound = programs_.walk_bound.string();
    enter(demo_, "reading lines", bound + files);
    enter(demo_, "bound: lines and JSON walk", bound + " --walk" + files);
    const auto backtest = [&](int workers, const std::string& prefix) {
      return fmt::format("DEMO_DATA={} {}{} backtest -c config/demo/tocsin.yaml --workers {} > /dev/null",
                         programs_.demo.string(), prefix, programs_.tocsin.string(), workers);
    };
    enter(demo_, kOneProcessor, backtest(1, fmt::format("taskset -c {} ", a_processor())));
    enter(demo_, kOneWorker, backtest(1, ""));
    enter(demo_, kTwoWorkers, backtest(2, ""));
  }

  void enter_one_condition() {
    const fs::path file = folder_ / "calls.jsonl";
    std::ofstream stream(file, std::ios::binary);
    for (const std::string& call : call_log(kRecords, settings_.seed)) stream << call << '\n';
    const std::string tocsin = programs_.tocsin.string();
    enter(one_condition_, "tocsin match --event-pattern",
          fmt::format(R"({} match --count --event-pattern '{{"errorCode":["ThrottlingException"]}}' {})",
                      tocsin, file.string()));
    enter(one_condition_, "tocsin match --regex",
          fmt::format(R"({} match --count --regex '"errorCode":"ThrottlingException"' {})", tocsin,
                      file.string()));
    if (is_installed("jq")) {
      enter(one_condition_, "jq",
            fmt::format(R"(jq -c 'select(.errorCode == "ThrottlingException") | 1' {} | wc -l)",
                        file.string()));
    }
    if (is_installed("rg")) {
      enter(one_condition_, "ripgrep",
            fmt::format(R"(rg --threads 1 --count '"errorCode":"ThrottlingException"' {})", file.string()));
    }
  }

  static void print_line(const Contest& contest, const char* name, const char* bound) {
    if (!contest.has(name)) {
      fmt::print("{:<40} missing\n", name);
      return;
    }
    const double ns = contest.time_of(name);
    fmt::print("{:<40} {:>9.0f} ns/event {:>12.0f} events/s {:>8.2f} of the {}\n", name, ns, 1e9 / ns,
               contest.time_of(bound) / ns, std::string(bound).starts_with("bound") ? "bound" : "first");
  }

  ContestSettings settings_;
  Programs programs_;
  fs::path folder_ = fs::temp_directory_path() / fmt::format("matching-programs-{}", getpid());
  std::uint64_t demo_events_ = 0;
  Contest demo_;
  Contest one_condition_;
};

}  // namespace

bool run_program_contest(const ContestSettings& settings, const Programs& programs,
                         std::vector<Target>& targets) {
  if (programs.tocsin.empty()) {
    fmt::print("whole programs: none were given\n\n");
    return true;
  }
  ProgramContest contest(settings, programs);
  contest.run();
  contest.print();
  contest.add_targets(targets);
  return contest.agree();
}

}  // namespace tocsin::bench
