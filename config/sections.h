// The sections of a configuration, loaded in the order of what refers to what:
//
//   sources ─► metric_filters ─► topics ─► alarms, rules ─► runtime::Plan
//
// Each takes the checked entries of its section out of all files, reports what is wrong beyond shapes, and
// adds to the plan what later sections refer to, faulty things too: a bad pattern is one fault, not one more
// for each alarm that rests on it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/faults.h"
#include "engine/notify/filter_policy.h"
#include "engine/runtime/plan.h"
#include "sinks/sink_kind.h"

namespace tocsin::config {

// What a source can be the origin of.
struct SourceFacts {
  std::vector<std::string> log_groups;  // of events that bring none
  bool names_shown = true;              // false: they come out of variables, and no hint may tell them
  bool brings_log_groups = false;       // envelopes name log groups that nothing here knows
  bool cloudtrail = false;              // its files come minutes late
};

// What is known of a metric besides its definition.
struct MetricFacts {
  metric::MetricDefinition definition;
  const Node* metric_namespace = nullptr;  // where it is first named
  const Node* name = nullptr;
  const Node* unit = nullptr;  // where its unit is given
  const Node* max_series = nullptr;
  std::vector<std::vector<std::string>> dimension_sets;  // of its filters, each sorted
  const Node* may_be_negative = nullptr;  // a value that a filter counts and that is not surely 0 or more
  bool certain = true;  // false: one of its filters is faulty, so its dimensions are not known
  std::optional<Duration> cloudtrail_delay;  // a CloudTrail source feeds it; the source's delay
};

using MetricKey = std::pair<std::string, std::string>;  // namespace, name

// A metric of which a fault left only a part to be read.
struct HalfKnownMetric {
  std::optional<std::string> metric_namespace;
  std::optional<std::string> name;
};

// A load in progress.
struct Load {
  Faults faults;
  // False: something of that section could not be read, so what refers to it cannot be judged.
  bool sources_known = true;
  bool metrics_known = true;
  bool topics_known = true;
  runtime::Plan plan;
  std::vector<SourceFacts> sources;  // beside plan.sources
  std::map<MetricKey, MetricFacts> metrics;
  std::vector<HalfKnownMetric> half_known_metrics;
  // The engine's own metrics that alarms watch, by name, with their place in plan.metrics.
  std::map<std::string, std::pair<std::uint32_t, MetricFacts>> own_metrics;
  std::vector<MetricKey> filter_metrics;  // beside plan.filters
  // What aws_limits.h counts, with the places to tell it at.
  std::vector<Entry> filter_entries;  // beside plan.filters
  std::vector<Entry> rule_entries;    // beside plan.rules
  std::vector<Entry> alarm_entries;   // beside plan.alarms
  // Those that keep something away, by the name of their topic.
  std::map<const Node*, std::vector<const Node*>> filter_policies;
  // By scope and JSON: subscriptions whose policies say the same share one, which is then asked once.
  std::map<std::pair<notify::FilterPolicy::Scope, std::string>, std::shared_ptr<const notify::FilterPolicy>>
      shared_policies;
  std::optional<Entry> smtp;                            // the section of that name
  std::vector<std::vector<sinks::SinkSettings>> sinks;  // beside plan.topics
  std::optional<sinks::SinkSettings> dead_letters;
};

// Sources stay in the order given; the entries of the others are sorted by name.
void load_sources(const std::vector<Entry>& entries, Load& load);
void load_filters(const std::vector<Entry>& entries, Load& load);
void load_topics(const std::vector<Entry>& entries, Load& load);
// `dead_letters:` of all files, which may stand in one only.
void load_dead_letters(const std::vector<Entry>& roots, Load& load);
void load_alarms(const std::vector<Entry>& entries, Load& load);
void load_rules(const std::vector<Entry>& entries, Load& load);

// The topics that a text or list of `map` names, as indexes into the plan's; those that are not there are
// reported.
[[nodiscard]] std::vector<std::uint32_t> read_topics(const Node& map, std::string_view key, Load& load);

// Is `text` an account's number: twelve digits?
[[nodiscard]] bool is_account(std::string_view text);

}  // namespace tocsin::config
