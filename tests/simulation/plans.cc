#include "tests/simulation/plans.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "config/load.h"
#include "engine/runtime/plan_definitions.h"

namespace tocsin::simulation {
namespace {

constexpr std::string_view kText = R"(
sources:
  app: {{kafka: {{brokers: "none:9092", topics: [app], group: g}}, format: json, time: {{field: $.t}}}}
  other: {{kafka: {{brokers: "none:9092", topics: [other], group: g}}, format: json, time: {{field: $.t}}}}
metric_filters:
  values:
    log_groups: [app, other]
    pattern: '{{ $.account = "*" }}'
    metric: {{namespace: Sim, name: Values, value: $.value, dimensions: {{Account: $.account}}}}
  errors:
    log_groups: [app]
    pattern: '{{ $.error IS TRUE }}'
    metric: {{namespace: Sim, name: Errors}}
{}
alarms:
  high:
    metric: {{namespace: Sim, name: Values, statistic: Sum, period: 1m}}
    for_each: Account
    condition: "> {}"
    notify: {{alarm: [told], ok: [told], insufficient_data: [told]}}
  silent:
    metric: {{namespace: Sim, name: Errors, statistic: SampleCount, period: 1m}}
    condition: "< 1"
    evaluation_range: 2
    missing_data: breaching
    notify: {{alarm: [told, urgent], ok: [told]}}
{}
rules:
  errors:
    log_groups: [app]
    event_pattern: {{error: [true]}}
    notify: [events]
topics:
  events: {{subscriptions: [{{console: {{}}}}]}}
  told: {{subscriptions: [{{console: {{}}}}, {{console: {{}}}}]}}
  urgent: {{subscriptions: [{{console: {{}}}}]}}
)";

constexpr std::string_view kBigFilter = R"(
  big:
    log_groups: [app, other]
    pattern: '{ $.value > 50 }'
    metric: {namespace: Sim, name: Big}
)";
constexpr std::string_view kBigAlarm = R"(
  big:
    metric: {namespace: Sim, name: Big, statistic: SampleCount, period: 2m}
    condition: ">= 100"
    datapoints: 2 of 2
    missing_data: not_breaching
    notify: {alarm: [urgent], ok: [urgent]}
)";
constexpr std::string_view kErrorsAlarm = R"(
  errors:
    metric: {namespace: Sim, name: Errors, statistic: Sum, period: 1m}
    condition: ">= 1"
    evaluation_range: 1
    missing_data: not_breaching
    notify: {alarm: [urgent], ok: [told]}
)";

Configured load(int threshold, bool errors, bool big) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("simulation-{}.yaml", getpid());
  std::ofstream(path) << fmt::format(
      kText, big ? kBigFilter : "", threshold,
      std::string(errors ? kErrorsAlarm : "") + std::string(big ? kBigAlarm : ""));
  const config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  if (!loaded.configuration) {
    for (const auto& diagnostic : loaded.diagnostics) fmt::print("{}\n", config::render(diagnostic));
    std::exit(1);
  }
  Configured configured{loaded.configuration->plan, definitions_of(*loaded.configuration->plan), {}, big};
  configured.encoded = encode(configured.definitions);
  return configured;
}

}  // namespace

const std::vector<Configured>& configurations() {
  static const std::vector<Configured> all = {load(2500, true, false), load(1500, true, true),
                                              load(2500, false, true)};
  return all;
}

bool is_told(const std::string& topic, const Entry& entry) {
  return topic == "app" && entry.error &&
         (entry.kind == Entry::Kind::Event || entry.kind == Entry::Kind::NoValue);
}

void expect(const Configured& configured, const std::string& topic, const Entry& entry,
            Contributions& contributions, Ledger& ledger) {
  ++ledger["read"];
  if (entry.kind == Entry::Kind::Empty) {
    ++ledger["skipped"];
    return;
  }
  if (entry.kind == Entry::Kind::Broken) {
    ++ledger["dead"];
    ++ledger["rejected.not_json"];
    return;
  }
  ++ledger["decoded"];
  ++ledger["events"];
  ++ledger["matched"];
  const EventTime minute = floor_to(entry.time, std::chrono::minutes(1));
  if (entry.kind == Entry::Kind::NoValue) {
    ++ledger["rejected.value_missing"];
  } else {
    contributions[{"Values", entry.account, minute}].add(static_cast<double>(entry.value));
  }
  if (is_told(topic, entry)) ++ledger["rule_matches"];
  if (topic == "app" && entry.error) {
    ++ledger["matched"];
    contributions[{"Errors", "", minute}].add(1);
  }
  if (configured.big && entry.kind == Entry::Kind::Event && entry.value > 50) {
    ++ledger["matched"];
    contributions[{"Big", "", minute}].add(1);
  }
}

}  // namespace tocsin::simulation
