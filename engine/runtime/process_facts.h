// What the system says about this process.
#pragma once

#include <cstdint>

#include "engine/base/time.h"

namespace tocsin::runtime {

struct ProcessFacts {
  std::uint64_t resident_bytes = 0;  // 0 where the system does not say, as below
  std::uint64_t open_files = 0;
  Duration uptime{0};
};

// Reads /proc, which takes some microseconds for each open file.
[[nodiscard]] ProcessFacts process_facts();

}  // namespace tocsin::runtime
