// What the messages before looked like: most events are the same keys in the same order again, and a walk
// that knows which key comes next need not look each one up, nor watch for keys that stand twice.
//
//   walked message --learn()--> JsonShapes --first(), next, other--> the walk of the next one
//
// A shape is the way through a message's objects as far as somebody wants something of them: a step for each
// of their members, and for each of their ends. All shapes are one tree: those that begin alike share their
// steps, where they part each has its own. Values that nobody wants, and what is in arrays, may be anything.
//
// A message that fits no shape is walked the long way, finds the same, and is learned; but for what steps
// cannot tell: keys with escapes, of over 64 bytes or with white space behind them, or with dots that a path
// goes on behind; more than 1,024 steps; a root that is empty, wanted itself, or of which no member is wanted
// or any.
//
// All of it belongs to one JsonView, and so to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "engine/event/field_trie.h"
#include "engine/event/json_structure.h"

namespace tocsin::event {

// Items in blocks that stay where they are, one after the other; clear() keeps the memory.
template <typename T, std::size_t kBlock>
class Blocks {
 public:
  // `count`, at most kBlock, that stand together.
  T* add(std::size_t count) {
    if (used_ + count > kBlock || block_ == blocks_.size()) next_block();
    T* const items = blocks_[block_].get() + used_;
    used_ += count;
    return items;
  }
  void clear() { block_ = used_ = 0; }

 private:
  void next_block() {
    if (block_ < blocks_.size()) ++block_;
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique<T[]>(kBlock));
    used_ = 0;
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t block_ = 0;  // the one that is filled
  std::size_t used_ = 0;   // of it
};

// The shapes of messages that are walked for the same fields. At most some five MiB: what is full starts
// anew.
class JsonShapes {
 public:
  struct Step {
    enum class Kind : std::uint8_t {
      Unwanted,  // a member: nobody wants its value
      Value,     // a member whose value is a scalar: filed under its slots
      Open,      // a member whose value is an object: the steps of its members come next
      Walk,      // a member whose value is an array, or an object without steps: walked by `node`
      Close,     // the end of an object
    };
    FieldKey key{{}};
    const FieldTrie::Node* node = nullptr;
    Slot slot = kNoSlot;
    Slot path_slot = kNoSlot;
    Kind kind = Kind::Close;
    bool opens = false;     // of Walk: of objects it takes only {}; others are an Open
    Step* next = nullptr;   // the first in the place behind it, and
    Step* other = nullptr;  // the next one in its own place
  };

  explicit JsonShapes(const FieldTrie& fields) : fields_(fields.identity()) {}
  JsonShapes(const JsonShapes&) = delete;  // steps refer to each other
  JsonShapes& operator=(const JsonShapes&) = delete;

  [[nodiscard]] bool are_for(const FieldTrie& fields) const { return fields_ == fields.identity(); }

  // Where messages begin: the first step of that place. Null: nothing is learned yet.
  [[nodiscard]] Step* first() const { return first_; }

  // A message that fits no shape, walked for the same fields, and found to be an object in which no key that
  // anything is wanted of stands twice. Returns how many steps it took.
  std::size_t learn(const JsonStructure& message, const FieldTrie& fields);

 private:
  bool read(const JsonStructure& message, const FieldTrie& fields);
  std::size_t add();

  static constexpr std::size_t kStepsOfBlock = 256;
  static constexpr std::size_t kBytesOfBlock = std::size_t{16} << 10;

  Step* first_ = nullptr;
  Blocks<Step, kStepsOfBlock> steps_;
  Blocks<char, kBytesOfBlock> keys_;
  std::size_t step_count_ = 0;
  std::uint64_t fields_;             // the trie's identity
  std::vector<Step> message_steps_;  // of the message to learn, their keys in it
  std::vector<const FieldTrie::Node*> open_;
};

// The shapes of a view, and whether it pays to try messages on them. Every message earns credit by its size;
// what is of no use is paid with it: tries that fit none, steps that are learned, others in a place that are
// passed. So whatever comes, it takes a small part of the time of the walks.
class JsonExperience {
 public:
  // The shapes to try a message on. Null: it is walked the long way. `size`: offsets, and an eighth of its
  // bytes.
  [[nodiscard]] JsonShapes* shapes_for(const FieldTrie& fields, std::size_t size);

  void passed(std::size_t others) { pay(others, kCostOfOther); }
  void missed(std::size_t size) { pay(size, kCostOfMiss); }
  void learned(std::size_t steps) { pay(steps, kCostOfStep); }

 private:
  // Of each, many times the size that a walk goes over while it is done.
  static constexpr std::size_t kCostOfMiss = 16;
  static constexpr std::size_t kCostOfOther = 8;
  static constexpr std::size_t kCostOfStep = 160;
  static constexpr std::ptrdiff_t kMostCredit = std::ptrdiff_t{1} << 21;

  void pay(std::size_t count, std::size_t cost) { credit_ -= static_cast<std::ptrdiff_t>(count * cost); }

  std::list<JsonShapes> shapes_;  // for up to four tries, the last used first
  std::ptrdiff_t credit_ = kMostCredit;
};

}  // namespace tocsin::event
