#include "filters/bound_predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace tocsin::filters {

using event::TokenField;

FieldId FieldTable::add(const event::Field& field) {
  if (const auto* token = std::get_if<TokenField>(&field)) return add(*token);
  if (std::holds_alternative<event::MessageField>(field)) return {};
  const auto* selected = std::get_if<event::JsonField>(&field);
  const event::Slot slot = selected != nullptr ? json.add(selected->selector)
                                               : json.add_path(std::get<event::PathField>(field).path);
  if (slot >= json_names_.size()) {
    json_names_.resize(slot + 1);
    json_names_[slot] =
        selected != nullptr ? selected->selector.text : std::get<event::PathField>(field).path;
  }
  return {FieldId::Kind::Json, slot};
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

BoundPredicate bind(event::Predicate predicate, FieldTable& fields) {
  BoundPredicate bound;
  bound.op = predicate.op;
  bound.leaf = std::move(predicate.leaf);
  if (bound.op == event::Predicate::Op::Leaf) bound.field = fields.add(bound.leaf.field);
  for (event::Predicate& child : predicate.children) bound.children.push_back(bind(std::move(child), fields));
  return bound;
}

}  // namespace tocsin::filters
