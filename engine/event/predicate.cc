#include "engine/event/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/number.h"
#include "engine/event/plain_json.h"
#include "engine/event/reject.h"

namespace tocsin::event {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool contains(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool compare(double number, const NumberCompare& test) {
  switch (test.op) {
    case NumberCompare::Op::Equal:
      return number == test.value;
    case NumberCompare::Op::Less:
      return number < test.value;
    case NumberCompare::Op::LessOrEqual:
      return number <= test.value;
    case NumberCompare::Op::Greater:
      return number > test.value;
    case NumberCompare::Op::GreaterOrEqual:
      return number >= test.value;
  }
  return false;
}

// The tests that ask for a text: none of them is about numbers, nodes or counts.
bool text_test_holds(std::string_view text, const Test& test) {
  return std::visit(Overloaded{[&](const Contains& t) { return contains(text, t.text); },
                               [&](const Wildcard& t) { return wildcard_match(t.pattern, text); },
                               [&](const RegexSearch& t) {
                                 return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                                               *t.regex.compiled);
                               },
                               [](const auto&) { return false; }},
                    test);
}

std::size_t count_tokens(std::string_view line) {
  std::vector<std::string_view> tokens;
  std::vector<std::size_t> starts;
  split_tokens(line, tokens, starts);
  return tokens.size();
}

}  // namespace

// --- building --------------------------------------------------------------------------------------------

Predicate Predicate::of(Leaf leaf) {
  Predicate predicate;
  predicate.op = Op::Leaf;
  predicate.leaf = std::move(leaf);
  return predicate;
}

Predicate Predicate::all_of(std::vector<Predicate> children) {
  if (children.size() == 1) return std::move(children.front());
  Predicate predicate;
  predicate.op = Op::And;
  predicate.children = std::move(children);
  return predicate;
}

Predicate Predicate::any_of(std::vector<Predicate> children) {
  if (children.size() == 1) return std::move(children.front());
  Predicate predicate;
  predicate.op = Op::Or;
  predicate.children = std::move(children);
  return predicate;
}

Predicate Predicate::none_of(Predicate child) {
  Predicate predicate;
  predicate.op = Op::Not;
  predicate.children.push_back(std::move(child));
  return predicate;
}

Predicate Predicate::jointly(std::vector<Predicate> leaves) {
  if (leaves.size() == 1) return std::move(leaves.front());
  Predicate predicate;
  predicate.op = Op::Jointly;
  predicate.children = std::move(leaves);
  return predicate;
}

bool needs_json(const Predicate& predicate) {
  if (predicate.op == Predicate::Op::Leaf) {
    return std::holds_alternative<JsonField>(predicate.leaf.field) ||
           std::holds_alternative<PathField>(predicate.leaf.field);
  }
  return std::ranges::any_of(predicate.children, needs_json);
}

// --- tests on one value ----------------------------------------------------------------------------------

bool node_satisfies(const JsonNode& node, const Leaf& leaf) {
  if (std::holds_alternative<NotExists>(leaf.test)) return false;
  if (const auto* test = std::get_if<SharedFieldTest>(&leaf.test)) return holds(**test, node.kind, node.text);
  if (std::holds_alternative<IsNull>(leaf.test)) return node.kind == NodeKind::Null;
  if (const auto* test = std::get_if<IsBoolean>(&leaf.test)) {
    return node.kind == NodeKind::Boolean && (node.text == "true") == test->value;
  }
  if (node.kind == NodeKind::Null || node.kind == NodeKind::Object || node.kind == NodeKind::Array)
    return false;
  bool holds = false;
  if (const auto* test = std::get_if<NumberCompare>(&leaf.test)) {
    const auto number = parse_number(node.text);
    holds = number && compare(*number, *test);
  } else {
    holds = text_test_holds(node.text, leaf.test);
  }
  return holds != leaf.negated;
}

bool text_satisfies(std::string_view text, const Leaf& leaf) {
  if (const auto* test = std::get_if<NumberCompare>(&leaf.test)) {
    const auto number = parse_number(text);
    return number && compare(*number, *test) != leaf.negated;
  }
  if (const auto* test = std::get_if<TokenCount>(&leaf.test)) {
    const std::size_t tokens = count_tokens(text);
    return (tokens >= test->at_least && tokens <= test->at_most) != leaf.negated;
  }
  return text_test_holds(text, leaf.test) != leaf.negated;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const std::size_t last = pattern.rfind('*');
  const std::string_view prefix = pattern.substr(0, first);
  const std::string_view suffix = pattern.substr(last + 1);
  if (text.size() < prefix.size() + suffix.size()) return false;
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return false;
  text = text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
  // What stands between stars must come in its order; taking the leftmost place for each leaves the most for
  // the next.
  std::size_t at = first;
  while (at < last) {
    const std::size_t next = pattern.find('*', at + 1);
    const std::string_view part = pattern.substr(at + 1, next - at - 1);
    if (!part.empty()) {
      const void* found = memmem(text.data(), text.size(), part.data(), part.size());
      if (found == nullptr) return false;
      const auto offset = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
      text.remove_prefix(offset + part.size());
    }
    at = next;
  }
  return true;
}

// --- tokens ----------------------------------------------------------------------------------------------

void split_tokens(std::string_view line, std::vector<std::string_view>& tokens,
                  std::vector<std::size_t>& starts) {
  tokens.clear();
  starts.clear();
  // Once a closing delimiter was sought in vain there is none in the rest of the line either.
  bool no_bracket = false;
  bool no_quote = false;
  std::size_t at = 0;
  for (;;) {
    while (at < line.size() && is_white(line[at])) ++at;
    if (at == line.size()) return;
    starts.push_back(at);
    const char opener = line[at];
    if ((opener == '[' && !no_bracket) || (opener == '"' && !no_quote)) {
      const std::size_t close = line.find(opener == '[' ? ']' : '"', at + 1);
      if (close != std::string_view::npos) {
        tokens.push_back(line.substr(at + 1, close - at - 1));
        at = close + 1;
        continue;
      }
      (opener == '[' ? no_bracket : no_quote) = true;
    }
    const std::size_t begin = at;
    while (at < line.size() && !is_white(line[at])) ++at;
    tokens.push_back(line.substr(begin, at - begin));
  }
}

std::optional<std::string_view> token_text(std::string_view line, const TokenField& field,
                                           const std::vector<std::string_view>& tokens,
                                           const std::vector<std::size_t>& starts) {
  const std::size_t count = tokens.size();
  if (field.index >= count) return std::nullopt;
  if (field.from == TokenField::From::Right) return tokens[count - 1 - field.index];
  if (field.from == TokenField::From::Left || field.index == count - 1) return tokens[field.index];
  std::string_view rest = line.substr(starts[field.index]);
  while (is_white(rest.back())) rest.remove_suffix(1);
  return rest;
}

// --- the oracle ------------------------------------------------------------------------------------------

namespace {

// A scalar of an event and the elements of arrays it stands in: which array, which element.
struct FlatValue {
  const PlainJson* node = nullptr;
  std::vector<std::pair<const PlainJson*, std::size_t>> elements;
};

// Calls `visit(path, value)` for each scalar, its path's names joined by dots. An element that is a scalar
// itself does not count as standing in its array.
template <typename Visit>
void flatten(const PlainJson& node, const std::optional<std::string>& path, const FlatValue& around,
             const Visit& visit) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const PlainJson& child = node.children[i];
    FlatValue value = around;
    value.node = &child;
    std::optional<std::string> child_path = path;
    if (node.kind == NodeKind::Object) {
      child_path = path ? *path + "." + node.keys[i] : node.keys[i];
    } else if (!is_value(child.kind)) {
      value.elements.emplace_back(&node, i);
    }
    if (is_value(child.kind)) {
      visit(std::string_view(*child_path), value);
    } else {
      flatten(child, child_path, value, visit);
    }
  }
}

bool are_consistent(const FlatValue& one, const FlatValue& other) {
  for (const auto& [array, element] : one.elements) {
    for (const auto& [other_array, other_element] : other.elements) {
      if (array == other_array && element != other_element) return false;
    }
  }
  return true;
}

class Evaluation {
 public:
  Evaluation(std::string_view message, const PlainJson* json) : message_(message), json_(json) {}

  [[nodiscard]] bool holds(const Predicate& predicate) const {
    const auto child_holds = [this](const Predicate& child) { return holds(child); };
    switch (predicate.op) {
      case Predicate::Op::True:
        return true;
      case Predicate::Op::Leaf:
        return leaf_holds(predicate.leaf);
      case Predicate::Op::And:
        return std::ranges::all_of(predicate.children, child_holds);
      case Predicate::Op::Or:
        return std::ranges::any_of(predicate.children, child_holds);
      case Predicate::Op::Not:
        return !holds(predicate.children.front());
      case Predicate::Op::Jointly: {
        std::vector<FlatValue> chosen;
        return jointly_holds(predicate.children, chosen);
      }
    }
    return false;
  }

 private:
  [[nodiscard]] bool leaf_holds(const Leaf& leaf) const {
    return std::visit(Overloaded{[&](const MessageField&) { return text_satisfies(message_, leaf); },
                                 [&](const JsonField& field) { return json_holds(field, leaf); },
                                 [&](const PathField& field) {
                                   return !path_values(field, leaf).empty() ||
                                          absent_and_allowed(field, leaf);
                                 },
                                 [&](const TokenField& field) { return token_holds(field, leaf); }},
                      leaf.field);
  }

  [[nodiscard]] bool json_holds(const JsonField& field, const Leaf& leaf) const {
    const auto nodes = select(*json_, field.selector);
    if (std::holds_alternative<NotExists>(leaf.test)) return nodes.empty();
    return std::ranges::any_of(
        nodes, [&](const PlainJson* node) { return node_satisfies({node->kind, node->text}, leaf); });
  }

  [[nodiscard]] bool token_holds(const TokenField& field, const Leaf& leaf) const {
    std::vector<std::string_view> tokens;
    std::vector<std::size_t> starts;
    split_tokens(message_, tokens, starts);
    const auto text = token_text(message_, field, tokens, starts);
    return text && text_satisfies(*text, leaf);
  }

  // --- paths

  // The values of a path that satisfy a leaf.
  [[nodiscard]] std::vector<FlatValue> path_values(const PathField& field, const Leaf& leaf) const {
    std::vector<FlatValue> values;
    flatten(*json_, {}, {}, [&](std::string_view path, const FlatValue& value) {
      if (path == field.path && node_satisfies({value.node->kind, value.node->text}, leaf))
        values.push_back(value);
    });
    return values;
  }

  [[nodiscard]] bool absent_and_allowed(const PathField& field, const Leaf& leaf) const {
    bool there = false;
    flatten(*json_, {}, {},
            [&](std::string_view path, const FlatValue&) { there = there || path == field.path; });
    return !there && std::get<SharedFieldTest>(leaf.test)->or_absent;
  }

  // Every combination of values, one for each leaf from chosen.size() on.
  [[nodiscard]] bool jointly_holds(const std::vector<Predicate>& leaves,
                                   std::vector<FlatValue>& chosen) const {
    if (chosen.size() == leaves.size()) return true;
    const Leaf& leaf = leaves[chosen.size()].leaf;
    const auto& field = std::get<PathField>(leaf.field);
    std::vector<FlatValue> candidates = path_values(field, leaf);
    if (absent_and_allowed(field, leaf)) candidates.push_back({});
    for (const FlatValue& candidate : candidates) {
      const auto fits = [&](const FlatValue& other) { return are_consistent(candidate, other); };
      if (!std::ranges::all_of(chosen, fits)) continue;
      chosen.push_back(candidate);
      if (jointly_holds(leaves, chosen)) return true;
      chosen.pop_back();
    }
    return false;
  }

  std::string_view message_;
  const PlainJson* json_;  // null only where nobody asks
};

}  // namespace

bool evaluate(const Predicate& predicate, std::string_view message) {
  if (message.size() > kMaxEventBytes || !is_utf8(message)) return false;
  if (!needs_json(predicate)) return Evaluation(message, nullptr).holds(predicate);
  const auto json = read_plain_json(message);
  return json && json->kind == NodeKind::Object && Evaluation(message, &*json).holds(predicate);
}

}  // namespace tocsin::event
