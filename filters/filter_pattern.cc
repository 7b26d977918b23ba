#include "filters/filter_pattern.h"

#include <simdjson.h>

#include <string>
#include <utility>

#include "filters/pattern_scanner.h"
#include "filters/regex.h"

namespace tocsin::filters {
namespace {

using event::SyntaxError;

// Two quotes with nothing but white space, at least one, between them.
bool is_quoted_white(std::string_view pattern) {
  if (pattern.size() < 3 || pattern.front() != '"' || pattern.back() != '"') return false;
  for (const char c : pattern.substr(1, pattern.size() - 2)) {
    if (!is_white(c)) return false;
  }
  return true;
}

SyntaxError unclosed(std::size_t end, const char* opener, const char* closer) {
  return {end,
          std::string("If a filter pattern starts with '") + opener + "' it must end with '" + closer + "'",
          std::string("add the missing '") + closer + "'; a text that starts with '" + opener +
              "' is searched for in double quotes"};
}

std::expected<CompiledFilter, SyntaxError> compile_standalone_regex(std::string_view text, std::size_t begin,
                                                                    std::size_t end) {
  if (end - begin < 2 || text[end - 1] != '%') {
    return std::unexpected(
        SyntaxError{end, "If a filter pattern starts with '%' it must end with '%'",
                    "a regular expression stands alone; a text is searched for in double quotes"});
  }
  const std::string_view body = text.substr(begin + 1, end - begin - 2);
  if (const std::size_t second = body.find('%'); second != std::string_view::npos) {
    return std::unexpected(
        SyntaxError{begin + 1 + second, "Invalid character(s) in term '%'",
                    "one regular expression, and nothing else; alternatives are separated by |"});
  }
  auto regex = compile_percent_regex(body);
  if (!regex) {
    regex.error().offset += begin + 1;
    return std::unexpected(std::move(regex.error()));
  }
  CompiledFilter filter;
  filter.predicate = event::Predicate::of({event::MessageField{}, event::RegexSearch{std::move(*regex)}});
  return filter;
}

}  // namespace

std::expected<CompiledFilter, SyntaxError> compile_filter_pattern(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size()))
    return std::unexpected(SyntaxError{0, "The pattern is not valid UTF-8", {}});
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (++characters > kMaxPatternCharacters) {
      return std::unexpected(
          SyntaxError{at, "The pattern is too long: it must have length less than or equal to 1024", {}});
    }
  }
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (begin < end && is_white(text[begin])) ++begin;
  while (end > begin && is_white(text[end - 1])) --end;
  const std::string_view pattern = text.substr(begin, end - begin);
  if (pattern.empty() || is_quoted_white(pattern)) return CompiledFilter{};  // everything
  switch (pattern.front()) {
    case '{':
      if (pattern.size() < 2 || pattern.back() != '}') return std::unexpected(unclosed(end, "{", "}"));
      return compile_json_pattern(text, begin, end);
    case '[':
      if (pattern.size() < 2 || pattern.back() != ']') return std::unexpected(unclosed(end, "[", "]"));
      return compile_delimited_pattern(text, begin, end);
    case '%':
      return compile_standalone_regex(text, begin, end);
    default:
      return compile_terms(text, begin, end);
  }
}

}  // namespace tocsin::filters
