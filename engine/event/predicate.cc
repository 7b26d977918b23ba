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

bool needs_json(const Predicate& predicate) {
  if (predicate.op == Predicate::Op::Leaf) return std::holds_alternative<JsonField>(predicate.leaf.field);
  return std::ranges::any_of(predicate.children, needs_json);
}

// --- tests on one value ----------------------------------------------------------------------------------

bool node_satisfies(const JsonNode& node, const Leaf& leaf) {
  if (std::holds_alternative<NotExists>(leaf.test)) return false;
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
    }
    return false;
  }

 private:
  [[nodiscard]] bool leaf_holds(const Leaf& leaf) const {
    return std::visit(Overloaded{[&](const MessageField&) { return text_satisfies(message_, leaf); },
                                 [&](const JsonField& field) { return json_holds(field, leaf); },
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
