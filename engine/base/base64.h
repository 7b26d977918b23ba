// Base64, the standard alphabet. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tocsin {

// Replaces `out` with the bytes that `text` stands for; false when it is not base64. Line breaks are passed
// over, the padding may be missing.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out);

// With padding, on one line.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace tocsin
