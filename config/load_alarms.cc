// `alarms:` — when to ring.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "config/characters.h"
#include "config/reader.h"
#include "config/sections.h"
#include "engine/base/number.h"
#include "engine/runtime/own_metrics.h"

namespace tocsin::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMaxAlarmName = 255;
constexpr std::size_t kMaxDescription = 1024;
constexpr Duration kMaxSpan = hours(24);            // of N periods below an hour
constexpr Duration kMaxLongSpan = hours(24 * 7);    // of N longer periods
constexpr Duration kMaxRange = hours(24 * 14);      // older events are refused anyway
constexpr Duration kCloudTrailDelay = minutes(15);  // how late its files may come

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<std::uint32_t> parse_count(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `{Account, Region}`, or "no dimensions".
std::string describe_set(const std::vector<std::string>& names) {
  if (names.empty()) return "no dimensions";
  std::string out = "[";
  for (const std::string& name : names) out += fmt::format("{}{}", out.size() == 1 ? "" : ", ", name);
  return out + "]";
}

// What CloudWatch calls an operator, for those who paste it.
std::string_view symbol_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames{{
      {"GreaterThanOrEqualToThreshold", ">="},
      {"GreaterThanThreshold", ">"},
      {"LessThanThreshold", "<"},
      {"LessThanOrEqualToThreshold", "<="},
  }};
  for (const auto& [theirs, symbol] : kNames) {
    if (name.starts_with(theirs)) return symbol;
  }
  return {};
}

// What others write for an operator; of those that begin alike the last wins.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMistakenSymbols{{
    {"=", ">=` or `<="},
    {"=>", ">="},
    {"=<", "<="},
    {"\u2265", ">="},
    {"\u2264", "<="},
    {"!=", ">` or `<"},
}};

class AlarmLoader {
 public:
  AlarmLoader(const Entry& entry, Load& load)
      : entry_(entry), map_(*entry.value), load_(load), faults_(load.faults) {}

  void run() {
    alarm_.name = entry_.key->written;
    const bool has_control =
        std::ranges::any_of(alarm_.name, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
    if (alarm_.name.empty() || count_characters(alarm_.name) > kMaxAlarmName || has_control) {
      faults_.error(*entry_.key,
                    fmt::format("the name of an alarm has 1 to {} characters, and no control characters",
                                kMaxAlarmName));
    }
    if (const Node* description = read_text(map_, "description")) {
      alarm_.description = description->text;
      if (count_characters(alarm_.description) > kMaxDescription) {
        faults_.error(*description, fmt::format("`description` has at most {} characters", kMaxDescription));
      }
    }
    alarm_.actions_enabled = read_boolean(map_, "actions_enabled").value_or(true);
    read_condition();
    read_missing_data();
    const bool counts_known = read_datapoints();
    const bool period_known = read_metric();
    if (counts_known && period_known) read_range();
    read_early();
    read_dimensions();
    read_notify();
    load_.plan.alarms.push_back(std::move(alarm_));
    load_.alarm_entries.push_back(entry_);
  }

 private:
  void read_condition() {
    const Node* node = read_text(map_, "condition");
    if (node == nullptr) return;
    const std::string_view whole = node->text;
    const std::string_view text = trim(whole);
    const std::size_t length = text.starts_with(">=") || text.starts_with("<=") ? 2
                               : text.starts_with('>') || text.starts_with('<') ? 1
                                                                                : 0;
    if (length == 0) {
      std::string hint = "`>`, `>=`, `<` or `<=`, and a number: `\">= 10\"`";
      if (const auto symbol = symbol_of(text); !symbol.empty())
        hint = fmt::format("write `{}` and the threshold", symbol);
      for (const auto& [mistaken, symbol] : kMistakenSymbols) {
        if (text.starts_with(mistaken)) hint = fmt::format("did you mean `{}`?", symbol);
      }
      faults_.error(*node, fmt::format("{} does not begin with a comparison", quoted(*node, text)),
                    std::move(hint));
      return;
    }
    const std::string_view symbol = text.substr(0, length);
    alarm_.rule.comparison = symbol == ">"    ? alarm::Comparison::Greater
                             : symbol == ">=" ? alarm::Comparison::GreaterOrEqual
                             : symbol == "<"  ? alarm::Comparison::Less
                                              : alarm::Comparison::LessOrEqual;
    const std::string_view number = trim(text.substr(length));
    if (const auto threshold = parse_number(number)) {
      alarm_.rule.threshold = *threshold;
    } else {
      const std::size_t place =
          number.empty() ? node->text.size() : static_cast<std::size_t>(number.data() - whole.data());
      faults_.error_inside(
          *node, place,
          number.empty() ? "the threshold is missing" : fmt::format("{} is no number", quoted(*node, number)),
          "write the threshold like `10`, `-0.5` or `1e6`");
    }
  }

  void read_missing_data() {
    using alarm::MissingData;
    const Node* node = read_text(map_, "missing_data");
    if (node == nullptr) return;
    alarm_.rule.missing_data = node->text == "ignore"          ? MissingData::Ignore
                               : node->text == "breaching"     ? MissingData::Breaching
                               : node->text == "not_breaching" ? MissingData::NotBreaching
                                                               : MissingData::Missing;
  }

  // `2 of 3`, or `3` for 3 of 3. False where N is not known.
  bool read_datapoints() {
    const Node* node = map_.find("datapoints");
    if (node == nullptr) return true;
    if (node->kind != Node::Kind::Text) return false;
    const std::string_view text = trim(node->text);
    const std::size_t of = text.find(" of ");
    const auto refuse = [&](std::string fault, std::string hint) {
      faults_.error(*node, std::move(fault), std::move(hint));
      return false;
    };
    const auto n = parse_count(trim(of == std::string_view::npos ? text : text.substr(of + 4)));
    const auto m = of == std::string_view::npos ? n : parse_count(trim(text.substr(0, of)));
    if (!m || !n) {
      return refuse(fmt::format("`datapoints`: {} is not M of N", quoted(*node, text)),
                    "write `2 of 3`, or `3` where all three must breach");
    }
    if (*n < 1 || *m < 1)
      return refuse("`datapoints` must be at least 1", "write `2 of 3`, or `3` where all three must breach");
    if (*m > *n) {
      return refuse(fmt::format("{0} of {1} datapoints can never breach: there are only {1}", *m, *n),
                    fmt::format("did you mean `{} of {}`?", *n, *m));
    }
    alarm_.rule.evaluation_periods = *n;
    alarm_.rule.datapoints_to_alarm = *m;
    alarm_.datapoints_to_alarm_given = of != std::string_view::npos;
    return true;
  }

  // False where the period is not known.
  bool read_metric() {
    const Node* metric = read_map(map_, "metric");
    if (metric == nullptr) return false;
    if (const Node* statistic = read_text(*metric, "statistic")) {
      alarm_.statistic = metric::parse_statistic(statistic->text).value_or(metric::Statistic::Sum);
    }
    find_metric(*metric);
    return read_period(*metric);
  }

  void find_metric(const Node& metric) {
    const Node* metric_namespace = read_text(metric, "namespace");
    const Node* name = read_text(metric, "name");
    if (metric_namespace == nullptr || name == nullptr) return;
    const auto found = load_.metrics.find({metric_namespace->text, name->text});
    if (found != load_.metrics.end()) {
      facts_ = &found->second;
      alarm_.metric = static_cast<std::uint32_t>(std::distance(load_.metrics.begin(), found));
    } else if (metric_namespace->text == runtime::kOwnNamespace) {
      watch_own_metric(*name);
    } else if (is_surely_absent(metric_namespace->text, name->text)) {
      refuse_metric(*metric_namespace, *name);
    }
    if (facts_ == nullptr) return;
    metric_name_ = name;
    if (const Node* unit = read_text(metric, "unit")) {
      alarm_.unit = unit->text;
      if (facts_->certain && unit->text != facts_->definition.unit) {
        faults_.error(*unit,
                      fmt::format("the metric is counted in {}, so an alarm on {} never sees data",
                                  facts_->unit == nullptr ? fmt::format("`{}`", facts_->definition.unit)
                                                          : quoted(*facts_->unit),
                                  quoted(*unit)),
                      "leave `unit` out, or give the metric filter the same one");
      }
    }
  }

  // The engine makes the datapoints of those that some alarm names.
  void watch_own_metric(const Node& name) {
    const runtime::OwnMetric* own = runtime::find_own_metric(name.text);
    if (own == nullptr) {
      std::vector<std::string_view> names;
      for (const runtime::OwnMetric& metric : runtime::own_metrics()) names.push_back(metric.name);
      std::string hint = did_you_mean(name.text, names);
      if (hint.empty()) hint = "docs/telemetry.md lists them";
      faults_.error(name, fmt::format("the engine has no own metric {}", quoted(name)), std::move(hint));
      return;
    }
    auto& [index, facts] = load_.own_metrics[name.text];
    if (facts.dimension_sets.empty()) {
      facts.dimension_sets = runtime::dimension_sets(*own);
      facts.definition.metric_namespace = runtime::kOwnNamespace;
      facts.definition.name = own->name;
      facts.definition.unit = own->unit;
      index = static_cast<std::uint32_t>(load_.plan.metrics.size());
      load_.plan.metrics.push_back(facts.definition);
    }
    alarm_.metric = index;
    facts_ = &facts;
  }

  [[nodiscard]] bool is_surely_absent(const std::string& metric_namespace, const std::string& name) const {
    return load_.metrics_known &&
           std::ranges::none_of(load_.half_known_metrics, [&](const HalfKnownMetric& half) {
             return half.metric_namespace.value_or(metric_namespace) == metric_namespace &&
                    half.name.value_or(name) == name;
           });
  }

  void refuse_metric(const Node& metric_namespace, const Node& name) {
    std::vector<std::string_view> names;
    std::vector<std::string_view> namespaces;
    bool namespace_known = false;
    for (const auto& [key, facts] : load_.metrics) {
      if (key.first == metric_namespace.text) {
        namespace_known = true;
        if (!facts.name->has_variables()) names.push_back(key.second);
      }
      if (key.second == name.text && !facts.metric_namespace->has_variables())
        namespaces.push_back(key.first);
    }
    const Node& place = namespace_known ? name : metric_namespace;
    std::string hint =
        namespace_known ? did_you_mean(name.text, names) : did_you_mean(metric_namespace.text, namespaces);
    if (hint.empty() && !namespaces.empty())
      hint = fmt::format("{} is a metric of `{}`", quoted(name), namespaces[0]);
    if (hint.empty()) hint = "give a metric filter this metric, or the alarm another one";
    faults_.error(
        place,
        fmt::format("no metric filter makes the metric {} of {}", quoted(name), quoted(metric_namespace)),
        std::move(hint));
  }

  bool read_period(const Node& metric) {
    const auto period = read_duration(metric, "period");
    if (!period) return false;
    const Node& node = *metric.find("period");
    const bool short_period = *period == seconds(10) || *period == seconds(20) || *period == seconds(30);
    if (!short_period && (*period < seconds(60) || *period % seconds(60) != Duration{0})) {
      faults_.error(node, fmt::format("a period of {} is not possible", quoted(node)),
                    "`10s`, `20s`, `30s`, or whole minutes: `1m`, `5m`, `1h`");
      return false;
    }
    if (*period > kMaxLongSpan) {
      faults_.error(
          node, fmt::format("a period of {} is longer than {}", quoted(node), format_duration(kMaxLongSpan)));
      return false;
    }
    alarm_.period = *period;
    const Duration limit = *period < hours(1) ? kMaxSpan : kMaxLongSpan;
    if (alarm_.rule.evaluation_periods > limit / *period) {
      faults_.error(node,
                    fmt::format("{} periods of {} are longer than {}", alarm_.rule.evaluation_periods,
                                format_duration(*period), format_duration(limit)),
                    *period < hours(1) ? "with periods of an hour or more up to 7d are possible" : "");
      return false;
    }
    return true;
  }

  void read_range() {
    const std::uint32_t n = alarm_.rule.evaluation_periods;
    alarm_.evaluation_range = alarm::default_evaluation_range(n, alarm_.period);
    const auto given = read_integer(map_, "evaluation_range");
    if (given && *given >= 1) {
      const Node& node = *map_.find("evaluation_range");
      if (*given < n) {
        faults_.error(node,
                      fmt::format("an evaluation range of {} periods cannot hold the {} datapoints to judge",
                                  *given, n),
                      fmt::format("at least {}; the default would be {}", n, alarm_.evaluation_range));
        return;
      }
      if (*given > kMaxRange / alarm_.period) {
        faults_.error(node,
                      fmt::format("{} periods of {} reach back more than {}", *given,
                                  format_duration(alarm_.period), format_duration(kMaxRange)),
                      "older events are not accepted");
        return;
      }
      alarm_.evaluation_range = *given;
    }
    if (facts_ == nullptr) return;
    metric::MetricDefinition& metric = load_.plan.metrics[alarm_.metric];
    if (alarm_.period < seconds(60)) metric.bucket = seconds(1);
    metric.retention = std::max(metric.retention, alarm::looks_back(alarm_));
    const Duration range = alarm_.period * alarm_.evaluation_range;
    if (facts_->cloudtrail_delay && range + *facts_->cloudtrail_delay < kCloudTrailDelay) {
      faults_.warning(
          *entry_.key,
          fmt::format("CloudTrail's files may come {} late, and this alarm looks back {} only",
                      format_duration(kCloudTrailDelay), format_duration(range + *facts_->cloudtrail_delay)),
          "lengthen `period` or `evaluation_range`, or give the source a `delay`");
    }
  }

  // `early: true`, where what a period has already can only go further past the threshold.
  void read_early() {
    if (!read_boolean(map_, "early").value_or(false)) return;
    const Node& node = *map_.find("early");
    const Node* metric = map_.find("metric");
    const Node* statistic = metric == nullptr ? nullptr : metric->find("statistic");
    const Node* condition = map_.find("condition");
    if (statistic == nullptr || condition == nullptr) return;  // a fault of its own
    if (!alarm::can_ring_early(alarm_.statistic, alarm_.rule.comparison)) {
      const bool turns_back = alarm::can_ring_early(alarm_.statistic, alarm::Comparison::Greater);
      faults_.error(
          node,
          turns_back ? fmt::format("{} may turn back until the period is over", quoted(*condition))
                     : fmt::format("the {} may turn back until the period is over", quoted(*statistic)),
          "`early` is for Sum, SampleCount and Maximum above a threshold (`>`, `>=`): leave it out");
      return;
    }
    if (facts_ != nullptr && alarm_.statistic == metric::Statistic::Sum &&
        facts_->may_be_negative != nullptr) {
      faults_.error(
          node,
          fmt::format("a Sum of {} may turn back until the period is over: its values may be negative",
                      quoted(*metric_name_)),
          fmt::format("the one at {} is no literal of 0 or more; leave `early` out, or judge SampleCount "
                      "or Maximum",
                      describe_place(*facts_->may_be_negative)));
      return;
    }
    alarm_.early = true;
  }

  void read_dimensions() {
    std::vector<std::string> wanted;
    bool sure = true;
    for (const Node* name : read_texts(map_, "for_each", faults_)) {
      alarm_.for_each.push_back(name->text);
      wanted.push_back(name->text);
    }
    std::ranges::sort(alarm_.for_each);
    const Node* fixed = read_map(map_, "dimensions");
    if (fixed != nullptr) {
      for (const auto& [key, value] : fixed->entries) {
        if (std::ranges::binary_search(alarm_.for_each, key->written)) {
          faults_.error(*key, fmt::format("{} is in `for_each` and in `dimensions`", quoted(*key)),
                        "one value or each value: remove one of them");
          sure = false;
          continue;
        }
        wanted.push_back(key->written);
        if (value->kind != Node::Kind::Text) continue;
        if (value->text.empty() || value->text.size() > metric::kMaxDimensionValue) {
          faults_.error(*value,
                        fmt::format("a dimension's value has 1 to {} bytes", metric::kMaxDimensionValue));
        }
        alarm_.dimensions.emplace_back(key->written, value->text);
      }
    }
    std::ranges::sort(alarm_.dimensions);
    std::ranges::sort(wanted);
    if (facts_ == nullptr || !facts_->certain || !load_.metrics_known || !sure) return;
    const auto& sets = facts_->dimension_sets;
    if (std::ranges::find(sets, wanted) == sets.end()) refuse_dimensions(wanted);
  }

  void refuse_dimensions(const std::vector<std::string>& wanted) {
    const auto& sets = facts_->dimension_sets;
    const std::string metric = quoted(*metric_name_);
    if (wanted.empty()) {
      std::string shown;
      for (const auto& set : sets)
        shown += fmt::format("{}{}", shown.empty() ? "" : " or ", describe_set(set));
      faults_.error(
          *entry_.key,
          fmt::format("the metric {} only exists with {}: add for_each or dimensions", metric, shown),
          fmt::format("`for_each: {}` keeps one state for each of their values", describe_set(sets[0])));
      return;
    }
    // The first name that no series has; else one is missing.
    const auto misfit = std::ranges::find_if(wanted, [&](const std::string& name) {
      return std::ranges::none_of(sets,
                                  [&](const auto& set) { return std::ranges::find(set, name) != set.end(); });
    });
    std::vector<std::string_view> known;
    std::string shown;
    for (const auto& set : sets) {
      known.insert(known.end(), set.begin(), set.end());
      shown += fmt::format("{}{}", shown.empty() ? "" : " or ", describe_set(set));
    }
    if (misfit == wanted.end()) {
      faults_.error(*entry_.key,
                    fmt::format("the metric {} has no series with exactly {}: it exists with {}", metric,
                                describe_wanted(wanted), shown),
                    "`for_each` and `dimensions` together name all of a series' dimensions");
      return;
    }
    std::string hint = did_you_mean(*misfit, known);
    if (hint.empty())
      hint = known.empty() ? "remove it: the metric has no dimensions" : fmt::format("it has {}", shown);
    const Node& place = *place_of_dimension(*misfit);
    faults_.error(place, fmt::format("the metric {} has no dimension {}", metric, quoted(place)),
                  std::move(hint));
  }

  std::string describe_wanted(const std::vector<std::string>& wanted) {
    std::vector<std::string> shown;
    for (const std::string& name : wanted) {
      const Node& place = *place_of_dimension(name);
      shown.push_back(place.document->shown(place));
    }
    return describe_set(shown);
  }

  const Node* place_of_dimension(std::string_view name) {
    for (const std::string_view key : {"for_each", "dimensions"}) {
      const Node* node = map_.find(key);
      if (node == nullptr) continue;
      if (node->kind == Node::Kind::Text && node->text == name) return node;
      for (const Node* item : node->items) {
        if (item->text == name) return item;
      }
      for (const Entry& entry : node->entries) {
        if (entry.key->written == name) return entry.key;
      }
    }
    return entry_.key;
  }

  void read_notify() {
    if (const Node* states = read_map(map_, "notify")) {
      alarm_.notify_alarm = read_topics(*states, "alarm", load_);
      alarm_.notify_ok = read_topics(*states, "ok", load_);
      alarm_.notify_insufficient_data = read_topics(*states, "insufficient_data", load_);
    } else {
      alarm_.notify_alarm = read_topics(map_, "notify", load_);
    }
  }

  const Entry& entry_;
  const Node& map_;
  Load& load_;
  Faults& faults_;
  alarm::AlarmDefinition alarm_;
  const MetricFacts* facts_ = nullptr;  // of its metric; none if that is not known
  const Node* metric_name_ = nullptr;   // beside facts_
};

}  // namespace

void load_alarms(const std::vector<Entry>& entries, Load& load) {
  for (const Entry& entry : entries) {
    if (entry.value->kind == Node::Kind::Map) AlarmLoader(entry, load).run();
  }
}

}  // namespace tocsin::config
