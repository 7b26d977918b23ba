#include "engine/notify/notification.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "engine/notify/notification_text.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;  // the members keep CloudWatch's order

constexpr std::size_t kMaxSubjectRegion = 40;

std::string_view comparison_operator(alarm::Comparison comparison) {
  switch (comparison) {
    case alarm::Comparison::Greater:
      return "GreaterThanThreshold";
    case alarm::Comparison::GreaterOrEqual:
      return "GreaterThanOrEqualToThreshold";
    case alarm::Comparison::Less:
      return "LessThanThreshold";
    case alarm::Comparison::LessOrEqual:
      return "LessThanOrEqualToThreshold";
  }
  return {};
}

std::string_view treat_missing_data(alarm::MissingData missing_data) {
  switch (missing_data) {
    case alarm::MissingData::Missing:
      return "missing";
    case alarm::MissingData::Ignore:
      return "ignore";
    case alarm::MissingData::Breaching:
      return "breaching";
    case alarm::MissingData::NotBreaching:
      return "notBreaching";
  }
  return {};
}

// Notifications shout the statistic that everything else spells "SampleCount" or "Sum".
std::string_view upper_case_statistic(metric::Statistic statistic) {
  switch (statistic) {
    case metric::Statistic::SampleCount:
      return "SAMPLE_COUNT";
    case metric::Statistic::Average:
      return "AVERAGE";
    case metric::Statistic::Sum:
      return "SUM";
    case metric::Statistic::Minimum:
      return "MINIMUM";
    case metric::Statistic::Maximum:
      return "MAXIMUM";
  }
  return {};
}

const std::vector<std::uint32_t>& topics_of(const alarm::AlarmDefinition& alarm, alarm::State state) {
  switch (state) {
    case alarm::State::Alarm:
      return alarm.notify_alarm;
    case alarm::State::Ok:
      return alarm.notify_ok;
    case alarm::State::InsufficientData:
      break;
  }
  return alarm.notify_insufficient_data;
}

// A long name loses its end, never the state or the region.
std::string subject_of(std::string_view state, std::string_view name, std::string_view region) {
  const std::string place = cut(printable_ascii(region), kMaxSubjectRegion);
  const std::size_t frame = fmt::formatted_size("{}: \"\" in {}", state, place);
  return fmt::format("{}: \"{}\" in {}", state, cut(printable_ascii(name), kMaxSubject - frame), place);
}

Json topic_arns(const std::vector<std::uint32_t>& indexes, const Installation& installation,
                const std::vector<TopicDefinition>& topics) {
  Json arns = Json::array();
  for (const std::uint32_t index : indexes) {
    TOCSIN_CHECK(index < topics.size());
    arns.push_back(
        fmt::format("arn:aws:sns:{}:{}:{}", installation.region, installation.account, topics[index].name));
  }
  return arns;
}

// The dimensions of the judged series, by name: what the alarm fixes and what this state of it stands for.
metric::Dimensions joined_dimensions(const alarm::AlarmDefinition& alarm,
                                     const alarm::Transition& transition) {
  std::map<std::string, std::string> joined(alarm.dimensions.begin(), alarm.dimensions.end());
  for (const auto& [name, value] : transition.dimensions) joined[name] = value;
  return {joined.begin(), joined.end()};
}

Json dimensions_of(const alarm::AlarmDefinition& alarm, const alarm::Transition& transition) {
  Json list = Json::array();
  for (const auto& [name, value] : joined_dimensions(alarm, transition)) list.push_back(Json{{"value", value}, {"name", name}});
  return list;
}

Json trigger_of(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                const metric::MetricDefinition& metric) {
  Json trigger;
  trigger["MetricName"] = metric.name;
  trigger["Namespace"] = metric.metric_namespace;
  trigger["StatisticType"] = "Statistic";
  trigger["Statistic"] = upper_case_statistic(alarm.statistic);
  trigger["Unit"] = alarm.unit.empty() ? Json(nullptr) : Json(alarm.unit);
  trigger["Dimensions"] = dimensions_of(alarm, transition);
  trigger["Period"] = std::chrono::duration_cast<std::chrono::seconds>(alarm.period).count();
  trigger["EvaluationPeriods"] = alarm.rule.evaluation_periods;
  if (alarm.datapoints_to_alarm_given) trigger["DatapointsToAlarm"] = alarm.rule.datapoints_to_alarm;
  trigger["ComparisonOperator"] = comparison_operator(alarm.rule.comparison);
  trigger["Threshold"] = alarm.rule.threshold;
  trigger["TreatMissingData"] = treat_missing_data(alarm.rule.missing_data);
  trigger["EvaluateLowSampleCountPercentile"] = "";
  return trigger;
}

std::string payload_of(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                       const metric::MetricDefinition& metric, const Installation& installation,
                       const std::vector<TopicDefinition>& topics) {
  Json payload;
  payload["AlarmName"] = alarm.name;
  payload["AlarmDescription"] = alarm.description.empty() ? Json(nullptr) : Json(alarm.description);
  payload["AWSAccountId"] = installation.account;
  payload["AlarmConfigurationUpdatedTimestamp"] = format_cloudwatch(installation.configured_at);
  payload["NewStateValue"] = alarm::to_string(transition.to);
  payload["NewStateReason"] = transition.reason;
  payload["StateChangeTime"] = format_cloudwatch(transition.time);
  payload["Region"] = installation.region;
  payload["AlarmArn"] =
      fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", installation.region, installation.account, alarm.name);
  payload["OldStateValue"] = alarm::to_string(transition.from);
  payload["OKActions"] = topic_arns(alarm.notify_ok, installation, topics);
  payload["AlarmActions"] = topic_arns(alarm.notify_alarm, installation, topics);
  payload["InsufficientDataActions"] = topic_arns(alarm.notify_insufficient_data, installation, topics);
  payload["Trigger"] = trigger_of(transition, alarm, metric);
  // Dimension values come out of other people's logs: broken UTF-8 is replaced, it must not stop an alert.
  return payload.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// An alarm rings since the oldest of its newest breaching periods in a row; what is quiet is so since now.
EventTime since(const alarm::Transition& transition) {
  EventTime start = transition.time;
  if (transition.to != alarm::State::Alarm) return start;
  for (auto point = transition.points.rbegin(); point != transition.points.rend(); ++point) {
    if (point->breaching) {
      start = point->start;
    } else if (point->value) {
      break;
    }
  }
  return start;
}

AlarmFacts facts_of(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                    const metric::MetricDefinition& metric, const Installation& installation,
                    std::vector<AlarmFacts::Example> examples) {
  AlarmFacts facts;
  facts.alarm = alarm.name;
  facts.description = alarm.description;
  facts.account = installation.account;
  facts.region = installation.region;
  facts.dimensions = joined_dimensions(alarm, transition);
  facts.from = transition.from;
  facts.to = transition.to;
  facts.from_since = transition.from_since;
  facts.time = transition.time;
  facts.since = since(transition);
  facts.metric_namespace = metric.metric_namespace;
  facts.metric = metric.name;
  facts.statistic = alarm.statistic;
  facts.rule = alarm.rule;
  facts.period = alarm.period;
  facts.reason = transition.reason;
  facts.points = transition.points;
  facts.examples = std::move(examples);
  return facts;
}

}  // namespace

// A region may be any label.
std::string source_of(const Installation& installation) {
  return fmt::format("/tocsin/{}/{}", percent_encode(installation.account),
                     percent_encode(installation.region));
}

std::vector<Notification> compose(const alarm::Transition& transition, const alarm::AlarmDefinition& alarm,
                                  const metric::MetricDefinition& metric, const Installation& installation,
                                  const std::vector<TopicDefinition>& topics,
                                  std::vector<AlarmFacts::Example> examples) {
  std::vector<Notification> notifications;
  const std::vector<std::uint32_t>& told = topics_of(alarm, transition.to);
  if (!alarm.actions_enabled || told.empty()) return notifications;

  const std::string state(alarm::to_string(transition.to));
  Notification notification;
  notification.id = transition.id;
  notification.time = transition.time;
  notification.subject = subject_of(state, alarm.name, installation.region);
  notification.payload = payload_of(transition, alarm, metric, installation, topics);
  notification.key = alarm.name + metric::describe(transition.dimensions);
  notification.attributes = {
      {"specversion", "1.0"},
      {"id", transition.id},
      {"source", source_of(installation)},
      {"type", "tocsin.alarm.state_change"},
      {"time", format_rfc3339(transition.time)},
      {"subject", notification.key},
      {"datacontenttype", "application/json"},
      {"sequence", std::to_string(transition.sequence)},
      {"state", state},
  };
  notification.facts = std::make_shared<const AlarmFacts>(
      facts_of(transition, alarm, metric, installation, std::move(examples)));
  for (const std::uint32_t topic : told) {
    TOCSIN_CHECK(topic < topics.size());
    notification.topic = topic;
    notifications.push_back(notification);
  }
  return notifications;
}

}  // namespace tocsin::notify
