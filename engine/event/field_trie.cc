#include "engine/event/field_trie.h"

#include <algorithm>
#include <atomic>

#include "engine/base/check.h"

namespace tocsin::event {

void FieldTrie::Node::place(const Member& member) {
  std::size_t at = member.key.hash() & mask_;
  while (members_[at].node != nullptr) at = (at + 1) & mask_;
  members_[at] = member;
}

void FieldTrie::Node::add_member(Node& node) {
  ++size_;
  if (members_.size() < std::size_t{size_} * 4) {
    std::vector<Member> before(std::max<std::size_t>(8, members_.size() * 2));
    before.swap(members_);
    mask_ = members_.size() - 1;
    for (const Member& member : before) {
      if (member.node != nullptr) place(member);
    }
  }
  place({FieldKey(node.name_), &node});
}

namespace {

std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

FieldTrie::FieldTrie() : identity_(next_identity()) { make(); }
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

FieldTrie::Node& FieldTrie::make() {
  return *nodes_.emplace_back(std::make_unique<Node>(static_cast<std::uint32_t>(nodes_.size())));
}

Slot FieldTrie::give(Slot& slot, std::variant<Selector, std::string> field) {
  if (slot == kNoSlot) {
    slot = static_cast<Slot>(slots_++);
    identity_ = next_identity();
    added_.push_back(std::move(field));
  }
  return slot;
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

  Node& made = make();
  switch (step.kind) {
    case SelectorStep::Kind::Name:
      made.name_ = step.name;
      made.has_dot_ = step.name.find('.') != std::string::npos;
      parent.add_member(made);
      break;
    case SelectorStep::Kind::Index:
      parent.elements_.emplace(
          std::ranges::lower_bound(parent.elements_, step.index, {}, &Node::Element::first), step.index,
          &made);
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
  return give(node->slot_, selector);
}

Slot FieldTrie::add_path(std::string_view path) {
  const std::string_view whole = path;
  Node* node = nodes_.front().get();
  for (;;) {
    node->has_paths_ = true;
    const std::size_t dot = path.find('.');
    node = &child(*node, {SelectorStep::Kind::Name, std::string(path.substr(0, dot)), 0});
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  node->has_paths_ = true;
  return give(node->path_slot_, std::string(whole));
}

}  // namespace tocsin::event
