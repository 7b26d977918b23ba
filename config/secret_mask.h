// Lines and texts as people may see them: with their secrets masked.
//
//   document (knows which values are secret) ─► ranges ─► mask() ─► diagnostics
//
// Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::config {

using ByteRange = std::pair<std::size_t, std::size_t>;  // [first, second)

// Where, behind a word that names a secret and `:` or `=`, its value begins; words end at blanks, quotes and
// brackets.
[[nodiscard]] std::optional<std::size_t> find_secret_value(std::string_view text);

// What of `text` is secret wherever it stands: the users and passwords in URLs.
[[nodiscard]] std::vector<ByteRange> find_credentials(std::string_view text);

struct MaskedLine {
  std::string text;
  std::size_t caret = 0;  // a character (from 0) of `text`
};

// `line` with the bytes of `hidden` masked, and where its byte `at` went.
[[nodiscard]] MaskedLine mask(std::string_view line, std::vector<ByteRange> hidden, std::size_t at);

inline constexpr std::string_view kMask = "<secret>";

}  // namespace tocsin::config
