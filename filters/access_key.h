// What an event must show for a filter to have a chance: the keys by which the matcher finds its candidates.
//
//   BoundPredicate --ways_in()--> ways: each a few keys of which one at least hits if the predicate holds
//
// A key is a question to one field that an index answers for all filters at once (value_index.h). It is a
// necessary condition, no more: what a key finds is a candidate, and its predicate decides. So a key may be
// coarser than the test it was made from, and is never finer. After "access predicates" of content-based
// publish/subscribe (Pereira et al., 2000).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/event/value_test.h"
#include "filters/bound_predicate.h"

namespace tocsin::filters {

struct AccessKey {
  enum class Kind : std::uint8_t {
    LogGroup,       // the event's log group is `text`
    Exists,         // the field has a value
    Absent,         // it has none (Json)
    Equals,         // a value is `text`: of a string its content, else its JSON text
    EqualsAnyCase,  // likewise; `text` in lower case, ASCII letters of either case
    Starts,         // it starts with `text`, of either case; so do Ends and Holds
    Ends,
    Holds,  // of a longer literal `text` is the end
    Range,  // it reads as a number in `range`
    Block,  // it is an address in `block`, whose first address is really its first
  };
  Kind kind = Kind::Exists;
  FieldId field;
  std::string text;
  event::NumberRange range;
  event::AddressBlock block;

  // Equal keys have equal identities.
  [[nodiscard]] std::string identity() const;
  // A guess, from the kind of key alone: the share of events that it hits, 0 to 1.
  [[nodiscard]] double odds() const;
};

// For people: "$.eventName is ConsoleLogin".
[[nodiscard]] std::string describe(const AccessKey& key, const FieldTable& fields);

// The first address of the block of this length that holds `address`.
[[nodiscard]] std::array<std::uint8_t, 16> first_of_block(const event::IpAddress& address, unsigned bits);

// So many pairs of a key of one way and a key of another are looked up at most.
inline constexpr std::size_t kMaxPairs = 16;

// Keys of which at least one hits an event for which the predicate holds.
using WayIn = std::vector<AccessKey>;

// A conjunction of a predicate's top-level Or (or the predicate itself), by the ways into it (of many
// conjunctions the best): every one would do. Without any way in, only the predicate itself can tell.
struct Conjunction {
  std::vector<WayIn> ways;
};

// If the predicate holds, one of its conjunctions does.
[[nodiscard]] std::vector<Conjunction> ways_in(const BoundPredicate& predicate);

}  // namespace tocsin::filters
