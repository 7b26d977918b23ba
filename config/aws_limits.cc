#include "config/aws_limits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "config/characters.h"
#include "config/pattern_text.h"
#include "config/reader.h"
#include "engine/event/predicate.h"
#include "engine/runtime/matcher.h"

namespace tocsin::config {
namespace {

using event::Predicate;

constexpr std::size_t kMaxFilters = 100;         // of a log group
constexpr std::size_t kMaxRegexPatterns = 5;     // of a log group
constexpr std::size_t kMaxDimensions = 3;        // of a metric filter
constexpr std::size_t kMaxDimensionField = 255;  // characters
constexpr std::size_t kMaxRules = 300;           // on an event bus, of which
constexpr std::size_t kMaxWildcardRules = 30;    // have a wildcard
constexpr std::size_t kMaxTargets = 5;           // of a rule
constexpr std::size_t kMaxEventPattern = 2048;   // characters
constexpr std::size_t kMaxActions = 5;           // of an alarm's state
constexpr std::size_t kMaxTopicPolicies = 200;   // of a topic
constexpr std::size_t kMaxAccountPolicies = 10'000;

constexpr std::size_t kNamedPlaces = 3;  // of those that exceed the same limit

// Does some leaf's test satisfy `wanted`?
template <typename Wanted>
bool any_test(const Predicate& predicate, const Wanted& wanted) {
  if (predicate.op == Predicate::Op::Leaf) return wanted(predicate.leaf.test);
  return std::ranges::any_of(predicate.children,
                             [&](const Predicate& child) { return any_test(child, wanted); });
}

bool has_regex(const Predicate& predicate) {
  return any_test(predicate,
                  [](const event::Test& test) { return std::holds_alternative<event::RegexSearch>(test); });
}

bool has_wildcard(const Predicate& predicate) {
  return any_test(predicate, [](const event::Test& test) {
    const auto* field = std::get_if<event::SharedFieldTest>(&test);
    return field != nullptr && std::ranges::any_of((*field)->matchers, [](const event::ValueMatcher& matcher) {
             return std::ranges::any_of(matcher.tests, [](const event::ValueTest& value) {
               return std::holds_alternative<event::TextPieces>(value);
             });
           });
  });
}

// The order of diagnostics.
auto place_of(const Node* node) { return std::tuple(std::string_view(node->document->file()), node->start); }

// A metric filter or rule that AWS has, too.
struct Counted {
  const Node* name = nullptr;
  const Node* map = nullptr;
  const runtime::MatchSpec* match = nullptr;
};

// Those of `plans` whose language is `language`, by their places. `entries` are beside `plans`.
template <typename Plans>
std::vector<Counted> of_language(const Plans& plans, const std::vector<Entry>& entries,
                                 std::string_view language) {
  std::vector<Counted> out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].value->find(language) != nullptr)
      out.push_back({entries[i].key, entries[i].value, &plans[i].match});
  }
  std::ranges::sort(out, {}, [](const Counted& counted) { return place_of(counted.name); });
  return out;
}

// What is wrong with them has been told when they were loaded.
std::vector<const Node*> texts(const Node& map, std::string_view key) {
  Faults told_already;
  return read_texts(map, key, told_already);
}

class LimitCheck {
 public:
  LimitCheck(bool enforce, Load& load) : enforce_(enforce), load_(load) {}

  void run() {
    check_filters();
    check_rules();
    for (const Entry& alarm : load_.alarm_entries) check_actions(*alarm.value);
    check_policies();
    for (auto& [limit, excesses] : excesses_) tell(excesses);
  }

 private:
  // Something beyond a limit: where, and how much there is.
  struct Excess {
    const Node* place = nullptr;
    std::string text;
  };

  void add(std::string_view limit, const Node& place, std::string text) {
    excesses_[limit].push_back({&place, std::move(text)});
  }

  // The first, and how many others there are: a filter of every log group may exceed a limit in thousands.
  void tell(std::vector<Excess>& excesses) {
    std::ranges::sort(excesses, {}, [](const Excess& excess) {
      return std::tuple(place_of(excess.place), std::string_view(excess.text));
    });
    std::string text = excesses.front().text;
    if (const std::size_t others = excesses.size() - 1; others > 0) {
      std::vector<std::string> places;
      for (std::size_t i = 1; i <= std::min(others, kNamedPlaces); ++i)
        places.push_back(describe_place(*excesses[i].place));
      const auto repeated = std::ranges::unique(places);
      places.erase(repeated.begin(), repeated.end());
      text += fmt::format("; {} more {} this limit, {}at {}", others, others == 1 ? "exceeds" : "exceed",
                          others > kNamedPlaces ? "first " : "", fmt::join(places, ", "));
    }
    tell(*excesses.front().place, std::move(text));
  }

  void tell(const Node& place, std::string text) {
    if (enforce_) {
      load_.faults.error(place, std::move(text),
                         "an error because of `aws_limits: enforce`: AWS would refuse what is beyond, Tocsin "
                         "has no such limit");
    } else {
      load_.faults.warning(
          place, std::move(text),
          "Tocsin has no such limit, AWS would refuse what is beyond; `aws_limits: ignore` at "
          "the top keeps quiet, `aws_limits: enforce` makes it an error");
    }
  }

  // --- CloudWatch Logs

  void check_filters() {
    std::vector<Counted> filters = of_language(load_.plan.filters, load_.filter_entries, "pattern");
    for (const Counted& filter : filters) check_dimensions(*filter.map);
    check_log_groups(filters, kMaxFilters, "metric filters");
    std::erase_if(filters, [](const Counted& filter) { return !has_regex(filter.match->predicate); });
    check_log_groups(filters, kMaxRegexPatterns, "patterns with a regular expression");
  }

  // Filters of every log group count in each; too many of them alone are told once, and not for each again.
  void check_log_groups(const std::vector<Counted>& filters, std::size_t limit, std::string_view things) {
    using Indexes = std::vector<std::size_t>;
    struct LogGroup {
      const Node* name = nullptr;  // where it is first named
      Indexes filters;
    };
    Indexes everywhere;
    std::map<std::string_view, LogGroup> log_groups;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (filters[i].map->find("log_groups") == nullptr) everywhere.push_back(i);
      for (const Node* name : texts(*filters[i].map, "log_groups")) {
        LogGroup& group = log_groups[name->text];
        if (group.name == nullptr) group.name = name;
        group.filters.push_back(i);
      }
    }
    const auto say = [&](std::string_view whose, const Indexes& those) {
      add(things, *filters[those[limit]].name,
          fmt::format("{} has {} {}, CloudWatch Logs allows {}", whose, those.size(), things, limit));
    };
    if (everywhere.size() > limit) {
      say("every log group", everywhere);
      everywhere.clear();
    }
    for (const auto& [unused, group] : log_groups) {
      if (group.filters.size() + everywhere.size() <= limit) continue;
      Indexes all;
      std::ranges::merge(group.filters, everywhere, std::back_inserter(all));
      say(fmt::format("the log group {}", quoted(*group.name)), all);
    }
  }

  void check_dimensions(const Node& filter) {
    const Node* metric = read_map(filter, "metric");
    const Node* dimensions = metric == nullptr ? nullptr : read_map(*metric, "dimensions");
    if (dimensions == nullptr) return;
    const auto& entries = dimensions->entries;
    if (entries.size() > kMaxDimensions) {
      add("dimensions", *entries[kMaxDimensions].key,
          fmt::format("the metric has {} dimensions, CloudWatch Logs allows {}", entries.size(),
                      kMaxDimensions));
    }
    for (const Entry& entry : entries) {
      const std::size_t length = count_characters(entry.value->text);
      if (length <= kMaxDimensionField) continue;
      add("fields", *entry.value,
          fmt::format("the field has {} characters, CloudWatch Logs allows {}", length, kMaxDimensionField));
    }
  }

  // --- EventBridge

  void check_rules() {
    std::vector<Counted> rules = of_language(load_.plan.rules, load_.rule_entries, "event_pattern");
    for (const Counted& rule : rules) {
      const auto topics = texts(*rule.map, "notify");
      if (topics.size() > kMaxTargets) {
        add("targets", *topics[kMaxTargets],
            fmt::format("the rule has {} topics, EventBridge allows {} targets", topics.size(), kMaxTargets));
      }
      check_event_pattern(*rule.map->find("event_pattern"));
    }
    if (rules.size() > kMaxRules) {
      add("rules", *rules[kMaxRules].name,
          fmt::format("there are {} rules with an event pattern, EventBridge allows {} on one bus unless its "
                      "quota is raised",
                      rules.size(), kMaxRules));
    }
    std::erase_if(rules, [](const Counted& rule) { return !has_wildcard(rule.match->predicate); });
    if (rules.size() > kMaxWildcardRules) {
      add("wildcard rules", *rules[kMaxWildcardRules].name,
          fmt::format("there are {} rules with a wildcard, EventBridge allows {} on one bus", rules.size(),
                      kMaxWildcardRules));
    }
  }

  // The text that EventBridge would be given.
  void check_event_pattern(const Node& pattern) {
    if (pattern.kind != Node::Kind::Text && pattern.kind != Node::Kind::Map) return;
    const bool is_text = pattern.kind == Node::Kind::Text;
    const std::size_t length = count_characters(is_text ? pattern.text : PatternText(pattern).json());
    if (length <= kMaxEventPattern) return;
    add("event patterns", pattern,
        fmt::format("the pattern has {} characters, EventBridge allows {} unless its quota is raised", length,
                    kMaxEventPattern));
  }

  // --- CloudWatch

  void check_actions(const Node& alarm) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kStates{
        {{"alarm", "ALARM"}, {"ok", "OK"}, {"insufficient_data", "INSUFFICIENT_DATA"}}};
    const auto check = [&](const Node& map, std::string_view key, std::string_view state) {
      const auto topics = texts(map, key);
      if (topics.size() <= kMaxActions) return;
      add("actions", *topics[kMaxActions],
          fmt::format("{} topics are told of {}, CloudWatch allows {} actions", topics.size(), state,
                      kMaxActions));
    };
    const Node* states = read_map(alarm, "notify");
    if (states == nullptr) return check(alarm, "notify", "ALARM");
    for (const auto& [key, state] : kStates) check(*states, key, state);
  }

  // --- SNS

  void check_policies() {
    std::vector<const Node*> all;
    for (auto& [topic, policies] : load_.filter_policies) {
      std::ranges::sort(policies, {}, place_of);
      all.insert(all.end(), policies.begin(), policies.end());
      if (policies.size() <= kMaxTopicPolicies) continue;
      add("topic policies", *policies[kMaxTopicPolicies],
          fmt::format("the topic {} has {} filter policies, SNS allows {}", quoted(*topic), policies.size(),
                      kMaxTopicPolicies));
    }
    if (all.size() <= kMaxAccountPolicies) return;
    std::ranges::sort(all, {}, place_of);
    add("account policies", *all[kMaxAccountPolicies],
        fmt::format("there are {} filter policies, SNS allows {} in one account", all.size(),
                    kMaxAccountPolicies));
  }

  std::map<std::string_view, std::vector<Excess>> excesses_;  // by limit
  const bool enforce_;
  Load& load_;
};

}  // namespace

void check_aws_limits(AwsLimits treatment, Load& load) {
  if (treatment != AwsLimits::Ignore) LimitCheck(treatment == AwsLimits::Enforce, load).run();
}

}  // namespace tocsin::config
