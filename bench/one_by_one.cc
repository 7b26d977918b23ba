#include "bench/one_by_one.h"

#include <algorithm>
#include <variant>

namespace tocsin::bench {

using event::Predicate;

OneByOne::OneByOne(const std::vector<Predicate>& predicates) {
  filters_.reserve(predicates.size());
  for (const Predicate& predicate : predicates) {
    needs_json_ = needs_json_ || event::needs_json(predicate);
    filters_.push_back(bind(predicate));
  }
}

OneByOne::Bound OneByOne::bind(const Predicate& predicate) {
  Bound bound{predicate.op, predicate.leaf, 0, {}};
  if (predicate.op == Predicate::Op::Leaf) {
    if (const auto* field = std::get_if<event::JsonField>(&bound.leaf.field)) {
      bound.slot = fields_.add(field->selector);
    } else if (const auto* path = std::get_if<event::PathField>(&bound.leaf.field)) {
      bound.slot = fields_.add_path(path->path);
    }
  }
  for (const Predicate& child : predicate.children) bound.children.push_back(bind(child));
  return bound;
}

bool OneByOne::extract(std::string_view message) {
  return view_.walk(message, fields_) == event::JsonStatus::Object;
}

std::uint64_t OneByOne::matches(std::string_view message) {
  if (needs_json_ && !extract(message)) return 0;
  return static_cast<std::uint64_t>(
      std::ranges::count_if(filters_, [&](const Bound& filter) { return holds(filter, message); }));
}

bool OneByOne::holds(const Bound& predicate, std::string_view message) {
  const auto child_holds = [&](const Bound& child) { return holds(child, message); };
  switch (predicate.op) {
    case Predicate::Op::True:
      return true;
    case Predicate::Op::Leaf:
      return leaf_holds(predicate, message);
    case Predicate::Op::And:
      return std::ranges::all_of(predicate.children, child_holds);
    case Predicate::Op::Or:
      return std::ranges::any_of(predicate.children, child_holds);
    case Predicate::Op::Not:
      return !child_holds(predicate.children.front());
    case Predicate::Op::Jointly:
      return jointly_holds(predicate);
  }
  return false;
}

bool OneByOne::leaf_holds(const Bound& predicate, std::string_view message) const {
  const event::Leaf& leaf = predicate.leaf;
  if (std::holds_alternative<event::MessageField>(leaf.field)) return event::text_satisfies(message, leaf);
  const auto nodes = view_.nodes(predicate.slot);
  if (std::holds_alternative<event::NotExists>(leaf.test)) return nodes.empty();
  if (const auto* test = std::get_if<event::SharedFieldTest>(&leaf.test); test && nodes.empty()) {
    return (*test)->or_absent;
  }
  return std::ranges::any_of(nodes,
                             [&](const event::JsonNode& node) { return event::node_satisfies(node, leaf); });
}

// A field with a satisfying value outside of arrays needs no choice.
bool OneByOne::jointly_holds(const Bound& predicate) {
  candidates_.clear();
  std::uint32_t fields = 0;
  for (const Bound& bound : predicate.children) {
    const auto nodes = view_.nodes(bound.slot);
    const std::size_t before = candidates_.size();
    bool settled = nodes.empty() && std::get<event::SharedFieldTest>(bound.leaf.test)->or_absent;
    for (std::size_t i = 0; i < nodes.size() && !settled; ++i) {
      if (!event::node_satisfies(nodes[i], bound.leaf)) continue;
      candidates_.push_back({fields, nodes[i].element});
      settled = nodes[i].element == 0;
    }
    if (settled) {
      candidates_.resize(before);
    } else if (candidates_.size() == before) {
      return false;
    } else {
      ++fields;
    }
  }
  std::size_t choices_left = event::kMaxChoicesOfPattern;
  return fields < 2 || event::has_consistent_choice(candidates_, fields, view_.elements(), choices_left);
}

}  // namespace tocsin::bench
