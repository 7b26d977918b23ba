// Configurations: any bytes are a plan or diagnostics, each of which can be shown.
#include <algorithm>

#include "engine/base/check.h"
#include "tests/config/configuration_file.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::config;
  const Loaded loaded = load_text(tocsin::fuzz::Input(data, size).rest());
  const bool any_error = std::ranges::any_of(loaded.diagnostics, [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Diagnostic::Severity::Error;
  });
  TOCSIN_CHECK(loaded.configuration.has_value() == !any_error);
  for (const Diagnostic& diagnostic : loaded.diagnostics) TOCSIN_CHECK(!render(diagnostic).empty());
  return 0;
}
