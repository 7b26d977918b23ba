// What the messages before looked like: most events are the same keys in the same order again, and a walk
// that knows which key comes next need not look each one up, nor watch for keys that stand twice.
//
//   walked message --learn()--> JsonShapes --first(), next, other--> the walk of the next one
//
// A shape is the way through a message's objects as far as somebody wants something of them: a step for each
// of their members, and for each of their ends. All shapes are one tree: those that begin alike share their
// steps, where they part each has its own. Values that nobody wants, and what is in arrays, may be anything.
//
// A message that fits no shape is walked the long way, finds the same, and is learned.
//
// Belongs to one JsonView, and so to one thread. Memory is bounded: some six MiB, and a view has shapes for
// up to four tries; what is full starts anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "engine/event/field_trie.h"
#include "engine/event/json_structure.h"

namespace tocsin::event {

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
    bool opens = false;     // of Walk: what is no empty object has an Open
    Step* next = nullptr;   // what comes behind it, and
    Step* other = nullptr;  // what else may stand in its place
  };

  // Of messages that are walked for these fields.
  explicit JsonShapes(const FieldTrie& fields) : fields_(fields.identity()) {}
  JsonShapes(const JsonShapes&) = delete;  // steps refer to each other
  JsonShapes& operator=(const JsonShapes&) = delete;

  [[nodiscard]] bool are_for(const FieldTrie& fields) const { return fields_ == fields.identity(); }

  // Null: nothing is learned yet.
  [[nodiscard]] const Step* first() const { return first_; }

  // A message that fits no shape, walked for the same fields, and found to be an object in which no key that
  // anything is wanted of stands twice.
  void learn(const JsonStructure& message, const FieldTrie& fields);

 private:
  bool read(const JsonStructure& message, const FieldTrie& fields);
  void add();
  void forget();

  Step* first_ = nullptr;
  std::deque<Step> steps_;
  std::deque<std::string> keys_;
  std::uint64_t fields_;    // the trie's identity
  std::vector<Step> read_;  // the message's, their keys in it
  std::vector<const FieldTrie::Node*> open_;
  int refused_ = 0;  // messages that found a place full
};

}  // namespace tocsin::event
