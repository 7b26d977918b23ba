// What a text must hold for a regular expression to be found in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::filters {

// Choices of literals: of each choice at least one literal stands, in any mix of upper and lower case, in
// every text in which the expression is found. `user=\w+ failed` has two choices of one literal, `error|fail`
// one of two. Empty: there are none that are worth looking for (`[0-9]+`). `source` is a valid expression of
// RE2's.
[[nodiscard]] std::vector<std::vector<std::string>> required_literals(std::string_view source);

// What every text in which the expression is found starts with, and ends with: of `^arn:aws:.*/admin$` both.
// Case counts. Empty: nothing that is written plainly.
struct AnchoredLiterals {
  std::string start;
  std::string end;
};
[[nodiscard]] AnchoredLiterals anchored_literals(std::string_view source);

// The wildcard (event::Wildcard) that holds for the UTF-8 texts in which the expression is found: of
// `(?s)^arn:.*/admin` it is `arn:*/admin*`. Nothing, if there is more in it than plain characters, `.*` for
// any characters, line ends too, and anchors around them.
[[nodiscard]] std::optional<std::string> wildcard_of(std::string_view source);

}  // namespace tocsin::filters
