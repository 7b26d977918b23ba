// Texts of notifications that travel through headers: mail subjects, CloudEvents attributes. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::notify {

inline constexpr std::size_t kMaxSubject = 100;  // characters; SNS's limit

// One '?' for each character that is not printable ASCII.
[[nodiscard]] std::string printable_ascii(std::string_view text);

// At most `limit` bytes, of which the last are "..." where something is cut.
[[nodiscard]] std::string cut(std::string text, std::size_t limit);

// As a part of a URI reference.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace tocsin::notify
