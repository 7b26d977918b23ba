#include "filters/regex.h"

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <utility>

namespace tocsin::filters {
namespace {

constexpr std::int64_t kMaxMemory =
    std::int64_t{8} << 20;  // of one expression's automata; RE2 starts them anew when they grow beyond

}  // namespace

std::expected<event::Regex, event::SyntaxError> compile_regex(std::string source) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(source, options);
  if (compiled->ok()) return event::Regex{std::move(source), std::move(compiled)};

  event::SyntaxError fault{0, "Invalid regular expression: " + compiled->error(), {}};
  const std::string& culprit = compiled->error_arg();
  switch (compiled->error_code()) {
    case re2::RE2::ErrorMissingParen:  // the culprit is the whole expression
      fault.offset = source.size();
      fault.hint = "a literal parenthesis is written \\( or \\)";
      break;
    case re2::RE2::ErrorBadPerlOp:
      fault.hint =
          "look-around does not exist in RE2; https://github.com/google/re2/wiki/Syntax has what does";
      [[fallthrough]];
    default: {
      const std::size_t place = culprit.empty() ? std::string::npos : source.rfind(culprit);
      if (place != std::string::npos) fault.offset = place;
    }
  }
  return std::unexpected(std::move(fault));
}

}  // namespace tocsin::filters
