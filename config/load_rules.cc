// `rules:` — which events go straight to a topic.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/match_spec.h"
#include "config/reader.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

constexpr std::size_t kMaxRuleName = 64;  // EventBridge's, as are the characters

bool is_rule_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRuleName && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
}

void load_rule(const Entry& entry, Load& load) {
  const Node& map = *entry.value;
  runtime::RulePlan rule;
  rule.name = entry.key->written;
  if (!is_rule_name(rule.name)) {
    load.faults.error(*entry.key, fmt::format("{} cannot be the name of a rule", quoted(*entry.key)),
                      fmt::format("1 to {} letters, digits, `.`, `-` and `_`", kMaxRuleName));
  }
  if (const Node* description = read_text(map, "description")) rule.description = description->text;
  (void)read_match(map, rule.match, load);
  if (const Node* pattern = read_text(map, "pattern"); pattern != nullptr && pattern->text.empty()) {
    load.faults.warning(*pattern, "every event would be sent to the topic",
                        "say which: a term, `{ $.field = \"value\" }`, or an `event_pattern`");
  }
  rule.topics = read_topics(map, "notify", load);
  const Node* notify = map.find("notify");
  if (notify != nullptr && notify->kind == Node::Kind::List && notify->items.empty())
    load.faults.error(*notify, "`notify` is empty, so nobody would be told", "name a topic of `topics`");
  load.plan.rules.push_back(std::move(rule));
  load.rule_entries.push_back(entry);
}

}  // namespace

void load_rules(const std::vector<Entry>& entries, Load& load) {
  for (const Entry& entry : entries) {
    if (entry.value->kind == Node::Kind::Map) load_rule(entry, load);
  }
}

}  // namespace tocsin::config
