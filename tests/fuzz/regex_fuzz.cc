// Regular expressions: as `regex:` filters have them, and between the percent signs of a filter pattern.
//
// Input: the expression; an empty line; a message.
#include <string>

#include "filters/regex.h"
#include "filters/regex_filter.h"
#include "tests/fuzz/filter_check.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::Input input(data, size);
  const std::string_view expression = input.paragraph();
  tocsin::fuzz::check_filter(tocsin::filters::compile_regex_filter(expression), expression, input.rest());
  if (const auto body = tocsin::filters::compile_percent_regex(expression); !body)
    tocsin::fuzz::check_fault(body.error(), expression);
  return 0;
}
