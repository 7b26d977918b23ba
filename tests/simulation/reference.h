// What alarms have to decide, worked out the slow way: every alarm is judged at every minute that time
// passes, from all the values it ever got, by the rules of missing data as they are published. No windows, no
// schedule, no numbers: everything goes by its name.
//
//   records that chunks cover, frontiers of ticks --> Reference --> Decision, to compare with the shard's
//
// Knows what the simulation's configurations have: periods of whole minutes, neither early alarms nor default
// values nor states set by hand. Used by one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/base/time.h"
#include "engine/shard/definitions.h"
#include "tests/simulation/plans.h"

namespace tocsin::simulation {

struct Decision {
  EventTime time{};
  std::string alarm;
  std::string series;  // its dimension's value, or nothing
  alarm::State from = alarm::State::InsufficientData;
  alarm::State to = alarm::State::InsufficientData;

  bool operator==(const Decision&) const = default;
};
[[nodiscard]] std::string to_text(const Decision& decision);

class Reference {
 public:
  // Other definitions: what has the same name goes on.
  void configure(const shard::Definitions& definitions);
  // The moment from which alarms are judged.
  void start(EventTime time) { start_ = time; }
  // What the records of a chunk hold.
  void add(const Contributions& contributions);
  // Time is known to go so far, for each source; what that decides, in the order in which it is told.
  [[nodiscard]] std::vector<Decision> tick(const std::vector<EventTime>& frontier);

 private:
  using Minutes = std::map<EventTime, metric::StatisticSet>;
  struct Metric {
    EventTime frontier = kNever;  // everything before it is judged
    std::map<std::string, Minutes> series;
  };

  [[nodiscard]] EventTime reached(std::size_t metric) const;
  [[nodiscard]] EventTime judged_through(const Metric& metric) const;
  [[nodiscard]] bool is_late(std::size_t metric, EventTime minute) const;
  void judge(const alarm::AlarmDefinition& alarm, EventTime instant, std::vector<Decision>& decisions);

  shard::Definitions definitions_;
  std::optional<EventTime> start_;
  std::map<std::string, EventTime> sources_;  // how far each has come
  std::map<std::string, Metric> metrics_;
  std::map<std::pair<std::string, std::string>, alarm::State> states_;  // by alarm and series
};

}  // namespace tocsin::simulation
