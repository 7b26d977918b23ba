// What an event pattern asks of one value of an event: the leaves of EventBridge's language.
//
//   event pattern --filters/event_pattern--> FieldTest, in a Leaf of a Predicate --> holds()
//
// Unlike the tests of filter patterns these are typed: a text never equals a number, and no text is read as
// one. Immutable; any number of threads may use them.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/event/ip_address.h"
#include "engine/event/json_view.h"
#include "engine/event/regex.h"

namespace tocsin::event {

// A string that is `text`, byte for byte; or, where that is an address, any spelling of it.
struct ExactText {
  std::string text;
  std::optional<IpAddress> address;
};

// true, false, null, or a number of which no double knows every digit: the JSON text as it stood.
struct ExactWord {
  std::string word;
};

// A number from low to high.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_belongs = true;
  bool high_belongs = true;
};

enum class TextPart : std::uint8_t { Whole, Start, End };

// A string that is, starts with, or ends with `text`.
struct TextAt {
  TextPart part = TextPart::Whole;
  std::string text;
};

// The same whatever the case of its letters. Where `text` has letters beyond ASCII, `regex` decides.
struct TextAtAnyCase {
  TextPart part = TextPart::Whole;
  std::string text;  // ASCII letters in lower case
  std::optional<Regex> regex;
};

// A string made of these pieces, in their order, with anything between two of them.
struct TextPieces {
  std::vector<std::string> pieces;  // at least one; only one: the whole string
};

// A string that holds an address of a block.
struct TextInBlock {
  AddressBlock block;
};

using ValueTest =
    std::variant<ExactText, ExactWord, NumberRange, TextAt, TextAtAnyCase, TextPieces, TextInBlock>;

// `any`: some test holds; otherwise none does, as anything-but asks. So `{{}, false}` is any value at all.
struct ValueMatcher {
  std::vector<ValueTest> tests;
  bool any = true;
};

// A list of matchers for one field: some value of it satisfies one of them, or, if so allowed, it has no
// value.
struct FieldTest {
  std::vector<ValueMatcher> matchers;
  bool or_absent = false;
};
// The alternatives that `$or` makes have what stands beside it in common. Never null.
using SharedFieldTest = std::shared_ptr<const FieldTest>;

// Objects and arrays are no values: their scalars are.
[[nodiscard]] inline bool is_value(NodeKind kind) {
  return kind != NodeKind::Object && kind != NodeKind::Array;
}

[[nodiscard]] bool holds(const ValueTest& test, NodeKind kind, std::string_view text);
[[nodiscard]] bool holds(const FieldTest& test, NodeKind kind, std::string_view text);

// The double that a JSON number is, to its last digit: reading its shortest text gives the same number.
// Others (1e400, twenty digits) cannot be compared.
[[nodiscard]] std::optional<double> exact_number(std::string_view text);

}  // namespace tocsin::event
