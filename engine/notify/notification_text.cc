#include "engine/notify/notification_text.h"

#include <fmt/format.h>

namespace tocsin::notify {

std::string printable_ascii(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code & 0xC0U) == 0x80U) continue;  // the rest of a character that already has its '?'
    out += code >= 0x20 && code < 0x7F ? byte : '?';
  }
  return out;
}

std::string cut(std::string text, std::size_t limit) {
  constexpr std::string_view kDots = "...";
  if (text.size() <= limit) return text;
  text.resize(limit - kDots.size());
  return text.append(kDots);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    if (plain) {
      out += byte;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return out;
}

}  // namespace tocsin::notify
