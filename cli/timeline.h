// What a backtest found, told to people: one entry for each incident, in order of time, each named once.
//
//   shard --Transition, ClosedBucket--> Timeline --text on stderr
//   engine --EventFacts of rules──────────┘
//
//   Sunday 1 March 2026 (UTC)
//
//     03:13–03:19  ALARM  ssh-failures  SourceIp 203.0.113.77
//                       ··▃▇█▅▁·  10 in 5 min (alarm at ≥ 10) · OK after 6 min · from hosts.log:1523
//
//     14:02        EVENT  backup-failed  111122223333, eu-central-1
//                         aws.backup Backup Job State Change: FAILED … · from backup.jsonl:7
//
// An incident is the time an alarm spends in ALARM with one set of dimension values. Other transitions are
// only counted. Entries are held until render(), since how an incident ended belongs to it; beyond
// kMaxIncidents they are counted by alarm, so memory stays flat. Of the events of a rule the first few are
// named, the others counted. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/text_style.h"
#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"
#include "engine/base/time.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"
#include "engine/notify/notification.h"
#include "engine/shard/shard.h"

namespace tocsin::cli {

// Where a person finds an event: "hosts.log:1523", "org-cloudtrail[3]@1523".
using PlaceOf = std::function<std::string(const alarm::Evidence&)>;

class Timeline {
 public:
  static constexpr std::size_t kMaxIncidents = 10'000;
  static constexpr std::size_t kNamedEvents = 5;  // of a rule

  // The plan's alarms and metrics must outlive the timeline.
  Timeline(std::span<const alarm::AlarmDefinition> alarms, std::span<const metric::MetricDefinition> metrics,
           PlaceOf place_of, TextStyle style, std::size_t max_incidents = kMaxIncidents);

  // Transitions in order of time.
  void add(const alarm::Transition& transition);

  // An event that a rule tells; in any order.
  void add(const notify::EventFacts& event);

  // What was measured, for the little curve of an incident: buckets that close after the transition that
  // looked at them. Without them there are no curves.
  void add(const shard::ClosedBucket& bucket);

  // The whole timeline, each line with its end. "No incidents." if there were none.
  [[nodiscard]] std::string render() const;

 private:
  // The values from the first judged period to the incident's end, in a bounded number of cells: when they
  // run out, two become one.
  struct Curve {
    EventTime start{};
    Duration width{};
    std::vector<metric::StatisticSet> cells;

    void add(EventTime time, const metric::StatisticSet& values);
  };
  struct Incident {
    std::uint32_t alarm = 0;
    metric::Dimensions dimensions;
    EventTime start{};
    std::string why;  // the values against the threshold, in words
    Curve curve;
    std::string place;  // of the first event behind it; empty: none (silence)
    std::optional<EventTime> end;
    alarm::State after = alarm::State::Ok;  // the state that ended it
  };
  using Key = std::pair<std::uint32_t, metric::Dimensions>;  // an alarm or a metric, and a series of it

  struct Sighting {
    EventTime time{};
    std::string whose;  // the account and region it names
    std::string summary;
    std::string place;
  };
  // What a rule has told.
  struct Sightings {
    std::uint64_t events = 0;
    EventTime newest = kNever;
    std::vector<Sighting> first;  // by time
  };

  void open(const alarm::Transition& transition);
  void close(const alarm::Transition& transition);
  [[nodiscard]] std::string draw(const Incident& incident, std::size_t name_columns) const;
  [[nodiscard]] std::string draw(const std::string& rule, const Sighting& sighting,
                                 std::size_t name_columns) const;
  [[nodiscard]] std::string closing_lines() const;

  std::span<const alarm::AlarmDefinition> alarms_;
  std::span<const metric::MetricDefinition> metrics_;
  PlaceOf place_of_;
  TextStyle style_;
  std::size_t max_incidents_;
  std::vector<Incident> incidents_;                   // in order of their start
  std::map<Key, std::size_t> open_;                   // those without an end, as indexes into incidents_
  std::map<std::uint32_t, std::uint64_t> beyond_;     // incidents past the maximum, by alarm
  std::map<Key, std::vector<std::size_t>> measured_;  // by metric: incidents whose curve may still grow
  std::map<std::string, Sightings> rules_;            // by name
  std::uint64_t quiet_ = 0;                           // transitions that neither start nor end an incident
};

}  // namespace tocsin::cli
