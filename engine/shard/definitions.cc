#include "engine/shard/definitions.h"

#include "engine/base/wire.h"
#include "engine/shard/fields.h"

namespace tocsin::shard {
namespace {

void put(WireWriter& out, const metric::MetricDefinition& metric) {
  out.text(metric.metric_namespace);
  out.text(metric.name);
  out.text(metric.unit);
  out.duration(metric.bucket);
  out.duration(metric.retention);
  out.number(metric.max_series);
}

metric::MetricDefinition get_metric(WireReader& in) {
  metric::MetricDefinition metric;
  metric.metric_namespace = in.text();
  metric.name = in.text();
  metric.unit = in.text();
  metric.bucket = in.duration();
  metric.retention = in.duration();
  metric.max_series = in.below(std::size_t{1} << 32);
  if (metric.bucket <= Duration{0}) in.fail();
  return metric;
}

void put(WireWriter& out, const alarm::AlarmDefinition& alarm) {
  out.text(alarm.name);
  out.number(alarm.metric);
  out.byte(static_cast<std::uint8_t>(alarm.statistic));
  out.duration(alarm.period);
  out.real(alarm.rule.threshold);
  out.byte(static_cast<std::uint8_t>(alarm.rule.comparison));
  out.number(alarm.rule.evaluation_periods);
  out.number(alarm.rule.datapoints_to_alarm);
  out.byte(static_cast<std::uint8_t>(alarm.rule.missing_data));
  out.number(alarm.evaluation_range);
  out.number(alarm.for_each.size());
  for (const std::string& name : alarm.for_each) out.text(name);
  shard::put(out, alarm.dimensions);
  out.text(alarm.unit);
  out.flag(alarm.actions_enabled);
  out.flag(alarm.early);
  out.flag(alarm.datapoints_to_alarm_given);
}

alarm::AlarmDefinition get_alarm(WireReader& in, std::size_t metrics) {
  alarm::AlarmDefinition alarm;
  alarm.name = in.text();
  alarm.metric = in.below(metrics);
  alarm.statistic = static_cast<metric::Statistic>(in.below(5));
  alarm.period = in.duration();
  alarm.rule.threshold = in.real();
  alarm.rule.comparison = static_cast<alarm::Comparison>(in.below(4));
  alarm.rule.evaluation_periods = static_cast<std::uint32_t>(in.number());
  alarm.rule.datapoints_to_alarm = static_cast<std::uint32_t>(in.number());
  alarm.rule.missing_data = static_cast<alarm::MissingData>(in.below(4));
  alarm.evaluation_range = static_cast<std::uint32_t>(in.number());
  alarm.for_each.resize(in.count());
  for (std::string& name : alarm.for_each) name = in.text();
  alarm.dimensions = get_dimensions(in);
  alarm.unit = in.text();
  alarm.actions_enabled = in.flag();
  alarm.early = in.flag();
  alarm.datapoints_to_alarm_given = in.flag();
  const bool sound = alarm.period > Duration{0} && alarm.rule.datapoints_to_alarm >= 1 &&
                     alarm.rule.datapoints_to_alarm <= alarm.rule.evaluation_periods &&
                     alarm.rule.evaluation_periods <= alarm.evaluation_range;
  if (!sound) in.fail();
  return alarm;
}

}  // namespace

std::string encode(const Definitions& definitions) {
  std::string bytes;
  WireWriter out(bytes);
  out.number(definitions.metrics.size());
  for (const metric::MetricDefinition& metric : definitions.metrics) put(out, metric);
  out.number(definitions.alarms.size());
  for (const alarm::AlarmDefinition& alarm : definitions.alarms) put(out, alarm);
  out.number(definitions.defaults.size());
  for (const Definitions::Default& value : definitions.defaults) {
    out.number(value.metric);
    out.real(value.value);
    out.text(value.filter);
  }
  out.number(definitions.sources.size());
  for (const std::string& source : definitions.sources) out.text(source);
  for (const auto& sources : definitions.metric_sources) {
    out.number(sources.size());
    for (const std::uint32_t source : sources) out.number(source);
  }
  return bytes;
}

Result<Definitions> decode_definitions(std::string_view bytes) {
  WireReader in(bytes);
  Definitions definitions;
  definitions.sources.clear();
  for (std::size_t left = in.count(); left > 0; --left) definitions.metrics.push_back(get_metric(in));
  const std::size_t metrics = definitions.metrics.size();
  for (std::size_t left = in.count(); left > 0; --left) {
    definitions.alarms.push_back(get_alarm(in, metrics));
  }
  for (std::size_t left = in.count(); left > 0; --left) {
    Definitions::Default value;
    value.metric = in.below(metrics);
    value.value = in.real();
    value.filter = in.text();
    definitions.defaults.push_back(std::move(value));
  }
  for (std::size_t left = in.count(); left > 0; --left) definitions.sources.emplace_back(in.text());
  definitions.metric_sources.resize(metrics);
  for (auto& sources : definitions.metric_sources) {
    for (std::size_t left = in.count(); left > 0; --left) {
      sources.push_back(in.below(definitions.sources.size()));
    }
  }
  if (in.failed() || !in.at_end()) return fail(ErrorCode::Invalid, "the definitions are damaged");
  return definitions;
}

}  // namespace tocsin::shard
