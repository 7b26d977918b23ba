#include "filters/bound_predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace tocsin::filters {

using event::TokenField;

FieldId FieldTable::add(const event::Field& field) {
  if (const auto* token = std::get_if<TokenField>(&field)) return add(*token);
  if (std::holds_alternative<event::MessageField>(field)) return {};
  if (const auto* selected = std::get_if<event::JsonField>(&field))
    return {FieldId::Kind::Json, add(selected->selector)};
  const std::string& path = std::get<event::PathField>(field).path;
  return {FieldId::Kind::Json, named(json.add_path(path), path)};
}

event::Slot FieldTable::add(const event::Selector& selector) {
  return named(json.add(selector), selector.text);
}

event::Slot FieldTable::named(event::Slot slot, const std::string& name) {
  if (slot == json_names_.size()) json_names_.push_back(name);
  return slot;
}

FieldId FieldTable::add(const TokenField& field) {
  const auto known = std::ranges::find(tokens, field);
  const auto index = static_cast<std::uint32_t>(known - tokens.begin());
  if (known == tokens.end()) tokens.push_back(field);
  return {FieldId::Kind::Token, index};
}

std::string FieldTable::name(FieldId field) const {
  if (field.kind == FieldId::Kind::Message) return "the message";
  if (field.kind == FieldId::Kind::Json) return json_names_[field.index];
  const TokenField& token = tokens[field.index];
  if (token.from == TokenField::From::Rest) return fmt::format("the line from token {} on", token.index + 1);
  return fmt::format("token {}{}", token.index + 1,
                     token.from == TokenField::From::Right ? " from the right" : "");
}

namespace {

using Leaves = std::map<std::pair<std::uint32_t, const event::FieldTest*>, std::vector<BoundPredicate*>>;

BoundPredicate bind_all(event::Predicate predicate, FieldTable& fields, Leaves& leaves) {
  BoundPredicate bound;
  bound.op = predicate.op;
  bound.leaf = std::move(predicate.leaf);
  if (bound.op == event::Predicate::Op::Leaf) bound.field = fields.add(bound.leaf.field);
  bound.children.reserve(predicate.children.size());  // they stay where they are
  for (event::Predicate& child : predicate.children) {
    BoundPredicate& added = bound.children.emplace_back(bind_all(std::move(child), fields, leaves));
    if (const auto* test = std::get_if<event::SharedFieldTest>(&added.leaf.test); test != nullptr)
      leaves[{added.field.index, test->get()}].push_back(&added);
  }
  return bound;
}

}  // namespace

BoundPredicate bind(event::Predicate predicate, FieldTable& fields) {
  Leaves leaves;
  BoundPredicate bound = bind_all(std::move(predicate), fields, leaves);
  for (const auto& [test, same] : leaves) {
    if (same.size() == 1) continue;
    for (BoundPredicate* leaf : same) leaf->shared_test = bound.shared_tests;
    ++bound.shared_tests;
  }
  return bound;
}

}  // namespace tocsin::filters
