// Selectors: any text is one, or a fault that has a place in it.
#include <string>

#include "engine/base/check.h"
#include "engine/event/selector.h"
#include "tests/fuzz/input.h"

using tocsin::event::Selector;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tocsin::fuzz::Input(data, size).rest();
  const auto selector = tocsin::event::parse_selector(text);
  if (!selector) {
    TOCSIN_CHECK(selector.error().offset <= text.size());
    TOCSIN_CHECK(!selector.error().message.empty());
    return 0;
  }
  TOCSIN_CHECK(!selector->steps.empty());
  TOCSIN_CHECK(selector->text == text);

  // In front of other text it ends where the parser says, and is the same.
  const std::string longer = std::string(text) + " = 1";
  std::size_t at = 0;
  const auto prefix = tocsin::event::parse_selector(longer, at);
  TOCSIN_CHECK(prefix && at == text.size() && *prefix == *selector);
  return 0;
}
