// CloudWatch's filter patterns: any text compiles or has a fault with a place; a filter finds what the oracle
// finds.
//
// Input: the pattern; an empty line; a message.
#include "filters/filter_pattern.h"
#include "tests/fuzz/filter_check.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::Input input(data, size);
  const std::string_view pattern = input.paragraph();
  tocsin::fuzz::check_filter(tocsin::filters::compile_filter_pattern(pattern), pattern, input.rest());
  return 0;
}
