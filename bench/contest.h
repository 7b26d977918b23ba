// Programs that do the same work on the same events, timed in turn: A B C A B C …, so that a machine whose
// speed drifts for minutes treats them all alike. What is compared is medians of the same rounds. And they
// must find the same matches.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::bench {

// Processor time of the calling thread: what others take of a shared machine does not count.
[[nodiscard]] std::chrono::nanoseconds thread_time();

// One go over the first so many events.
struct Pass {
  std::chrono::nanoseconds took{0};
  std::uint64_t matches = 0;
};

struct Turns {
  std::size_t events = 0;  // that there are
  std::size_t agreed = 0;  // over the first so many of them matches are compared
  std::size_t rounds = 11;
  bool whole = false;                     // each turn is over all events; otherwise about as long as `pass`
  std::chrono::milliseconds pass{40};     // but over one event at least
  std::chrono::milliseconds warm_up{40};  // of running before the first turn
};

class Contest {
 public:
  // A contestant on this thread: `matches_in(n)` does the first n events and says how often they matched.
  void enter(const std::string& name, const std::function<std::uint64_t(std::size_t)>& matches_in);
  // One that times itself.
  void enter_timed(const std::string& name, std::function<Pass(std::size_t)> run);

  void run(const Turns& turns);

  [[nodiscard]] bool has(const std::string& name) const { return places_.contains(name); }
  // The median of its turns, in nanoseconds an event.
  [[nodiscard]] double time_of(const std::string& name) const { return result_of(name).median; }
  // In the first Turns::agreed events.
  [[nodiscard]] std::uint64_t matches(const std::string& name) const { return result_of(name).matches; }

 private:
  struct Contestant {
    std::function<Pass(std::size_t)> run;
    std::size_t events_of_pass = 0;
    std::uint64_t matches = 0;
    std::vector<double> times;  // of each turn, an event
    double median = 0;
  };
  [[nodiscard]] const Contestant& result_of(const std::string& name) const;
  static void warm_up(Contestant& contestant, const Turns& turns);

  std::vector<Contestant> contestants_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace tocsin::bench
