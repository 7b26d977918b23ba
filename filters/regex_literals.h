// What a text must hold for a regular expression to be found in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::filters {

// Choices of literals: of each choice at least one literal stands, in any mix of upper and lower case, in
// every text in which the expression is found. `user=\w+ failed` has two choices of one literal, `error|fail`
// one of two. Empty: there are none that are worth looking for (`[0-9]+`). `source` is a valid expression of
// RE2's.
[[nodiscard]] std::vector<std::vector<std::string>> required_literals(std::string_view source);

}  // namespace tocsin::filters
