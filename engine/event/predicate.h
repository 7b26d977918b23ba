// The one intermediate language: what every filter language compiles to.
//
// A predicate is a tree of And, Or, Not over leaves; a leaf tests one field of an event (the message, a JSON
// field, a space-delimited token) in one way. Immutable after compilation; any number of threads may read it.
//
//   filter pattern ─┐
//   event pattern  ─┼─► Predicate ─► runtime::Matcher (all filters at once)
//   regex          ─┘             └► evaluate() (one at a time: slow, obviously right, the oracle in tests)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/event/json_view.h"
#include "engine/event/regex.h"
#include "engine/event/selector.h"
#include "engine/event/value_test.h"

namespace tocsin::event {

// --- fields ----------------------------------------------------------------------------------------------

// The whole message as raw text, JSON or not.
struct MessageField {};

// The nodes of a JSON field. A test holds if it holds for at least one node. The message must be one JSON
// object.
struct JsonField {
  Selector selector;
};

// A token of a space-delimited message (split by the rules of CloudWatch's `[…]` patterns).
struct TokenField {
  enum class From : std::uint8_t {
    Left,   // token `index` from the left, 0 the first
    Right,  // token `index` from the right, 0 the last
    Rest,   // token `index`; if others follow, the raw line from it on, quotes and brackets kept, white space
            // at its end not
  };
  From from = From::Left;
  std::uint32_t index = 0;
  auto operator<=>(const TokenField&) const = default;
};

// The scalars at a path of a JSON event, as EventBridge flattens it: names on the way joined by dots, so that
// a dot within a name and one between two names are the same; arrays, also within arrays, add no name.
struct PathField {
  std::string path;
};

using Field = std::variant<MessageField, JsonField, TokenField, PathField>;

// --- tests -----------------------------------------------------------------------------------------------

struct Contains {
  std::string text;
};  // substring; case sensitive
struct Wildcard {
  std::string pattern;
};  // whole text; '*' matches any run of characters, also none
struct RegexSearch {
  Regex regex;
};  // unanchored
struct NumberCompare {
  enum class Op : std::uint8_t { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };
  Op op = Op::Equal;
  double value = 0;
};
struct NotExists {};  // no node at all
struct IsNull {};
struct IsBoolean {
  bool value = false;
};
struct TokenCount {  // MessageField only: how many tokens the line has
  std::uint32_t at_least = 0;
  std::uint32_t at_most = UINT32_MAX;
};

// SharedFieldTest (value_test.h) is for a PathField, and no other test is.
using Test = std::variant<Contains, Wildcard, RegexSearch, NumberCompare, NotExists, IsNull, IsBoolean,
                          TokenCount, SharedFieldTest>;

// `negated` is the `!=` of the languages: it holds for a node to which the test applies and for which it is
// false; a missing node, null, an object and an array satisfy neither the test nor its negation. (Not, below,
// is plain logical negation.)
struct Leaf {
  Field field;
  Test test;
  bool negated = false;
};

// Jointly is And for leaves on paths: it holds if values that satisfy them can be chosen so that no two stand
// in different elements of one array (array_choice.h).
//
// A predicate that has a JSON field or path anywhere holds for no message that is not one JSON object,
// whatever its tree says: neither NotExists nor Not turns broken JSON into a match. No predicate holds for a
// message that is not UTF-8 or over kMaxEventBytes.
struct Predicate {
  enum class Op : std::uint8_t { True, Leaf, And, Or, Not, Jointly };
  Op op = Op::True;
  std::vector<Predicate> children;  // And, Or: any number; Not: one; Jointly: leaves with PathFields
  Leaf leaf;                        // Leaf

  [[nodiscard]] static Predicate always() { return {}; }
  [[nodiscard]] static Predicate of(Leaf leaf);
  [[nodiscard]] static Predicate all_of(std::vector<Predicate> children);
  [[nodiscard]] static Predicate any_of(std::vector<Predicate> children);
  [[nodiscard]] static Predicate none_of(Predicate child);
  [[nodiscard]] static Predicate jointly(std::vector<Predicate> leaves);
};

// Whether a JSON field or path stands anywhere in the tree.
[[nodiscard]] bool needs_json(const Predicate& predicate);

// --- evaluation ------------------------------------------------------------------------------------------

// Does one node satisfy a leaf's test (negation included)? NotExists is no question for a node: never.
// Numbers and booleans compare as their JSON text; a string that reads as a number compares as one; one
// beyond the range of doubles is no number. A FieldTest is asked of a value alone, whether it allows absence
// or not. Shared by the oracle and the matcher.
[[nodiscard]] bool node_satisfies(const JsonNode& node, const Leaf& leaf);

// The same for plain text: a message or a token. Here a text that is no number satisfies no NumberCompare,
// negated or not.
[[nodiscard]] bool text_satisfies(std::string_view text, const Leaf& leaf);

// '*' matches any run of bytes; everything else itself.
[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);

// Splits a line into tokens: white space (blank, tab, CR, LF) separates; a token that starts with '[' or '"'
// runs to the next ']' or '"' with the delimiters removed; without a closing one the opener is an ordinary
// character. `starts` gets the offset of each token in the line (of its opener, if it has one). Both are
// cleared first. Takes time linear in the line's length.
void split_tokens(std::string_view line, std::vector<std::string_view>& tokens,
                  std::vector<std::size_t>& starts);

// The text of a token field in a line that split_tokens() split; nothing if the line has no such token.
[[nodiscard]] std::optional<std::string_view> token_text(std::string_view line, const TokenField& field,
                                                         const std::vector<std::string_view>& tokens,
                                                         const std::vector<std::size_t>& starts);

// Evaluates one predicate on one message from scratch: parses the JSON, splits the tokens as needed. Slow and
// plain: the oracle.
[[nodiscard]] bool evaluate(const Predicate& predicate, std::string_view message);

}  // namespace tocsin::event
