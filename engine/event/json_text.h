// The small grammars inside JSON: escapes, numbers, literals. Pure functions over bytes that are known to be
// UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::event {

// Whether every backslash in `text` starts a valid escape: \" \\ \/ \b \f \n \r \t or \u and four hexadecimal
// digits. `text` may be one string's inside or a whole message whose quotes are known to be in order.
[[nodiscard]] bool escapes_are_valid(std::string_view text);

// Writes what `text`, a string's inside with valid escapes, stands for to `out`, which has room for
// text.size() bytes, and returns the end of it. Half of a surrogate pair becomes U+FFFD.
char* unescape(std::string_view text, char* out);

// [-] int [. digits] [e|E [+|-] digits], without leading zeros, and nothing else.
[[nodiscard]] bool is_json_number(std::string_view text);

// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void write_json_string(std::string_view text, std::string& out);

}  // namespace tocsin::event
