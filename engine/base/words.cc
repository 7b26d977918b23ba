#include "engine/base/words.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace tocsin {

std::string duration_in_words(Duration duration) {
  struct Unit {
    std::int64_t milliseconds;
    std::string_view name;
  };
  static constexpr std::array<Unit, 5> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}, {1, "ms"}}};
  std::int64_t rest = duration.count();
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const std::int64_t count = rest / kUnits[i].milliseconds;
    if (count == 0) continue;
    std::string words = fmt::format("{} {}", count, kUnits[i].name);
    rest -= count * kUnits[i].milliseconds;
    if (i + 1 < kUnits.size()) {
      const std::int64_t smaller = rest / kUnits[i + 1].milliseconds;
      if (smaller > 0) words += fmt::format(" {} {}", smaller, kUnits[i + 1].name);
    }
    return words;
  }
  return "0 s";
}

}  // namespace tocsin
