#include "config/attribute_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "config/reader.h"
#include "config/sections.h"
#include "engine/base/check.h"
#include "filters/pattern_json.h"

namespace tocsin::config {
namespace {

using event::NodeKind;
using filters::PatternMember;
using filters::PatternValue;

constexpr std::array<std::string_view, 9> kNames{"AlarmName", "NewStateValue", "OldStateValue",
                                                 "Namespace", "MetricName",    "AWSAccountId",
                                                 "Region",    "Rule",          "LogGroup"};
constexpr std::string_view kDimensions = "Dimensions.";
constexpr std::array<std::string_view, 3> kStates{"OK", "ALARM", "INSUFFICIENT_DATA"};

constexpr std::string_view kBodyHint =
    "did you mean the scope MessageBody (`filter_policy_scope: MessageBody`)?";

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A value that no text equals.
bool is_no_text(const PatternValue& value) {
  if (value.kind == NodeKind::Object)
    return value.members.size() == 1 && value.members.front().key.text == "numeric";
  return value.kind != NodeKind::String;
}

bool allows_absence(const PatternValue& values) {
  return std::ranges::any_of(values.elements, [](const PatternValue& value) {
    return value.members.size() == 1 && value.members.front().key.text == "exists" &&
           value.members.front().value.text == "false";
  });
}

std::string_view words_of(const PatternValue& value) {
  return value.kind == NodeKind::Object ? std::string_view(value.members.front().key.text) : value.text;
}

class SilentPolicy {
 public:
  SilentPolicy(const PolicyNodeAt& node_at, bool accounts_told, Faults& faults)
      : node_at_(node_at), accounts_told_(accounts_told), faults_(faults) {}

  void look_at(const PatternValue& policy) {
    for (const PatternMember& member : policy.members) {
      if (member.key.text == "$or") {
        for (const PatternValue& branch : member.value.elements) look_at(branch);
      } else if (!is_one_of(kNames, member.key.text) && !member.key.text.starts_with(kDimensions)) {
        if (!allows_absence(member.value)) tell_of_name(member.key);
      } else {
        look_at_values(member);
      }
    }
  }

 private:
  void tell_of_name(const PatternValue& key) {
    const Node& node = node_at_(key.offset);
    const std::string near =
        did_you_mean(key.text, std::vector<std::string_view>(kNames.begin(), kNames.end()));
    faults_.warning(node, fmt::format("no notification has an attribute {}", quoted(node, key.text)),
                    !near.empty() ? near : std::string(kBodyHint));
  }

  void look_at_values(const PatternMember& member) {
    const bool is_list = member.value.kind == NodeKind::Array;
    const auto values = is_list ? std::span(member.value.elements) : std::span(&member.value, 1);
    if (member.key.text == "NewStateValue" || member.key.text == "OldStateValue") {
      for (const PatternValue& value : values) {
        if (value.kind == NodeKind::String && !is_one_of(kStates, value.text)) tell_of_state(value);
      }
    }
    if (values.empty() || !std::ranges::all_of(values, is_no_text)) return;
    const PatternValue& first = values.front();
    if (accounts_told_ && first.kind == NodeKind::Number && is_account(first.text)) return;
    const Node& node = node_at_(first.offset);
    faults_.warning(node,
                    fmt::format("attributes are texts, which {} never is", quoted(node, words_of(first))),
                    "write it in quotes, or did you mean the scope MessageBody (`filter_policy_scope`)?");
  }

  void tell_of_state(const PatternValue& value) {
    const Node& node = node_at_(value.offset);
    faults_.warning(node, fmt::format("no alarm is ever in the state {}", quoted(node, value.text)),
                    fmt::format("states are {}", fmt::join(kStates, ", ")));
  }

  const PolicyNodeAt& node_at_;
  const bool accounts_told_;
  Faults& faults_;
};

}  // namespace

void warn_of_silent_policy(std::string_view json, const PolicyNodeAt& node_at, bool accounts_told,
                           Faults& faults) {
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  const auto policy = filters::read_pattern_json(json);
  TOCSIN_CHECK(policy.has_value());  // it compiled
  SilentPolicy(node_at, accounts_told, faults).look_at(*policy);
}

}  // namespace tocsin::config
