#include "filters/regex.h"

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace tocsin::filters {
namespace {

constexpr std::int64_t kMaxMemory =
    std::int64_t{8} << 20;  // of one expression's automata; RE2 starts them anew when they grow beyond

// Instructions of one expression. RE2 takes time in proportion to length of text times size of program where
// an automaton does not fit in its memory, and a counted repetition is written out: at this size a text made
// for it costs up to nine seconds per MiB, `a{1000}a{1000}a{1000}b` or `.{1000}` would cost minutes.
constexpr int kMaxProgram = 1500;

event::SyntaxError too_large() {
  return {0,
          "The regular expression is too large: RE2 needs more than " + std::to_string(kMaxProgram) +
              " steps for it",
          "a counted repetition is written out that often: use * or + instead, or a smaller count"};
}

// What to write instead.
std::string hint_for(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorMissingParen:
      return "a literal parenthesis is written \\( or \\)";
    case re2::RE2::ErrorBadPerlOp:
      return "look-around does not exist in RE2; https://github.com/google/re2/wiki/Syntax has what does";
    case re2::RE2::ErrorBadEscape:
      return "a literal backslash is written \\\\; back-references like \\1 do not exist in RE2";
    case re2::RE2::ErrorRepeatSize:
      return "at most 1000 repetitions, within each other multiplied: use * or + instead, or a smaller count";
    default:
      return {};
  }
}

}  // namespace

std::expected<event::Regex, event::SyntaxError> compile_regex(std::string source) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(source, options);
  if (compiled->ok() && compiled->ProgramSize() > kMaxProgram) return std::unexpected(too_large());
  if (compiled->ok()) return event::Regex{std::move(source), std::move(compiled)};
  if (compiled->error_code() == re2::RE2::ErrorPatternTooLarge) return std::unexpected(too_large());

  event::SyntaxError fault{0, "Invalid regular expression: " + compiled->error(),
                           hint_for(compiled->error_code())};
  const std::string& culprit = compiled->error_arg();
  if (compiled->error_code() == re2::RE2::ErrorMissingParen) {
    fault.offset = source.size();  // the culprit is the whole expression
  } else if (const std::size_t place = source.rfind(culprit);
             !culprit.empty() && place != std::string::npos) {
    fault.offset = place;
  }
  return std::unexpected(std::move(fault));
}

}  // namespace tocsin::filters
