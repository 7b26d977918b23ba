// Filters as a program without an index has them: the fields that they want are extracted once from an event,
// then each filter is evaluated on them, one after the other. What the matcher of all filters is compared
// with, in time and in matches.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/event/json_view.h"
#include "engine/event/predicate.h"

namespace tocsin::bench {

class OneByOne {
 public:
  explicit OneByOne(const std::vector<event::Predicate>& predicates);

  // How many of the filters match a message.
  [[nodiscard]] std::uint64_t matches(std::string_view message);

  // The part of it that any matcher has to do: walks the message for the fields that the filters want.
  // Whether it is an object.
  bool extract(std::string_view message);

 private:
  // A predicate whose fields are slots.
  struct Bound {
    event::Predicate::Op op = event::Predicate::Op::True;
    event::Leaf leaf;
    event::Slot slot = 0;
    std::vector<Bound> children;
  };

  Bound bind(const event::Predicate& predicate);
  [[nodiscard]] bool holds(const Bound& predicate, std::string_view message);
  [[nodiscard]] bool leaf_holds(const Bound& predicate, std::string_view message) const;
  [[nodiscard]] bool jointly_holds(const Bound& predicate);

  event::FieldTrie fields_;
  std::vector<Bound> filters_;
  bool needs_json_ = false;  // any of them does
  event::JsonView view_;
  std::vector<event::ArrayCandidate> candidates_;
};

}  // namespace tocsin::bench
