// Unstructured filter patterns: words and quoted texts that must occur in the message (`-word`: must not;
// `?word`: one of those).
#include <utility>
#include <vector>

#include "filters/filter_pattern.h"
#include "filters/pattern_scanner.h"

namespace tocsin::filters {
namespace {

using event::Predicate;
using event::SyntaxError;

bool is_word_character(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; }

Predicate contains(std::string text) {
  return Predicate::of({event::MessageField{}, event::Contains{std::move(text)}});
}

// The word at [begin, end) has something in it that words cannot have, at `at`.
std::unexpected<SyntaxError> invalid_word(std::string_view text, std::size_t begin, std::size_t end,
                                          std::size_t at) {
  const std::string word(text.substr(begin, end - begin));
  std::string hint = "a text with other characters than letters, digits, '_' and '.' is put in double quotes";
  if (text[at] == '\'') hint = "use double quotes";
  if (text[at] == '%') hint = "a regular expression stands alone, between percent signs: %...%";
  return std::unexpected(SyntaxError{at, "Invalid character(s) in term '" + word + "'", std::move(hint)});
}

}  // namespace

std::expected<CompiledFilter, SyntaxError> compile_terms(std::string_view text, std::size_t begin,
                                                         std::size_t end) {
  std::vector<Predicate> needed;    // plain items, and the negations of those with a minus
  std::vector<Predicate> optional;  // items with a question mark: of no account beside the others
  PatternScanner scanner(text, begin, end);
  while (!scanner.done()) {
    const std::size_t item = scanner.at();
    const char prefix = scanner.peek() == '?' || scanner.peek() == '-' ? scanner.peek() : '\0';
    if (prefix != '\0') scanner.advance(1);
    std::string term;
    if (scanner.peek() == '"') {
      const std::size_t opener = scanner.at();
      auto quoted = scanner.quoted();
      if (!quoted) return std::unexpected(std::move(quoted.error()));
      if (quoted->empty()) {
        return scanner.fault(opener, "Invalid filter pattern: Invalid character(s) in term '\"\"'",
                             "leave the pattern empty to match every message");
      }
      if (!scanner.done() && !is_white(scanner.peek()))
        return scanner.invalid_character("separate terms by blanks");
      term = std::move(*quoted);
    } else {
      const std::size_t word = scanner.at();
      std::size_t stop = word;
      while (stop < end && !is_white(text[stop])) ++stop;
      for (std::size_t at = word; at < stop; ++at) {
        if (!is_word_character(text[at])) return invalid_word(text, item, stop, at);
      }
      if (stop == word) {
        return scanner.fault(item, std::string("Invalid character(s) in term '") + prefix + "'",
                             std::string("a term follows directly behind ") + prefix);
      }
      term = text.substr(word, stop - word);
      scanner.advance(stop - word);
    }
    if (prefix == '?') {
      optional.push_back(contains(std::move(term)));
    } else {
      Predicate predicate = contains(std::move(term));
      needed.push_back(prefix == '-' ? Predicate::none_of(std::move(predicate)) : std::move(predicate));
    }
    scanner.skip_white();
  }
  CompiledFilter filter;
  filter.predicate =
      needed.empty() ? Predicate::any_of(std::move(optional)) : Predicate::all_of(std::move(needed));
  return filter;
}

}  // namespace tocsin::filters
