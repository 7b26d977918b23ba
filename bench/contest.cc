#include "bench/contest.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::bench {
namespace {

using std::chrono::nanoseconds;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

nanoseconds thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

void Contest::enter(const std::string& name, const std::function<std::uint64_t(std::size_t)>& matches_in) {
  enter_timed(name, [matches_in](std::size_t events) {
    const auto begun = thread_time();
    const std::uint64_t matches = matches_in(events);
    return Pass{thread_time() - begun, matches};
  });
}

void Contest::enter_timed(const std::string& name, std::function<Pass(std::size_t)> run) {
  const bool is_new = places_.emplace(name, contestants_.size()).second;
  TOCSIN_CHECK(is_new);
  contestants_.push_back({std::move(run)});
}

// Runs it until it is warm, and finds out how many events a pass of the wanted length has.
void Contest::warm_up(Contestant& contestant, const Turns& turns) {
  contestant.events_of_pass = turns.events;
  if (turns.whole) return;
  std::size_t events = std::min<std::size_t>(turns.events, 16);
  for (nanoseconds spent{0};;) {
    const nanoseconds took = std::max(contestant.run(events).took, nanoseconds{1});
    spent += took;
    const double wanted = static_cast<double>(events) * static_cast<double>(nanoseconds(turns.pass).count()) /
                          static_cast<double>(took.count());
    const auto next = static_cast<std::size_t>(std::clamp(wanted, 1.0, static_cast<double>(turns.events)));
    contestant.events_of_pass = next;
    if (spent >= turns.warm_up) return;
    events = std::min(next, events * 8);
  }
}

void Contest::run(const Turns& turns) {
  for (Contestant& contestant : contestants_) {
    contestant.matches = contestant.run(turns.agreed).matches;
    warm_up(contestant, turns);
  }
  for (std::size_t round = 0; round < turns.rounds; ++round) {
    for (Contestant& contestant : contestants_) {
      const Pass pass = contestant.run(contestant.events_of_pass);
      contestant.times.push_back(static_cast<double>(pass.took.count()) /
                                 static_cast<double>(contestant.events_of_pass));
    }
  }
  for (Contestant& contestant : contestants_) contestant.median = median(contestant.times);
}

const Contest::Contestant& Contest::result_of(const std::string& name) const {
  const auto found = places_.find(name);
  TOCSIN_CHECK(found != places_.end());
  return contestants_[found->second];
}

}  // namespace tocsin::bench
