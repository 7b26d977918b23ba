// Where each byte of a YAML scalar's value was written.
//
//   pattern: >-                        value  "{ $.a = 1 && $.b , 2 }"
//     { $.a = 1 &&                                             ^ byte 19
//       $.b , 2 }                     source  line 3, column 9
//
// A parser gives a value and the place where it starts; a fault inside a pattern needs the place of one
// character. This lays the value beside its source again, style by style. It never guesses: where the two do
// not agree there is no answer, and the caller points at the scalar's start. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tocsin::config {

enum class ScalarStyle : std::uint8_t { Plain, SingleQuoted, DoubleQuoted, Literal, Folded };

// The style of the scalar that starts at `start`.
[[nodiscard]] ScalarStyle scalar_style(std::string_view source, std::size_t start);

// The offset behind the closing quote of a quoted scalar; nothing if it has none.
[[nodiscard]] std::optional<std::size_t> end_of_quoted(std::string_view source, std::size_t start);

// The offset in `source` of each byte of `value`, and, last, of its end. Lines of `source` end in "\n".
[[nodiscard]] std::optional<std::vector<std::size_t>> source_offsets(std::string_view source,
                                                                     std::size_t start,
                                                                     std::string_view value);

}  // namespace tocsin::config
