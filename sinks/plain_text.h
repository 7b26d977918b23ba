// Other people's bytes as text that can be shown: valid UTF-8, one line, not too long. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::sinks {

// What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

// The first `limit` bytes at most, `…` included where something is cut; no character is cut in two.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

// Valid, shortened, and with each run of blanks, line breaks and control characters as one blank.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t limit);

// How many characters valid UTF-8 has.
[[nodiscard]] std::size_t count_characters(std::string_view text);

}  // namespace tocsin::sinks
