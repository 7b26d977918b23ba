#include "engine/metric/series.h"

namespace tocsin::metric {

Hash128 series_hash(std::string_view metric_namespace, std::string_view name, const Dimensions& dimensions) {
  // Each part is preceded by its length, so that no two identities share their bytes.
  std::string bytes;
  const auto append = [&bytes](std::string_view part) {
    const auto size = static_cast<std::uint32_t>(part.size());
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((size >> shift) & 0xff);
    bytes += part;
  };
  append(metric_namespace);
  append(name);
  for (const auto& [key, value] : dimensions) {
    append(key);
    append(value);
  }
  return hash128(bytes);
}

std::string describe(const Dimensions& dimensions) {
  if (dimensions.empty()) return {};
  std::string text = "{";
  for (const auto& [name, value] : dimensions) {
    if (text.size() > 1) text += ", ";
    text += name;
    text += "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

}  // namespace tocsin::metric
