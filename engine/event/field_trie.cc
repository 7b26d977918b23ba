#include "engine/event/field_trie.h"

#include "engine/base/check.h"

namespace tocsin::event {

void FieldTrie::Node::link(std::uint32_t index) {
  std::uint32_t& bucket = buckets_[members_[index].key.hash() & (buckets_.size() - 1)];
  members_[index].next = bucket;
  bucket = index;
}

void FieldTrie::Node::add_member(const std::string& name, Node& node) {
  lengths_ |= length_bit(name);
  initials_ |= initial_bit(name);
  auto kept = std::make_unique<const std::string>(name);
  const FieldKey key(*kept);
  members_.push_back({std::move(kept), key, &node, kNone});
  if (buckets_.size() < members_.size() * 4) {
    buckets_.assign(std::max<std::size_t>(8, buckets_.size() * 2), kNone);
    for (std::uint32_t i = 0; i < members_.size(); ++i) link(i);
  } else {
    link(static_cast<std::uint32_t>(members_.size() - 1));
  }
}

FieldTrie::FieldTrie() { nodes_.push_back(std::make_unique<Node>(0)); }
FieldTrie::~FieldTrie() = default;
FieldTrie::FieldTrie(FieldTrie&&) noexcept = default;
FieldTrie& FieldTrie::operator=(FieldTrie&&) noexcept = default;

// The node that `step` leads to from `parent`; made if it is not there yet.
FieldTrie::Node& FieldTrie::child(Node& parent, const SelectorStep& step) {
  const Node* found = nullptr;
  switch (step.kind) {
    case SelectorStep::Kind::Name:
      found = parent.member(step.name);
      break;
    case SelectorStep::Kind::Index:
      found = parent.element(step.index);
      break;
    case SelectorStep::Kind::AnyMember:
      found = parent.any_member_;
      break;
    case SelectorStep::Kind::AnyElement:
      found = parent.any_element_;
      break;
  }
  if (found != nullptr) return *nodes_[found->id_];

  Node& made = *nodes_.emplace_back(std::make_unique<Node>(static_cast<std::uint32_t>(nodes_.size())));
  switch (step.kind) {
    case SelectorStep::Kind::Name:
      parent.add_member(step.name, made);
      break;
    case SelectorStep::Kind::Index:
      parent.elements_.emplace_back(step.index, &made);
      break;
    case SelectorStep::Kind::AnyMember:
      parent.any_member_ = &made;
      break;
    case SelectorStep::Kind::AnyElement:
      parent.any_element_ = &made;
      break;
  }
  return made;
}

Slot FieldTrie::add(const Selector& selector) {
  TOCSIN_CHECK(!selector.steps.empty());
  Node* node = nodes_.front().get();
  for (const SelectorStep& step : selector.steps) node = &child(*node, step);
  if (node->slot_ == kNoSlot) node->slot_ = static_cast<Slot>(slots_++);
  return node->slot_;
}

}  // namespace tocsin::event
