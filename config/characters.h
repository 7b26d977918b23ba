// UTF-8 texts as rows of characters (code points): what columns count, and what a terminal may be shown. Pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::config {

// The length of the well-formed UTF-8 sequence that starts at `at`; 0 if there is none.
[[nodiscard]] std::size_t sequence_length(std::string_view text, std::size_t at);

// How many characters `text` has; a byte of broken UTF-8 counts as one.
[[nodiscard]] std::size_t count_characters(std::string_view text);

// `text` with every control character (but a tab) and every byte of broken UTF-8 replaced by U+FFFD, one for
// one.
[[nodiscard]] std::string printable(std::string_view text);

// `code` as UTF-8; U+FFFD for what is not a character.
[[nodiscard]] std::string encode_utf8(std::uint32_t code);

}  // namespace tocsin::config
