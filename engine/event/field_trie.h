// The wanted fields of JSON events as one tree: selectors and paths, each with a slot number.
//
//   selectors --add()--------> FieldTrie --steps--> JsonView::walk()
//   paths     --add_path()-->
//
// A path is EventBridge's: names joined by dots, arrays left out. It shares the nodes of selectors with the
// same names; but it also leads through arrays as if they were not there, and an event's key with dots in it
// takes it as many steps on as it has names.
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

#include "engine/base/text_bits.h"
#include "engine/event/selector.h"

namespace tocsin::event {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

// A member's name made cheap to look up: its first and last eight bytes as numbers. Up to sixteen bytes they
// say it all.
class FieldKey {
 public:
  // From where `text` begins so many bytes may be read, at least all of it.
  FieldKey(std::string_view text, std::size_t readable) : text_(text) {
    if (readable < 8) [[unlikely]] {
      first_ = few_bytes(text);
      return;
    }
    first_ = word_at(0);
    if (text.size() > 8) {
      last_ = word_at(text.size() - 8);
    } else if (text.size() < 8) {  // what stands behind the text is shifted out
      first_ = text.empty() ? 0 : first_ << (64 - 8 * text.size()) >> (64 - 8 * text.size());
    }
  }
  explicit FieldKey(std::string_view text) : FieldKey(text, text.size()) {}

  [[nodiscard]] std::string_view text() const { return text_; }

  [[nodiscard]] std::uint64_t hash() const {
    constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;
    std::uint64_t size_and_middle = text_.size();
    for (std::size_t at = 8; at + 8 < text_.size(); at += 8)
      size_and_middle = fold(size_and_middle ^ word_at(at), kMix);
    return fold(first_ ^ kMix, (last_ ^ (kMix >> 1)) + size_and_middle);
  }

  [[nodiscard]] bool contains(char c) const {
    if (has(first_, c) || has(last_, c)) return true;
    for (std::size_t at = 8; at + 8 < text_.size(); at += 8) {
      if (has(word_at(at), c)) return true;
    }
    return false;
  }

  // Whether it is this text, which is not made a key of for it. `readable` as above.
  [[nodiscard]] bool is(std::string_view text, std::size_t readable) const {
    const std::size_t size = text.size();
    if (size != text_.size()) return false;
    if (readable < 8 || size == 0) [[unlikely]]
      return text == text_;
    const std::uint64_t first = tocsin::word_at(text.data());
    if (size <= 8) return (first ^ first_) << (64 - 8 * size) == 0;
    return first == first_ && tocsin::word_at(text.data() + size - 8) == last_ &&
           (size <= 16 || std::memcmp(text.data(), text_.data(), size) == 0);
  }

  bool operator==(const FieldKey& other) const {
    return first_ == other.first_ && text_.size() == other.text_.size() && last_ == other.last_ &&
           (text_.size() <= 16 || std::memcmp(text_.data(), other.text_.data(), text_.size()) == 0);
  }

 private:
  // Apart, so that a key need not be in memory.
  [[gnu::noinline]] static std::uint64_t few_bytes(std::string_view text) {
    std::uint64_t word = 0;
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());
    return word;
  }
  [[nodiscard]] std::uint64_t word_at(std::size_t at) const { return tocsin::word_at(text_.data() + at); }
  // Whether one of the eight bytes is `c`, which is not 0: the classic test for a zero byte.
  static bool has(std::uint64_t word, char c) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    const std::uint64_t zeros = word ^ (kOnes * static_cast<unsigned char>(c));
    return ((zeros - kOnes) & ~zeros & (kOnes << 7)) != 0;
  }

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

  // The slot of a selector or a path; equal ones share one, but no selector shares one with a path.
  Slot add(const Selector& selector);
  Slot add_path(std::string_view path);
  [[nodiscard]] std::size_t slots() const { return slots_; }

  // No other trie, and none with other fields, has it in this process.
  [[nodiscard]] std::uint64_t identity() const { return identity_; }

  // For the walk.
  [[nodiscard]] const Node& root() const { return *nodes_.front(); }
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }

 private:
  Node& child(Node& parent, const SelectorStep& step);
  Node& make();
  Slot give(Slot& slot, std::variant<Selector, std::string> field);

  std::vector<std::unique_ptr<Node>> nodes_;                // the root first
  std::vector<std::variant<Selector, std::string>> added_;  // by slot
  std::size_t slots_ = 0;
  std::uint64_t identity_;
};

// A place in JSON that leads to wanted fields, or is one.
class FieldTrie::Node {
 public:
  explicit Node(std::uint32_t id) : id_(id) {}

  [[nodiscard]] std::uint32_t id() const { return id_; }       // from 0, below FieldTrie::nodes()
  [[nodiscard]] Slot slot() const { return slot_; }            // kNoSlot: no selector ends here
  [[nodiscard]] Slot path_slot() const { return path_slot_; }  // kNoSlot: no path ends here
  [[nodiscard]] bool has_paths() const { return has_paths_; }  // some path ends here or leads on from here
  [[nodiscard]] bool has_dot() const { return has_dot_; }      // its name has
  [[nodiscard]] bool wants_members() const { return size_ != 0 || any_member_ != nullptr; }
  [[nodiscard]] bool wants_elements() const {
    return !elements_.empty() || any_element_ != nullptr || has_paths_;
  }
  [[nodiscard]] const Node* any_member() const { return any_member_; }
  [[nodiscard]] const Node* any_element() const { return any_element_; }

  // Null: nobody wants a member of that name.
  [[nodiscard]] const Node* member(const FieldKey& key) const {
    for (std::size_t at = key.hash() & mask_;; at = (at + 1) & mask_) {
      const Member& member = members_[at];
      if (member.key == key) return member.node;
      if (member.node == nullptr) return nullptr;
    }
  }
  [[nodiscard]] const Node* member(std::string_view name) const { return member(FieldKey(name)); }

  // Where a key that may have dots in it takes a path. Null: no path goes there.
  [[nodiscard]] const Node* follow(std::string_view key) const {
    const Node* node = this;
    for (;;) {
      const std::size_t dot = key.find('.');
      node = node->member(key.substr(0, dot));
      if (node == nullptr || !node->has_paths_) return nullptr;
      if (dot == std::string_view::npos) return node;
      key.remove_prefix(dot + 1);
    }
  }

  [[nodiscard]] const Node* element(std::uint32_t index) const {
    const auto found = std::ranges::lower_bound(elements_, index, {}, &Element::first);
    return found != elements_.end() && found->first == index ? found->second : nullptr;
  }

 private:
  friend class FieldTrie;

  using Element = std::pair<std::uint32_t, Node*>;
  struct Member {
    FieldKey key{{}};  // looks at its node's name, which stays where it is
    Node* node = nullptr;
  };

  void add_member(Node& node);
  void place(const Member& member);

  std::uint32_t id_;
  std::string name_;  // of a member
  bool has_dot_ = false;
  Slot slot_ = kNoSlot;
  Slot path_slot_ = kNoSlot;
  bool has_paths_ = false;
  std::uint32_t size_ = 0;  // members
  std::vector<Member> members_ =
      std::vector<Member>(1);  // a hash table, a quarter of it full; what is free has no node
  std::size_t mask_ = 0;       // one less than its size, a power of two
  Node* any_member_ = nullptr;
  Node* any_element_ = nullptr;
  std::vector<Element> elements_;  // by index
};

}  // namespace tocsin::event
