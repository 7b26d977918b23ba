#include "engine/runtime/plan_definitions.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/decode.h"
#include "engine/runtime/own_metrics.h"

namespace tocsin::runtime {
namespace {

bool may_bring_any_group(const source::SourceSettings& source) {
  return event::may_bring_log_groups(source.decode.format);
}

bool brings_group(const source::SourceSettings& source, const std::string& group) {
  if (!source.decode.log_group.empty()) return source.decode.log_group == group;
  if (const auto* kafka = std::get_if<source::KafkaSettings>(&source.kind)) {
    return std::find(kafka->topics.begin(), kafka->topics.end(), group) != kafka->topics.end();
  }
  return source.name == group;
}

// The sources that may feed a filter: those whose log group it names. A group that no source has of its own
// can only come out of an envelope.
std::vector<std::uint32_t> sources_of(const Plan& plan, const FilterPlan& filter) {
  std::vector<std::uint32_t> sources;
  const auto add = [&](auto&& applies) {
    for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
      if (applies(plan.sources[i])) sources.push_back(i);
    }
    return !sources.empty();
  };
  if (!filter.match.log_groups.empty()) {
    for (const std::string& group : filter.match.log_groups) {
      const std::size_t before = sources.size();
      add([&](const source::SourceSettings& source) { return brings_group(source, group); });
      if (sources.size() == before) add(may_bring_any_group);
    }
  }
  if (sources.empty()) add([](const source::SourceSettings&) { return true; });
  return sources;
}

// The engine's own metrics come from a source of their own, after those of the plan; no other can be called
// so.
constexpr std::string_view kOwnSource = "(own metrics)";

}  // namespace

shard::Definitions definitions_of(const Plan& plan) {
  shard::Definitions definitions;
  definitions.metrics = plan.metrics;
  definitions.alarms = plan.alarms;
  definitions.sources.clear();
  for (const source::SourceSettings& source : plan.sources) definitions.sources.push_back(source.name);
  definitions.sources.emplace_back(kOwnSource);
  definitions.metric_sources.resize(plan.metrics.size());
  for (const FilterPlan& filter : plan.filters) {
    if (filter.default_value) {
      definitions.defaults.push_back({filter.metric, *filter.default_value, filter.name});
    }
    auto& sources = definitions.metric_sources[filter.metric];
    for (const std::uint32_t source : sources_of(plan, filter)) sources.push_back(source);
  }
  for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
    if (plan.metrics[i].metric_namespace == kOwnNamespace) definitions.metric_sources[i] = {own_source(plan)};
  }
  for (auto& sources : definitions.metric_sources) {
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  }
  return definitions;
}

}  // namespace tocsin::runtime
