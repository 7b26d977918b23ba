// demo_data: writes the demo's day, a day of account logs of a made-up company with six incidents in it.
//
//   demo_data --out DIR [--events N] [--seed S] [--day YYYY-MM-DD]
//
// The same options give the same bytes on every machine. What there is more of with --events are ordinary
// calls and sessions; the story and all that comes near a threshold stay as they are.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/account_activity.h"
#include "bench/backup_events.h"
#include "bench/delivery.h"
#include "bench/ssh_log.h"
#include "cli/progress.h"

namespace tocsin::bench {
namespace {

using namespace std::chrono_literals;

// How busy each hour is, compared with the others.
constexpr std::array<std::uint32_t, 24> kBusyness{60,  52,  48,  46,  46,  50,  62, 84, 110, 128, 134, 132,
                                                  124, 130, 136, 134, 126, 112, 96, 86, 80,  76,  70,  64};

Lines scheduled_lines(EventTime day, std::size_t events, std::uint64_t seed, const ApiCalls& calls) {
  Lines lines;
  Random business(seed, 1);
  Random backups(seed, 2);
  Random hosts(seed, 3);
  Random story(seed, 4);
  add_daily_business(day, calls, business, lines);
  add_backups(day, {.failing = "billing-db", .failing_hour = 5, .silent = "mail-archive", .silent_hour = 12},
              backups, lines);
  add_ssh_sessions(day, events / 25, hosts, lines);
  add_ssh_noise(day, hosts, lines);

  add_ssh_guessing(day + 3h + 12min, 4min, 64, "203.0.113.77", story, lines);
  add_root_without_mfa(day + 9h + 41min, 18, "203.0.113.140", story, lines);
  add_trail_stopped(day + 17h + 48min, 5, "203.0.113.140", story, lines);
  add_refused_probing(day + 20h + 15min, 9min, 180, 2, "203.0.113.21", calls, story, lines);
  std::ranges::stable_sort(lines, {}, &Line::time);
  return lines;
}

// The time of ordinary call `i` of `count`: evenly through each hour, more of them in busy hours.
class Pace {
 public:
  Pace(EventTime day, std::uint64_t count) : day_(day), count_(count) {
    std::uint64_t sum = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      before_[hour] = sum;
      sum += kBusyness[hour];
    }
    before_[24] = sum;
  }

  [[nodiscard]] EventTime at(std::uint64_t i) const {
    constexpr std::uint64_t kHour = 3'600'000;
    const std::uint64_t position = i * (before_[24] * kHour) / count_;  // at most 7e9 times 2.6e9 events
    std::size_t hour = 0;
    while (before_[hour + 1] * kHour <= position) ++hour;
    const std::uint64_t within = (position - before_[hour] * kHour) / kBusyness[hour];
    return day_ + Duration{static_cast<std::int64_t>(hour * kHour + within)};
  }

 private:
  EventTime day_;
  std::uint64_t count_;
  std::array<std::uint64_t, 25> before_{};
};

int fail_with(const Error& error) {
  fmt::print(stderr, "demo_data: {}\n", describe(error));
  return 3;
}

int generate(const std::filesystem::path& out, std::uint64_t events, std::uint64_t seed, EventTime day) {
  const ApiCalls calls;
  const Lines scheduled = scheduled_lines(day, events, seed, calls);
  if (scheduled.size() >= events) {
    fmt::print(stderr, "demo_data: --events must be more than {}, which the story takes\n", scheduled.size());
    return 2;
  }
  const std::filesystem::path complete = out / "complete";
  std::error_code ignored;
  std::filesystem::remove(complete, ignored);  // until everything is there again
  auto delivery = Delivery::open(out, day, seed);
  if (!delivery) return fail_with(delivery.error());

  const std::uint64_t ordinary = events - scheduled.size();
  const Pace pace(day, ordinary);
  Random random(seed, 5);
  cli::Progress progress(stderr, cli::text_style_of(stderr));
  auto next = scheduled.begin();
  for (std::uint64_t i = 0; i < ordinary; ++i) {
    Line line;
    const EventTime time = pace.at(i);
    for (; next != scheduled.end() && next->time <= time; ++next) delivery->add(*next);
    add_ordinary_call(time, calls, random, line);
    delivery->add(std::move(line));
    if (i % 1024 == 1023) progress.update({delivery->bytes(), delivery->bytes() / i * ordinary, i, time});
  }
  for (; next != scheduled.end(); ++next) delivery->add(*next);
  if (const auto finished = delivery->finish(); !finished) return fail_with(finished.error());
  progress.erase();

  std::ofstream(complete) << fmt::format("{} events of {}, seed {}\n", events,
                                         format_rfc3339(day).substr(0, 10), seed);
  fmt::print(stderr, "{} events of {} in {} ({})\n", cli::group_digits(events),
             format_rfc3339(day).substr(0, 10), out.string(), cli::format_bytes(delivery->bytes()));
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Writes a day of account logs of a made-up company, with six incidents in it.", "demo_data");
  std::string out;
  std::uint64_t events = 300'000;
  std::uint64_t seed = 1;
  std::string day = "2026-03-01";
  app.add_option("--out", out, "folder for the files")->required();
  app.add_option("--events", events, "how many in all")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100'000'000u));
  app.add_option("--seed", seed, "another seed, other details")->capture_default_str();
  app.add_option("--day", day, "the day, in UTC")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto start = parse_rfc3339(day + "T00:00:00Z");
  if (!start) {
    fmt::print(stderr, "demo_data: --day '{}' is no date; write it as 2026-03-01\n", day);
    return 2;
  }
  return generate(out, events, seed, *start);
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) { return tocsin::bench::run(argc, argv); }
