// The plan: everything the configuration asks for, checked, compiled and immutable. Swapped whole, never
// changed; any number of threads read it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/metric/series.h"
#include "engine/notify/notification.h"
#include "engine/runtime/matcher.h"
#include "engine/source/settings.h"

namespace tocsin::runtime {

// A metric filter: what it matches, and the datapoint a match becomes.
struct FilterPlan {
  std::string name;
  MatchSpec match;
  std::uint32_t metric = 0;                       // index into Plan::metrics
  double value = 1;                               // the literal, unless value_extraction
  std::optional<std::uint32_t> value_extraction;  // index into match.extractions
  std::optional<double> default_value;  // of minutes with events and no match; only without dimensions
  struct Dimension {
    std::string name;
    std::uint32_t extraction = 0;
  };
  std::vector<Dimension> dimensions;  // sorted by name
};

inline constexpr std::uint64_t kDefaultMemory = std::uint64_t{512} << 20;
inline constexpr std::uint64_t kLeastMemory = std::uint64_t{64} << 20;

// An event rule: what it matches goes to its topics as it is, event by event.
struct RulePlan {
  std::string name;
  std::string description;
  MatchSpec match;                    // without extractions
  std::vector<std::uint32_t> topics;  // as indexes into the plan's; at least one
};

struct Plan {
  notify::Installation installation;
  std::uint64_t memory = kDefaultMemory;        // bytes of what waits (memory_shares.h)
  std::vector<source::SourceSettings> sources;  // in the order of the configuration
  std::vector<FilterPlan> filters;              // sorted by name
  std::vector<metric::MetricDefinition>
      metrics;                                  // sorted by namespace, name; then own ones that alarms watch
  std::vector<alarm::AlarmDefinition> alarms;   // sorted by name
  std::vector<RulePlan> rules;                  // sorted by name
  std::vector<notify::TopicDefinition> topics;  // sorted by name
  // Makes a matcher over the specs of `filters`, then of `rules`, one for each worker; set by the
  // configuration.
  std::function<std::unique_ptr<Matcher>()> make_matcher;
  // The same over the filter policies on bodies, in the order of body_policies() (policy_judge.h); may be null
  // where there are none.
  std::function<std::unique_ptr<Matcher>()> make_policy_matcher;
};

}  // namespace tocsin::runtime
