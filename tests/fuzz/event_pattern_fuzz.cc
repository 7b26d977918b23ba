// EventBridge's event patterns: any text compiles or has a fault with a place; a pattern finds what the
// oracle finds.
//
// Input: the pattern; an empty line; an event.
#include "filters/event_pattern.h"
#include "tests/fuzz/filter_check.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostBytes = 600;  // the oracle tries every combination of an array's elements
  if (size > kMostBytes) return 0;
  tocsin::fuzz::Input input(data, size);
  const std::string_view pattern = input.paragraph();
  tocsin::fuzz::check_filter(tocsin::filters::compile_event_pattern(pattern), pattern, input.rest());
  return 0;
}
