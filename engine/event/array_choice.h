// EventBridge's rule for arrays: the values that satisfy a pattern must not come from different elements of
// one array.
//
// A value is known by the elements it stands in, from the innermost outwards (ArrayElement::outer); scalars
// that are elements themselves count as standing in the array's surroundings. Used by the matcher; the oracle
// tries every combination instead.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tocsin::event {

// An element of an array that is an object or an array itself.
struct ArrayElement {
  std::uint32_t outer = 0;  // the element around its array, an index into all of the event's; 0: none
  std::uint32_t array = 0;  // which array: a number of its own in the event
};

// A value that satisfies field `field`, in element `element`.
struct ArrayCandidate {
  std::uint32_t field = 0;
  std::uint32_t element = 0;
};

// What one event may cost a pattern, and each of the alternatives that its `$or` makes: a candidate costs one
// for each array around it and one for each that it is looked at in; an element that may be chosen costs 128
// more.
inline constexpr std::size_t kMaxChoices = std::size_t{1} << 20;       // of an alternative
inline constexpr std::size_t kMaxChoicesOfPattern = 16 * kMaxChoices;  // of all of them
inline constexpr std::size_t kChoicesOfKept = 4;  // for an element that is kept for the other alternatives

// Whether one candidate can be chosen for each field of 0 … fields-1 so that no two stand in different
// elements of one array. elements[0] stands for no element. Where arrays are disjoint, as in an event whose
// keys hold no dots, time is linear in the candidates and their depth; keys with dots can spell one path in
// several ways, across several arrays. In either case the answer is no once kMaxChoices, or `choices_left` of
// the pattern's, do not suffice. Few sorted candidates (by field, then element) of fields that have one array
// each, in no other, cost nothing, and no memory.
[[nodiscard]] bool has_consistent_choice(std::span<const ArrayCandidate> candidates, std::uint32_t fields,
                                         std::span<const ArrayElement> elements, std::size_t& choices_left);

}  // namespace tocsin::event
