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
  if (of_path_) {  // a key may go on behind the name, with a dot
    lengths_ = ~std::uint64_t{0};
    if (name.empty()) initials_ |= initial_bit(".");
  }
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

FieldTrie::FieldTrie() { make(false); }
FieldTrie::~FieldTrie() = default;
FieldTrie::FieldTrie(const FieldTrie& other) : FieldTrie() {
  for (const auto& field : other.added_) {
    if (const auto* selector = std::get_if<Selector>(&field)) {
      add(*selector);
    } else {
      add_path(std::get<std::string>(field));
    }
  }
}
FieldTrie::FieldTrie(FieldTrie&&) noexcept = default;
FieldTrie& FieldTrie::operator=(FieldTrie&&) noexcept = default;

FieldTrie::Node& FieldTrie::make(bool of_path) {
  return *nodes_.emplace_back(std::make_unique<Node>(static_cast<std::uint32_t>(nodes_.size()), of_path));
}

Slot FieldTrie::slot_of(Node& node, std::variant<Selector, std::string> field) {
  if (node.slot_ == kNoSlot) {
    node.slot_ = static_cast<Slot>(slots_++);
    added_.push_back(std::move(field));
  }
  return node.slot_;
}

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

  Node& made = make(parent.of_path_);
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
  return slot_of(*node, selector);
}

Slot FieldTrie::add_path(std::string_view path) {
  const std::string_view whole = path;
  if (path_root_ == nullptr) path_root_ = &make(true);
  Node* node = path_root_;
  for (;;) {
    const std::size_t dot = path.find('.');
    node = &child(*node, {SelectorStep::Kind::Name, std::string(path.substr(0, dot)), 0});
    if (dot == std::string_view::npos) return slot_of(*node, std::string(whole));
    path.remove_prefix(dot + 1);
  }
}

}  // namespace tocsin::event
