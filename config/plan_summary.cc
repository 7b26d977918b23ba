#include "config/plan_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "config/characters.h"
#include "engine/base/number.h"
#include "engine/metric/window.h"
#include "filters/matcher.h"

namespace tocsin::config {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

std::string join(const auto& texts) {
  std::string out;
  for (const auto& text : texts) out += fmt::format("{}{}", out.empty() ? "" : ", ", text);
  return out;
}

std::string in_bytes(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.1f} GB", bytes / 1e9);
}

// What a filter has to look at in an event.
struct Reads {
  bool message = false;
  bool tokens = false;
  std::set<std::string> fields;

  void add(const event::Field& field) {
    std::visit(Overloaded{[this](const event::MessageField&) { message = true; },
                          [this](const event::JsonField& json) { fields.insert(json.selector.text); },
                          [this](const event::PathField& path) { fields.insert(path.path); },
                          [this](const event::TokenField&) { tokens = true; }},
               field);
  }
  void add(const event::Predicate& predicate) {
    if (predicate.op == event::Predicate::Op::Leaf) add(predicate.leaf.field);
    for (const event::Predicate& child : predicate.children) add(child);
  }
  void add(const runtime::Extraction& extraction) {
    std::visit(Overloaded{[this](const event::Selector& selector) { fields.insert(selector.text); },
                          [this](const event::TokenField&) { tokens = true; },
                          [this](const runtime::RegexGroup&) { message = true; }},
               extraction);
  }
  [[nodiscard]] std::string describe() const {
    std::vector<std::string> parts;
    if (!fields.empty()) parts.push_back("parses JSON for " + join(fields));
    if (tokens) parts.emplace_back("splits the line");
    if (message) parts.emplace_back("reads the whole text");
    return parts.empty() ? "reads nothing: every event matches" : join(parts);
  }
};

std::string describe_source(const source::SourceSettings& source) {
  std::string out = std::visit(
      Overloaded{[](const source::KafkaSettings& kafka) {
                   return fmt::format("Kafka {} on {}, group {}", join(kafka.topics), kafka.brokers,
                                      kafka.group);
                 },
                 [](const source::FileSettings& files) {
                   return fmt::format("files {}{}", join(files.paths), files.follow ? ", followed" : "");
                 },
                 [](const source::StdinSettings&) { return std::string("standard input"); }},
      source.kind);
  out += source.decode.log_group.empty() ? "; each topic is a log group"
                                         : "; log group " + source.decode.log_group;
  if (!source.decode.accounts.empty())
    out += fmt::format("; {} accounts allowed", source.decode.accounts.size());
  if (source.delay != Duration{0}) out += fmt::format("; judged {} later", format_duration(source.delay));
  return out;
}

std::string metric_name(const metric::MetricDefinition& metric) {
  return fmt::format("{}/{}", metric.metric_namespace, metric.name);
}

std::string join_some(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 3;
  if (texts.size() <= kShown) return join(texts);
  const std::vector<std::string> shown(texts.begin(), texts.begin() + kShown);
  return fmt::format("{} and {} more", join(shown), texts.size() - kShown);
}

// How its matches are found among those of all filters.
std::string describe_access(const filters::FilterAccess& access) {
  if (!access.is_indexed)
    return fmt::format("no key: asked of every event, about {:.0f} ns each", access.nanoseconds);
  const std::string first = join_some(access.keys);
  if (access.second_keys.empty()) return fmt::format("found by {}", first);
  return fmt::format("found by {} together with {}", first, join_some(access.second_keys));
}

std::string describe_filter(const runtime::FilterPlan& filter, const runtime::Plan& plan,
                            const filters::FilterAccess& access) {
  Reads reads;
  reads.add(filter.match.predicate);
  for (const runtime::Extraction& extraction : filter.match.extractions) reads.add(extraction);
  std::vector<std::string> dimensions;
  for (const auto& dimension : filter.dimensions) dimensions.push_back(dimension.name);
  return fmt::format(
      "{} to {}{}; {}; {}",
      filter.match.log_groups.empty() ? "all log groups" : "log groups " + join(filter.match.log_groups),
      metric_name(plan.metrics[filter.metric]), dimensions.empty() ? "" : " for each " + join(dimensions),
      reads.describe(), describe_access(access));
}

// The memory of one series: its buckets.
double bytes_of_series(const metric::MetricDefinition& metric) {
  const auto buckets = static_cast<double>(metric.retention / metric.bucket + 1);
  return buckets * static_cast<double>(sizeof(metric::Bucket));
}

std::string describe_metric(std::size_t index, const runtime::Plan& plan) {
  const metric::MetricDefinition& metric = plan.metrics[index];
  const bool many = std::ranges::any_of(plan.filters, [&](const runtime::FilterPlan& filter) {
    return filter.metric == index && !filter.dimensions.empty();
  });
  std::string out = fmt::format("buckets of {}, ", format_duration(metric.bucket));
  out += metric.retention == Duration{0}
             ? "no alarm looks at them"
             : fmt::format("{} kept, {} a series", format_duration(metric.retention),
                           in_bytes(bytes_of_series(metric)));
  if (!many) return out;
  return out + fmt::format("; at most {} series, {} if all are there", metric.max_series,
                           in_bytes(bytes_of_series(metric) * metric.max_series));
}

std::string_view symbol(alarm::Comparison comparison) {
  switch (comparison) {
    case alarm::Comparison::Greater:
      return ">";
    case alarm::Comparison::GreaterOrEqual:
      return ">=";
    case alarm::Comparison::Less:
      return "<";
    case alarm::Comparison::LessOrEqual:
      break;
  }
  return "<=";
}

std::string describe_alarm(const alarm::AlarmDefinition& alarm, const runtime::Plan& plan) {
  const auto topics = [&plan](const std::vector<std::uint32_t>& indexes) {
    std::vector<std::string> names;
    for (const std::uint32_t index : indexes) names.push_back(plan.topics[index].name);
    return join(names);
  };
  std::string out = fmt::format(
      "{} of {} over {} {} {}, {} of {}; looks back {}, judged every {}", metric::to_string(alarm.statistic),
      metric_name(plan.metrics[alarm.metric]), format_duration(alarm.period), symbol(alarm.rule.comparison),
      format_number(alarm.rule.threshold), alarm.rule.datapoints_to_alarm, alarm.rule.evaluation_periods,
      format_duration(alarm::looks_back(alarm)), format_duration(alarm::evaluation_interval(alarm)));
  if (!alarm.for_each.empty()) out += fmt::format("; one state for each {}", join(alarm.for_each));
  if (!alarm.dimensions.empty()) out += "; of " + metric::describe(alarm.dimensions);
  if (!alarm.notify_alarm.empty()) out += "; ALARM to " + topics(alarm.notify_alarm);
  if (!alarm.notify_ok.empty()) out += "; OK to " + topics(alarm.notify_ok);
  if (!alarm.notify_insufficient_data.empty())
    out += "; INSUFFICIENT_DATA to " + topics(alarm.notify_insufficient_data);
  return out + (alarm.actions_enabled ? "" : "; tells nobody (actions are off)");
}

std::string describe_rule(const runtime::RulePlan& rule, const runtime::Plan& plan,
                          const filters::FilterAccess& access) {
  Reads reads;
  reads.add(rule.match.predicate);
  std::vector<std::string> topics;
  for (const std::uint32_t index : rule.topics) topics.push_back(plan.topics[index].name);
  return fmt::format(
      "{} to {}; {}; {}",
      rule.match.log_groups.empty() ? "all log groups" : "log groups " + join(rule.match.log_groups),
      join(topics), reads.describe(), describe_access(access));
}

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string paragraph(std::string_view title, const Rows& rows) {
  constexpr std::size_t kWidest = 32;
  if (rows.empty()) return {};
  std::size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, std::min(count_characters(name), kWidest));
  std::string out = fmt::format("{}\n", title);
  for (const auto& [name, text] : rows) {
    const std::size_t length = count_characters(name);
    out += fmt::format("  {}{}  {}\n", printable(name), std::string(width > length ? width - length : 0, ' '),
                       printable(text));
  }
  return out;
}

}  // namespace

std::string summarize(const Configuration& configuration) {
  const runtime::Plan& plan = *configuration.plan;
  Rows sources;
  for (const auto& source : plan.sources) sources.emplace_back(source.name, describe_source(source));
  Rows rows_of_filters;
  std::vector<runtime::MatchSpec> specs;
  for (const auto& filter : plan.filters) specs.push_back(filter.match);
  for (const auto& rule : plan.rules) specs.push_back(rule.match);
  const auto accesses = filters::explain_access(*filters::compile_matcher(std::move(specs)));
  Rows rules;
  std::vector<std::string> asked_always;
  double nanoseconds = 0;
  const auto add_cost = [&](const std::string& name, const filters::FilterAccess& access) {
    nanoseconds += access.nanoseconds;
    if (!access.is_indexed) asked_always.push_back(name);
  };
  for (std::size_t i = 0; i < plan.filters.size(); ++i) {
    rows_of_filters.emplace_back(plan.filters[i].name, describe_filter(plan.filters[i], plan, accesses[i]));
    add_cost(plan.filters[i].name, accesses[i]);
  }
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const filters::FilterAccess& access = accesses[plan.filters.size() + i];
    rules.emplace_back(plan.rules[i].name, describe_rule(plan.rules[i], plan, access));
    add_cost(plan.rules[i].name, access);
  }
  Rows matching;
  if (!accesses.empty()) {
    matching.emplace_back("found by keys",
                          fmt::format("{} of {} filters{}", accesses.size() - asked_always.size(),
                                      accesses.size(), plan.rules.empty() ? "" : " and rules"));
    matching.emplace_back("asked of every event", asked_always.empty() ? "none" : join(asked_always));
    matching.emplace_back("predicates",
                          fmt::format("about {:.0f} ns an event of 1.2 kB, beside its walk", nanoseconds));
  }
  Rows metrics;
  for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
    metrics.emplace_back(metric_name(plan.metrics[i]), describe_metric(i, plan));
  }
  Rows alarms;
  for (const auto& alarm : plan.alarms) alarms.emplace_back(alarm.name, describe_alarm(alarm, plan));
  Rows topics;
  for (const auto& topic : plan.topics) {
    std::vector<std::string> names;
    for (const auto& subscription : topic.subscriptions) names.push_back(subscription.name);
    topics.emplace_back(topic.name, names.empty() ? "nobody" : join(names));
  }
  Rows dead_letters;
  if (const auto& settings = configuration.dead_letters) {
    const bool file = settings->kind == "file";
    dead_letters.emplace_back(settings->kind, file ? settings->texts.at("path")
                                                   : fmt::format("{} on {}", settings->texts.at("topic"),
                                                                 settings->texts.at("brokers")));
  }
  return paragraph("sources", sources) + paragraph("metric filters", rows_of_filters) +
         paragraph("matching", matching) + paragraph("metrics", metrics) + paragraph("alarms", alarms) +
         paragraph("rules", rules) + paragraph("topics", topics) + paragraph("dead letters", dead_letters);
}

}  // namespace tocsin::config
