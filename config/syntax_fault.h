// What the YAML parser says of a file that it cannot read, in our words. Constants; any thread may read them.
#pragma once

#include <span>
#include <string_view>

namespace tocsin::config {

struct SyntaxFault {
  std::string_view theirs;  // the parser's message
  std::string_view text;
  std::string_view hint;
};

[[nodiscard]] std::span<const SyntaxFault> syntax_faults();

}  // namespace tocsin::config
