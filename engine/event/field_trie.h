// The wanted fields of JSON events: selectors as one tree, paths as another, each field with a slot number.
//
//   selectors --add()--------> FieldTrie --steps--> JsonView::walk()
//   paths     --add_path()-->
//
// A path is EventBridge's: names joined by dots, arrays left out. Its nodes lead on by the names between
// dots; an event's key with dots in it takes as many steps as it has names.
//
// Built once, then only read: any number of threads may share it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/event/selector.h"

namespace tocsin::event {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

// A member's name made cheap to look up: its first and last eight bytes as numbers. Up to sixteen bytes they
// say it all.
class FieldKey {
 public:
  explicit FieldKey(std::string_view text) : text_(text) {
    if (text.size() >= 8) {
      std::memcpy(&first_, text.data(), 8);
      std::memcpy(&last_, text.data() + text.size() - 8, 8);
    } else if (text.size() >= 4) {
      std::memcpy(&first_, text.data(), 4);
      std::memcpy(&last_, text.data() + text.size() - 4, 4);
    } else if (!text.empty()) {
      first_ = static_cast<unsigned char>(text.front());
      last_ = static_cast<std::uint64_t>(static_cast<unsigned char>(text[text.size() / 2])) << 8 |
              static_cast<unsigned char>(text.back());
    }
  }

  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t hash = (first_ ^ text_.size()) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
    hash = (hash ^ last_) * 0xD6E8FEB86659FD93U;
    return hash ^ (hash >> 32);
  }

  bool operator==(const FieldKey& other) const {
    return text_.size() == other.text_.size() && first_ == other.first_ && last_ == other.last_ &&
           (text_.size() <= 16 || std::memcmp(text_.data(), other.text_.data(), text_.size()) == 0);
  }

 private:
  std::string_view text_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
};

class FieldTrie {
 public:
  class Node;

  FieldTrie();
  ~FieldTrie();
  FieldTrie(const FieldTrie& other);  // every field keeps its slot
  FieldTrie(FieldTrie&&) noexcept;
  FieldTrie& operator=(FieldTrie&&) noexcept;

  // The slot of a selector; equal selectors share one.
  Slot add(const Selector& selector);
  Slot add_path(std::string_view path);
  [[nodiscard]] std::size_t slots() const { return slots_; }

  // For the walk.
  [[nodiscard]] const Node& root() const { return *nodes_.front(); }
  [[nodiscard]] const Node* path_root() const { return path_root_; }  // null: no paths
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }

 private:
  Node& child(Node& parent, const SelectorStep& step);
  Node& make(bool of_path);
  Slot slot_of(Node& node, std::variant<Selector, std::string> field);

  std::vector<std::unique_ptr<Node>> nodes_;                // the root first
  std::vector<std::variant<Selector, std::string>> added_;  // by slot
  Node* path_root_ = nullptr;
  std::size_t slots_ = 0;
};

// A place in JSON that leads to wanted fields, or is one.
class FieldTrie::Node {
 public:
  Node(std::uint32_t id, bool of_path) : id_(id), of_path_(of_path) {}

  [[nodiscard]] std::uint32_t id() const { return id_; }  // from 0, below FieldTrie::nodes()
  [[nodiscard]] Slot slot() const { return slot_; }       // kNoSlot: nobody wants the node itself
  [[nodiscard]] bool wants_members() const { return lengths_ != 0 || any_member_ != nullptr; }
  [[nodiscard]] bool wants_elements() const {
    return !elements_.empty() || any_element_ != nullptr || of_path_;
  }
  [[nodiscard]] bool of_path() const { return of_path_; }
  [[nodiscard]] const Node* any_member() const { return any_member_; }
  [[nodiscard]] const Node* any_element() const { return any_element_; }

  // Whether `key` may be a wanted member's name: turns away most of those that nobody wants.
  [[nodiscard]] bool may_have(std::string_view key) const {
    return (lengths_ & length_bit(key)) != 0 && (initials_ & initial_bit(key)) != 0;
  }

  [[nodiscard]] const Node* member(std::string_view name) const {
    if (!may_have(name)) return nullptr;
    const FieldKey key(name);
    for (std::uint32_t at = buckets_[key.hash() & (buckets_.size() - 1)]; at != kNone;
         at = members_[at].next) {
      if (members_[at].key == key) return members_[at].node;
    }
    return nullptr;
  }

  // Of a path: where a key leads that may have dots in it.
  [[nodiscard]] const Node* follow(std::string_view key) const {
    const Node* node = this;
    for (;;) {
      const std::size_t dot = key.find('.');
      node = node->member(key.substr(0, dot));
      if (node == nullptr || dot == std::string_view::npos) return node;
      key.remove_prefix(dot + 1);
    }
  }

  [[nodiscard]] const Node* element(std::uint32_t index) const {
    for (const auto& [wanted, node] : elements_) {
      if (wanted == index) return node;
    }
    return nullptr;
  }

 private:
  friend class FieldTrie;

  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Member {
    std::unique_ptr<const std::string> name;  // what `key` looks at
    FieldKey key;
    Node* node = nullptr;
    std::uint32_t next = kNone;  // the next member in the same bucket
  };

  static std::uint64_t length_bit(std::string_view key) {
    return std::uint64_t{1} << std::min<std::size_t>(key.size(), 63);
  }
  static std::uint64_t initial_bit(std::string_view key) {
    return std::uint64_t{1} << (key.empty() ? 0 : static_cast<unsigned char>(key.front()) & 63);
  }

  void add_member(const std::string& name, Node& node);
  void link(std::uint32_t index);

  std::uint32_t id_;
  bool of_path_;
  Slot slot_ = kNoSlot;
  Node* any_member_ = nullptr;
  Node* any_element_ = nullptr;
  std::uint64_t lengths_ = 0;   // bit n: some member's name is n bytes long (63: that or longer)
  std::uint64_t initials_ = 0;  // bit n: some member's name starts with a byte whose low six bits are n
  std::vector<Member> members_;
  std::vector<std::uint32_t> buckets_;  // a power of two of them, at least four times as many as members
  std::vector<std::pair<std::uint32_t, Node*>> elements_;
};

}  // namespace tocsin::event
