// Predicates as a matcher keeps them: the fields of all filters known by number.
//
//   event::Predicate --bind()--> BoundPredicate, its fields in a FieldTable
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/event/field_trie.h"
#include "engine/event/predicate.h"
#include "engine/event/selector.h"

namespace tocsin::filters {

struct FieldId {
  enum class Kind : std::uint8_t { Message, Json, Token };
  Kind kind = Kind::Message;
  std::uint32_t index = 0;  // Json: its slot; Token: its place in FieldTable::tokens
  auto operator<=>(const FieldId&) const = default;
};

// The fields that any filter looks at, each once.
struct FieldTable {
  event::FieldTrie json;
  std::vector<event::TokenField> tokens;

  FieldId add(const event::Field& field);
  FieldId add(const event::TokenField& field);
  event::Slot add(const event::Selector& selector);
  // For people: "$.a.b", "token 3 from the right", "the message".
  [[nodiscard]] std::string name(FieldId field) const;

 private:
  event::Slot named(event::Slot slot, const std::string& name);

  std::vector<std::string> json_names_;  // by slot
};

inline constexpr std::uint32_t kNotShared = UINT32_MAX;

struct BoundPredicate {
  event::Predicate::Op op = event::Predicate::Op::True;
  std::vector<BoundPredicate> children;
  event::Leaf leaf;
  FieldId field;                  // of the leaf
  // Of a leaf that stands in several conjunctions, as what is beside an `$or` does: the number of its field
  // and test. Below `shared_tests`, which the root has.
  std::uint32_t shared_test = kNotShared;
  std::uint32_t shared_tests = 0;
};

[[nodiscard]] BoundPredicate bind(event::Predicate predicate, FieldTable& fields);

}  // namespace tocsin::filters
