// `metric_filters:` — which events count, and as what.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/characters.h"
#include "config/match_spec.h"
#include "config/reader.h"
#include "config/sections.h"
#include "engine/base/number.h"
#include "engine/runtime/own_metrics.h"
#include "filters/filter_language.h"

namespace tocsin::config {
namespace {

constexpr std::size_t kMaxFilterName = 512;
constexpr std::size_t kMaxMetricName = 255;
constexpr std::size_t kMaxValueText = 100;
const double kMaxValue = std::ldexp(1.0, 360);  // CloudWatch's range of values, both ways

// Reports a name of a metric that CloudWatch would not take.
void check_metric_name(const Node& name, std::string_view what, Faults& faults) {
  const std::size_t wrong = name.text.find_first_of(":*$");
  if (wrong != std::string::npos) {
    faults.error_inside(name, wrong, fmt::format("{} cannot hold `{}`", what, name.text[wrong]));
    return;
  }
  const std::size_t length = count_characters(name.text);
  if (length == 0 || length > kMaxMetricName) {
    faults.error(name, fmt::format("{} has 1 to {} characters, not {}", what, kMaxMetricName, length));
  }
}

void check_dimension_name(const Node& name, Faults& faults) {
  const std::string& text = name.written;
  const bool printable_ascii = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (text.find_first_not_of(' ') == std::string::npos || text.size() > kMaxMetricName || !printable_ascii ||
      text[0] == ':') {
    faults.error(
        name, fmt::format("{} cannot be the name of a dimension", quoted(name)),
        fmt::format("1 to {} printable ASCII characters, not blank, not starting with `:`", kMaxMetricName));
  }
}

void check_value_range(const Node& node, double value, Faults& faults) {
  if (std::abs(value) > kMaxValue)
    faults.error(node, "the number is beyond what a metric can hold", "at most 2^360 either way");
}

class FilterLoader {
 public:
  FilterLoader(const Entry& entry, Load& load)
      : entry_(entry), map_(*entry.value), load_(load), faults_(load.faults) {}

  void run() {
    plan_.name = entry_.key->written;
    if (plan_.name.empty() || count_characters(plan_.name) > kMaxFilterName) {
      faults_.error(*entry_.key,
                    fmt::format("the name of a metric filter has 1 to {} characters", kMaxFilterName));
    } else if (plan_.name.find_first_of(":*") != std::string::npos) {
      faults_.error(*entry_.key, "the name of a metric filter cannot hold `:` or `*`",
                    "write `-`, `_`, `/` or a space in its place");
    }
    filter_ = read_match(map_, plan_.match, load_);
    const Node* metric = read_map(map_, "metric");
    if (metric == nullptr) {
      const bool there = std::ranges::any_of(map_.entries, [](const Entry& entry) {
        return nearest(entry.key->written, {"metric"}) == "metric";
      });
      if (there) load_.half_known_metrics.emplace_back();  // an alarm may wait for this one
      return;
    }
    const Node* metric_namespace = read_text(*metric, "namespace");
    const Node* name = read_text(*metric, "name");
    if (metric_namespace == nullptr || name == nullptr) {
      HalfKnownMetric& half = load_.half_known_metrics.emplace_back();
      if (metric_namespace != nullptr) half.metric_namespace = metric_namespace->text;
      if (name != nullptr) half.name = name->text;
      return;
    }
    check_metric_name(*metric_namespace, "a namespace", faults_);
    if (metric_namespace->text == runtime::kOwnNamespace) {
      faults_.error(*metric_namespace,
                    fmt::format("the namespace {} holds the engine's own metrics", quoted(*metric_namespace)),
                    "give this metric another one");
    }
    check_metric_name(*name, "a metric's name", faults_);
    read_value(*metric);
    read_dimensions(*metric);
    add_metric(*metric, *metric_namespace, *name);
    load_.plan.filters.push_back(std::move(plan_));
    load_.filter_entries.push_back(entry_);
  }

 private:
  // The extraction of `$…` in `node`; nothing, and a fault, where this filter has no such field.
  std::optional<std::uint32_t> extract(const Node& node) {
    if (!filter_) return std::nullopt;
    auto field = filters::resolve_field(*filter_, node.text);
    if (!field) {
      faults_.error_of_language(node, field.error().offset, field.error().message, field.error().hint);
      return std::nullopt;
    }
    plan_.match.extractions.push_back(std::move(*field));
    return static_cast<std::uint32_t>(plan_.match.extractions.size() - 1);
  }

  void read_value(const Node& metric) {
    const Node* value = read_text(metric, "value");
    if (value != nullptr && value->text.starts_with('$')) {
      if (value->text.size() > kMaxValueText) {
        faults_.error(*value, fmt::format("`value` has at most {} characters", kMaxValueText));
      }
      plan_.value_extraction = extract(*value);
      may_be_negative_ = value;
    } else if (value != nullptr) {
      if (const auto number = parse_number(value->text)) {
        plan_.value = *number;
        check_value_range(*value, *number, faults_);
        if (*number < 0) may_be_negative_ = value;
      } else {
        faults_.error(
            *value, fmt::format("`value`: expected a number or a field, found {}", quoted(*value)),
            "a number like `1`, a field of a JSON event like `$.bytes`, or a named one like `$bytes`");
      }
    }
    plan_.default_value = read_number(metric, "default");
    if (!plan_.default_value) return;
    check_value_range(*metric.find("default"), *plan_.default_value, faults_);
    if (*plan_.default_value < 0) may_be_negative_ = metric.find("default");
    if (metric.find("dimensions") != nullptr) {
      faults_.error(*metric.find("default"), "`default` and `dimensions` do not go together",
                    "a minute without a match names no series: remove one of them");
    }
  }

  void read_dimensions(const Node& metric) {
    const Node* map = read_map(metric, "dimensions");
    if (map == nullptr || map->entries.empty()) return;
    if (filter_ && filter_->fields == filters::CompiledFilter::Fields::None) {
      faults_.error(*map, "The specified filter pattern does not support dimensions",
                    "fields are in JSON patterns (`{ … }`), space-delimited ones (`[ … ]`) and in `regex`");
      dimensions_known_ = false;
      return;
    }
    for (const auto& [key, value] : map->entries) {
      check_dimension_name(*key, faults_);
      dimension_names_.push_back(key->written);
      if (value->kind != Node::Kind::Text) continue;
      if (!value->text.starts_with('$')) {
        faults_.error(*value, fmt::format("a dimension's value is a field, not {}", quoted(*value)),
                      "a field of a JSON event like `$.recipientAccountId`, or a named one like `$ip`");
      } else if (const auto extraction = extract(*value)) {
        plan_.dimensions.push_back({key->written, *extraction});
      }
    }
    std::ranges::sort(dimension_names_);
    std::ranges::sort(plan_.dimensions, {}, &runtime::FilterPlan::Dimension::name);
  }

  void add_metric(const Node& metric, const Node& metric_namespace, const Node& name) {
    const MetricKey key{metric_namespace.text, name.text};
    MetricFacts& facts = load_.metrics[key];
    if (facts.name == nullptr) {
      facts.metric_namespace = &metric_namespace;
      facts.name = &name;
    }
    if (facts.may_be_negative == nullptr) facts.may_be_negative = may_be_negative_;
    facts.definition.metric_namespace = key.first;
    facts.definition.name = key.second;
    const std::string shown = fmt::format("{} of {}", quoted(name), quoted(metric_namespace));
    if (const Node* unit = read_text(metric, "unit")) {
      if (facts.unit == nullptr) {
        facts.unit = unit;
        facts.definition.unit = unit->text;
      } else if (facts.unit->text != unit->text) {
        faults_.error(*unit, fmt::format("the metric {} is counted in two units", shown),
                      fmt::format("it is in {} at {}", quoted(*facts.unit), describe_place(*facts.unit)));
      }
    }
    if (const auto max_series = read_integer(metric, "max_series")) {
      const Node* node = metric.find("max_series");
      if (facts.max_series == nullptr) {
        facts.max_series = node;
        facts.definition.max_series = *max_series;
      } else if (facts.max_series->text != node->text) {
        faults_.error(
            *node, fmt::format("the metric {} has two limits", shown),
            fmt::format("it is {} at {}", quoted(*facts.max_series), describe_place(*facts.max_series)));
      }
    }
    const Node* dimensions = metric.find("dimensions");
    if (!dimensions_known_ || (dimensions != nullptr && dimensions->kind != Node::Kind::Map)) {
      facts.certain = false;
    } else if (std::ranges::find(facts.dimension_sets, dimension_names_) == facts.dimension_sets.end()) {
      facts.dimension_sets.push_back(dimension_names_);
    }
    load_.filter_metrics.push_back(key);
    note_cloudtrail(facts);
  }

  void note_cloudtrail(MetricFacts& facts) {
    const std::vector<std::string>& wanted = plan_.match.log_groups;
    for (std::size_t i = 0; i < load_.sources.size(); ++i) {
      const SourceFacts& source = load_.sources[i];
      const bool feeds =
          wanted.empty() || std::ranges::find_first_of(source.log_groups, wanted) != source.log_groups.end();
      if (!source.cloudtrail || !feeds) continue;
      const Duration delay = load_.plan.sources[i].delay;
      facts.cloudtrail_delay = std::min(facts.cloudtrail_delay.value_or(delay), delay);
    }
  }

  const Entry& entry_;
  const Node& map_;
  Load& load_;
  Faults& faults_;
  runtime::FilterPlan plan_;
  std::optional<filters::CompiledFilter> filter_;  // what `$…` resolves against; none if its text is faulty
  const Node* may_be_negative_ = nullptr;          // as in MetricFacts
  std::vector<std::string> dimension_names_;
  bool dimensions_known_ = true;
};

}  // namespace

void load_filters(const std::vector<Entry>& entries, Load& load) {
  for (const Entry& entry : entries) {
    if (entry.value->kind == Node::Kind::Map) {
      FilterLoader(entry, load).run();
    } else {
      load.metrics_known = false;
    }
  }
  std::map<MetricKey, std::uint32_t> indexes;
  for (const auto& [key, facts] : load.metrics) {
    indexes[key] = static_cast<std::uint32_t>(load.plan.metrics.size());
    load.plan.metrics.push_back(facts.definition);
  }
  for (std::size_t i = 0; i < load.plan.filters.size(); ++i)
    load.plan.filters[i].metric = indexes.at(load.filter_metrics[i]);
}

}  // namespace tocsin::config
