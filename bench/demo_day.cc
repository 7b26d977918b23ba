#include "bench/demo_day.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <system_error>
#include <utility>

#include "bench/account_activity.h"
#include "bench/backup_events.h"
#include "bench/delivery.h"
#include "bench/ssh_log.h"

namespace tocsin::bench {
namespace {

using namespace std::chrono_literals;

// How busy each hour is, compared with the others.
constexpr std::array<std::uint32_t, 24> kBusyness{60,  52,  48,  46,  46,  50,  62, 84, 110, 128, 134, 132,
                                                  124, 130, 136, 134, 126, 112, 96, 86, 80,  76,  70,  64};

// Everything but the ordinary calls, in order of time.
Lines scheduled_lines(const DemoDay& day, const ApiCalls& calls) {
  Lines lines;
  Random business(day.seed, 1);
  Random backups(day.seed, 2);
  Random hosts(day.seed, 3);
  Random story(day.seed, 4);
  add_daily_business(day.start, calls, business, lines);
  add_ssh_sessions(day.start, day.events / 25, hosts, lines);
  add_ssh_noise(day.start, hosts, lines);

  add_ssh_guessing(day.start + 3h + 12min, 8min, 140, "203.0.113.77", story, lines);
  add_root_without_mfa(day.start + 9h + 41min, 18, "203.0.113.140", story, lines);
  add_backups(day.start,
              {.failing = "billing-db", .failing_hour = 5, .silent = "mail-archive", .silent_hour = 12},
              backups, lines);
  add_trail_stopped(day.start + 17h + 48min, 5, "203.0.113.140", story, lines);
  add_refused_probing(day.start + 20h + 15min, 14min, 240, 2, "203.0.113.21", calls, story, lines);
  std::ranges::stable_sort(lines, {}, &Line::time);
  return lines;
}

// When ordinary call `i` of `count` is: evenly through each hour, more of them in busy hours.
class Pace {
 public:
  Pace(EventTime start, std::uint64_t count) : start_(start), count_(count) {
    for (std::size_t hour = 0; hour < 24; ++hour) before_[hour + 1] = before_[hour] + kBusyness[hour];
  }

  [[nodiscard]] EventTime at(std::uint64_t i) const {
    constexpr std::uint64_t kHour = 3'600'000;
    const std::uint64_t position =
        i * (before_[24] * kHour) / count_;  // holds for two thousand million calls
    std::size_t hour = 0;
    while (before_[hour + 1] * kHour <= position) ++hour;
    const std::uint64_t within = (position - before_[hour] * kHour) / kBusyness[hour];
    return start_ + Duration{static_cast<std::int64_t>(hour * kHour + within)};
  }

 private:
  EventTime start_;
  std::uint64_t count_;
  std::array<std::uint64_t, 25> before_{};  // busyness of the hours before
};

}  // namespace

Result<std::uint64_t> write_demo_day(const DemoDay& day,
                                     const std::function<void(const DemoDayProgress&)>& progress) {
  const ApiCalls calls;
  const Lines scheduled = scheduled_lines(day, calls);
  if (scheduled.size() >= day.events) {
    return fail(ErrorCode::Invalid,
                fmt::format("the story alone takes {} events: ask for more", scheduled.size()));
  }
  const std::filesystem::path complete = day.folder / "complete";
  std::error_code absent;
  std::filesystem::remove(complete, absent);  // until everything is there again
  auto delivery = Delivery::open(day.folder, day.start, day.seed);
  if (!delivery) return std::unexpected(delivery.error());

  const std::uint64_t ordinary = day.events - scheduled.size();
  const Pace pace(day.start, ordinary);
  Random random(day.seed, 5);
  auto next = scheduled.begin();
  for (std::uint64_t i = 0; i < ordinary; ++i) {
    const EventTime time = pace.at(i);
    for (; next != scheduled.end() && next->time <= time; ++next) delivery->add(*next);
    Line line;
    add_ordinary_call(time, calls, random, line);
    delivery->add(std::move(line));
    if (i % 1024 == 1023) progress({delivery->bytes(), delivery->bytes() / i * ordinary, i, time});
  }
  for (; next != scheduled.end(); ++next) delivery->add(*next);
  if (auto finished = delivery->finish(); !finished) return std::unexpected(finished.error());

  std::ofstream(complete) << fmt::format("{} events of {}, seed {}\n", day.events,
                                         format_rfc3339(day.start).substr(0, 10), day.seed);
  return delivery->bytes();
}

}  // namespace tocsin::bench
