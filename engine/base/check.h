// Checks of what must hold. They stay on in every build: a wrong alarm is worse than a stopped process.
#pragma once

namespace tocsin::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace tocsin::detail

// Stops the process, naming the condition and its place, when `condition` is false.
#define TOCSIN_CHECK(condition)                                       \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::tocsin::detail::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
