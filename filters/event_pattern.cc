#include "filters/event_pattern.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace tocsin::filters {
namespace {

using event::FieldTest;
using event::NodeKind;
using event::Predicate;
using event::Selector;
using event::SelectorStep;
using event::SyntaxError;

// Names that cannot be a field's directly within a branch of $or: they would be read as operators by mistake.
constexpr std::array<std::string_view, 24> kReserved{"exactly",
                                                     "equals-ignore-case",
                                                     "prefix",
                                                     "suffix",
                                                     "anything-but",
                                                     "exists",
                                                     "wildcard",
                                                     "numeric",
                                                     "cidr",
                                                     "=",
                                                     "<",
                                                     "<=",
                                                     ">",
                                                     ">=",
                                                     "regex",
                                                     "not-wildcard",
                                                     "not-equals-ignore-case",
                                                     "date-after",
                                                     "date-on-or-after",
                                                     "date-before",
                                                     "date-on-or-before",
                                                     "in-date-range",
                                                     "ip-address-in-range",
                                                     "ip-address-not-in-range"};

constexpr std::string_view kOr = "$or";

// One way in which a pattern can match: its fields by path. Of a path that stands twice the later list
// counts.
using Alternative = std::map<std::string, event::SharedFieldTest>;

bool is_selector_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

class EventPatternCompiler {
 public:
  explicit EventPatternCompiler(WildcardCheck are_wildcards_fine) : are_wildcards_fine_(are_wildcards_fine) {}

  std::expected<CompiledFilter, SyntaxError> compile(const PatternValue& root) {
    if (root.kind != NodeKind::Object)
      return fault(root.offset, "Filter is not an object",
                   "a pattern is, for example, {\"source\": [\"aws.backup\"]}");
    std::vector<Alternative> alternatives(1);
    if (auto read = object(root, "", false, alternatives); !read)
      return std::unexpected(std::move(read.error()));

    CompiledFilter filter;
    std::vector<Predicate> any;
    std::set<Alternative> known;  // a list behind its branches makes them all equal
    for (const Alternative& alternative : alternatives) {
      if (!known.insert(alternative).second) continue;
      std::vector<Predicate> leaves;
      for (const auto& [path, test] : alternative) {
        leaves.push_back(Predicate::of({event::PathField{path}, test}));
      }
      any.push_back(Predicate::jointly(std::move(leaves)));
    }
    filter.predicate = Predicate::any_of(std::move(any));
    filter.fields = CompiledFilter::Fields::Selectors;
    for (Selector& selector : selectors_) {
      std::string name = selector.text;
      filter.shown.emplace_back(std::move(name), std::move(selector));
    }
    return filter;
  }

 private:
  using Done = std::expected<void, SyntaxError>;

  static std::unexpected<SyntaxError> fault(std::size_t offset, std::string message, std::string hint = {}) {
    return std::unexpected(SyntaxError{offset, std::move(message), std::move(hint)});
  }

  // The members of an object at `path` are added to every alternative.
  Done object(const PatternValue& object, const std::string& path, bool in_or,
              std::vector<Alternative>& alternatives) {
    if (object.members.empty()) return fault(object.offset, "Empty objects are not allowed");
    for (const PatternMember& member : object.members) {
      const std::string& name = member.key.text;
      if (name == kOr) {
        if (auto read = branches(member.value, path, alternatives); !read) return read;
        continue;
      }
      if (in_or && std::ranges::find(kReserved, name) != kReserved.end()) {
        return fault(member.key.offset,
                     fmt::format("{} is Ruler reserved fieldName which cannot be used inside $or.", name),
                     "an operator stands in the list of a field: {\"field\": [{\"prefix\": \"x\"}]}");
      }
      steps_.push_back({SelectorStep::Kind::Name, name, 0});
      auto read = field(member, steps_.size() == 1 ? name : fmt::format("{}.{}", path, name), alternatives);
      steps_.pop_back();
      if (!read) return read;
    }
    return {};
  }

  Done field(const PatternMember& member, const std::string& path, std::vector<Alternative>& alternatives) {
    const PatternValue& value = member.value;
    if (value.kind == NodeKind::Object) return object(value, path, false, alternatives);
    if (value.kind != NodeKind::Array) {
      const std::string written =
          value.kind == NodeKind::String ? fmt::format("\"{}\"", value.text) : value.text;
      return fault(value.offset, fmt::format("\"{}\" must be an object or an array", member.key.text),
                   fmt::format("values stand in a list: [{}]", written));
    }
    std::vector<PlacedWildcard>& wildcards = wildcards_[path];
    const std::size_t before = wildcards.size();
    auto test = compile_field_matchers(value, wildcards);
    if (!test) return std::unexpected(std::move(test.error()));
    if (wildcards.size() != before && are_wildcards_fine_ != nullptr && !are_wildcards_fine_(wildcards)) {
      return fault(
          wildcards.back().offset,
          "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences "
          "after a wildcard character",
          fmt::format(
              "a text could keep more than {} partial matches of this field's wildcards alive: use fewer "
              "stars, `prefix` or `suffix` where only one end is open, or make two patterns",
              kMaxWildcardCost));
    }
    remember_selector();
    const auto shared = std::make_shared<const FieldTest>(std::move(*test));
    for (Alternative& alternative : alternatives) alternative.insert_or_assign(path, shared);
    return {};
  }

  // Each branch goes on from what the alternatives have so far.
  Done branches(const PatternValue& list, const std::string& path, std::vector<Alternative>& alternatives) {
    if (list.kind != NodeKind::Array) return fault(list.offset, "It must be an Array followed with $or.");
    const std::vector<Alternative> before = std::exchange(alternatives, {});
    for (const PatternValue& branch : list.elements) {
      if (branch.kind != NodeKind::Object)
        return fault(branch.offset, "Only JSON object is allowed in array of $or relationship.");
      std::vector<Alternative> more = before;
      if (auto read = object(branch, path, true, more); !read) return read;
      if (alternatives.size() + more.size() > kMaxOrCombinations) {
        return fault(
            branch.offset, fmt::format("$or makes more than {} combinations", kMaxOrCombinations),
            "write several values of one field as one list instead of branches, or make two patterns");
      }
      std::ranges::move(more, std::back_inserter(alternatives));
    }
    if (list.elements.size() < 2) {
      return fault(list.offset, "There must have at least 2 Objects in $or relationship.");
    }
    return {};
  }

  // The field at hand as a selector, to show what matched. A name with the end of a quoted one in it has
  // none.
  void remember_selector() {
    if (std::ranges::any_of(steps_, [](const SelectorStep& step) { return step.name.contains("']"); }))
      return;
    Selector selector;
    selector.steps = steps_;
    selector.text.push_back('$');
    for (const SelectorStep& step : steps_) {
      selector.text +=
          is_selector_name(step.name) ? fmt::format(".{}", step.name) : fmt::format(".['{}']", step.name);
    }
    if (std::ranges::find(selectors_, selector) == selectors_.end())
      selectors_.push_back(std::move(selector));
  }

  const WildcardCheck are_wildcards_fine_;
  std::vector<SelectorStep> steps_;                               // to the field at hand
  std::vector<Selector> selectors_;                               // of all fields, each once
  std::map<std::string, std::vector<PlacedWildcard>> wildcards_;  // by path, of all alternatives
};

std::expected<PatternValue, SyntaxError> read(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size()))
    return std::unexpected(SyntaxError{0, "The text is not valid UTF-8", {}});
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (++characters > kMaxEventPatternCharacters) {
      return std::unexpected(
          SyntaxError{at, fmt::format("It is longer than {} characters", kMaxEventPatternCharacters),
                      "make two patterns"});
    }
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return std::unexpected(SyntaxError{0, "Filter is not an object",
                                       "{\"source\": [{\"exists\": true}]} matches what has a source"});
  }
  return read_pattern_json(text);
}

}  // namespace

std::expected<CompiledFilter, SyntaxError> compile_pattern(const PatternValue& root,
                                                           WildcardCheck check_wildcards) {
  return EventPatternCompiler(check_wildcards).compile(root);
}

std::expected<CompiledFilter, SyntaxError> compile_event_pattern(std::string_view text) {
  std::expected<CompiledFilter, SyntaxError> filter;
  if (auto root = read(text)) {
    filter = compile_pattern(*root, [](const std::vector<PlacedWildcard>& wildcards) {
      return wildcard_cost(wildcards) <= kMaxWildcardCost;
    });
  } else {
    filter = std::unexpected(std::move(root.error()));
  }
  if (!filter)
    filter.error().message = fmt::format("Event pattern is not valid. Reason: {}", filter.error().message);
  return filter;
}

}  // namespace tocsin::filters
