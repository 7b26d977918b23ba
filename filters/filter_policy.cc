#include "filters/filter_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "filters/event_pattern.h"
#include "filters/pattern_json.h"

namespace tocsin::filters {
namespace {

using event::NodeKind;
using event::SyntaxError;
using Scope = notify::FilterPolicy::Scope;

constexpr std::string_view kOr = "$or";

SyntaxError fault(std::size_t offset, std::string message, std::string hint = {}) {
  return {offset, std::move(message), std::move(hint)};
}

// Of attributes: a single value becomes a list of it; an object is refused.
std::optional<SyntaxError> make_lists(PatternValue& object) {
  for (PatternMember& member : object.members) {
    PatternValue& value = member.value;
    if (member.key.text == kOr) {
      for (PatternValue& branch : value.elements) {
        if (auto error = make_lists(branch)) return error;
      }
    } else if (value.kind == NodeKind::Object) {
      return fault(value.offset,
                   "Filter policy scope MessageAttributes does not support nested filter policy",
                   "`filter_policy_scope: MessageBody` looks into the message");
    } else if (value.kind != NodeKind::Array) {
      PatternValue list;
      list.kind = NodeKind::Array;
      list.offset = value.offset;
      list.size = value.size;
      list.elements.push_back(std::move(value));
      value = std::move(list);
    }
  }
  return std::nullopt;
}

// What a policy costs in SNS's own measures. Only of what compiled, so that shapes are known.
class Measure {
 public:
  explicit Measure(Scope scope) : scope_(scope) {}

  std::optional<SyntaxError> take(const PatternValue& root) {
    const double combinations = combinations_of(root, "", 1);
    if (error_) return error_;
    if (keys_.size() > kMaxPolicyKeys) {
      return fault(root.offset, fmt::format("Filter policy can not have more than {} keys", kMaxPolicyKeys),
                   fmt::format("it has {}", keys_.size()));
    }
    if (combinations > static_cast<double>(kMaxPolicyCombinations)) {
      return fault(root.offset, "Filter policy is too complex",
                   fmt::format("its values make {} combinations, {} are allowed", combinations,
                               kMaxPolicyCombinations));
    }
    if (points_ > kMaxPolicyWildcardPoints) {
      return fault(
          root.offset, "Filter policy is too complex",
          fmt::format("its wildcards have {} points, {} are allowed", points_, kMaxPolicyWildcardPoints));
    }
    return std::nullopt;
  }

 private:
  // A double: a product of many lists may be beyond integers.
  double combinations_of(const PatternValue& object, const std::string& path, std::size_t depth) {
    double product = 1;
    for (const PatternMember& member : object.members) {
      if (member.key.text == kOr) {
        double sum = 0;
        for (const PatternValue& branch : member.value.elements) sum += combinations_of(branch, path, depth);
        product *= sum;
        continue;
      }
      const std::string name = path.empty() ? member.key.text : fmt::format("{}.{}", path, member.key.text);
      if (member.value.kind == NodeKind::Object) {
        product *= combinations_of(member.value, name, depth + 1);
        continue;
      }
      keys_.insert(name);
      add_wildcards(member.value);
      check_numbers(member.value);
      const std::size_t weight = scope_ == Scope::MessageBody ? depth : 1;
      product *= static_cast<double>(member.value.elements.size() * weight);
    }
    return product;
  }

  // A field's points are those of its wildcards, times how many there are.
  void add_wildcards(const PatternValue& list) {
    std::size_t wildcards = 0;
    std::size_t points = 0;
    for (const PatternValue& element : list.elements) {
      for (const auto& [name, value] : element.members) {
        if (name.text == "wildcard") {
          ++wildcards;
          points += stars_of(value) > 1 ? std::size_t{3} : std::size_t{1};
        } else if (name.text == "anything-but" && value.kind == NodeKind::Object &&
                   value.members.front().key.text == "wildcard") {
          const PatternValue& excluded = value.members.front().value;
          const std::size_t count = excluded.kind == NodeKind::Array ? excluded.elements.size() : 1;
          if (excluded.kind != NodeKind::Array) (void)stars_of(excluded);
          for (const PatternValue& one : excluded.elements) (void)stars_of(one);
          wildcards += count;
          points += count;
        }
      }
    }
    points_ += points * wildcards;
  }

  std::size_t stars_of(const PatternValue& wildcard) {
    std::size_t stars = 0;
    for (std::size_t at = 0; at < wildcard.text.size(); ++at) {
      if (wildcard.text[at] == '\\') {
        ++at;
      } else if (wildcard.text[at] == '*') {
        ++stars;
      }
    }
    if (stars > kMaxPolicyStars && !error_) {
      error_ = fault(wildcard.offset, "Filter policy is too complex",
                     fmt::format("a wildcard has at most {} stars", kMaxPolicyStars));
    }
    return stars;
  }

  void check_numbers(const PatternValue& value) {
    if (value.kind == NodeKind::Number && !error_) {
      const auto number = event::exact_number(value.text);
      const bool fits = number && std::abs(*number) <= kMaxPolicyNumber &&
                        std::abs(std::round(*number * 1e5) - *number * 1e5) <= std::abs(*number) * 1e-9;
      if (!fits) {
        error_ = fault(value.offset, fmt::format("The number {} is not supported", value.text),
                       "from -1e9 to 1e9, with at most five decimals");
      }
    }
    for (const PatternValue& element : value.elements) check_numbers(element);
    for (const PatternMember& member : value.members) check_numbers(member.value);
  }

  Scope scope_;
  std::set<std::string> keys_;
  std::size_t points_ = 0;
  std::optional<SyntaxError> error_;
};

std::expected<event::Predicate, SyntaxError> compile(std::string_view text, Scope scope) {
  if (text.size() > kMaxPolicyBytes) {
    return std::unexpected(
        fault(kMaxPolicyBytes, fmt::format("It is longer than {} bytes", kMaxPolicyBytes)));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return event::Predicate::always();
  auto root = read_pattern_json(text);
  if (!root) {
    root.error().message = fmt::format("failed to parse JSON. {}", root.error().message);
    return std::unexpected(std::move(root.error()));
  }
  if (root->kind != NodeKind::Object) {
    return std::unexpected(fault(root->offset, "failed to parse JSON. It is not an object",
                                 "a policy is, for example, {\"NewStateValue\": [\"ALARM\"]}"));
  }
  if (root->members.empty()) return event::Predicate::always();
  if (scope == Scope::MessageAttributes) {
    if (auto error = make_lists(*root)) return std::unexpected(std::move(*error));
  }
  auto filter = compile_pattern(*root, nullptr);
  if (!filter) return std::unexpected(std::move(filter.error()));
  if (auto error = Measure(scope).take(*root)) return std::unexpected(std::move(*error));
  return std::move(filter->predicate);
}

}  // namespace

std::expected<event::Predicate, SyntaxError> compile_filter_policy(std::string_view text, Scope scope) {
  auto predicate = compile(text, scope);
  if (!predicate) {
    predicate.error().message = fmt::format("Invalid parameter: FilterPolicy: {}", predicate.error().message);
  }
  return predicate;
}

}  // namespace tocsin::filters
