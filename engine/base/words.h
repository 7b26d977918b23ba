// Small phrases for people. Pure functions.
#pragma once

#include <string>

#include "engine/base/time.h"

namespace tocsin {

// "30 s", "5 min", "2 h 5 min", "1 d 3 h": the two largest units.
[[nodiscard]] std::string duration_in_words(Duration duration);

}  // namespace tocsin
