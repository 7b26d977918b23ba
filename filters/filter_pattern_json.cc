// JSON filter patterns: conditions on fields, joined by && (binds tighter), || and parentheses.
//
//   expression = conjunction { "||" conjunction }
//   conjunction = primary { "&&" primary }
//   primary = "(" expression ")" | selector ( comparison | IS NULL | IS TRUE | IS FALSE | NOT EXISTS )
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "filters/filter_pattern.h"
#include "filters/pattern_scanner.h"

namespace tocsin::filters {
namespace {

using event::Predicate;
using event::Selector;
using event::SyntaxError;

constexpr int kMaxWildcardSelectors = 3;

std::string upper(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

class JsonPatternParser {
 public:
  JsonPatternParser(std::string_view text, std::size_t begin, std::size_t end) : scanner_(text, begin, end) {}

  std::expected<CompiledFilter, SyntaxError> parse() {
    auto predicate = expression();
    if (!predicate) return std::unexpected(std::move(predicate.error()));
    if (!scanner_.done()) return unexpected_text();
    CompiledFilter filter;
    filter.predicate = std::move(*predicate);
    filter.fields = CompiledFilter::Fields::Selectors;
    for (Selector& selector : selectors_) {
      std::string name = selector.text;
      filter.shown.emplace_back(std::move(name), std::move(selector));
    }
    return filter;
  }

 private:
  using Parsed = std::expected<Predicate, SyntaxError>;

  Parsed expression() {
    std::vector<Predicate> alternatives;
    do {
      auto parsed = conjunction();
      if (!parsed) return parsed;
      alternatives.push_back(std::move(*parsed));
    } while (scanner_.take("||"));
    return Predicate::any_of(std::move(alternatives));
  }

  Parsed conjunction() {
    std::vector<Predicate> conditions;
    do {
      auto parsed = primary();
      if (!parsed) return parsed;
      conditions.push_back(std::move(*parsed));
      scanner_.skip_white();
    } while (scanner_.take("&&"));
    return Predicate::all_of(std::move(conditions));
  }

  Parsed primary() {
    scanner_.skip_white();
    if (scanner_.peek() == '(') {
      const std::size_t opener = scanner_.at();
      scanner_.advance(1);
      auto parsed = expression();
      if (!parsed) return parsed;
      if (scanner_.done()) return scanner_.fault(opener, "This '(' is never closed", "add the missing ')'");
      if (!scanner_.take(")")) return unexpected_text();
      return parsed;
    }
    if (scanner_.peek() != '$') return no_condition();
    return condition();
  }

  Parsed condition() {
    const std::size_t begin = scanner_.at();
    auto selector = scanner_.selector();
    if (!selector) return std::unexpected(std::move(selector.error()));
    if (selector->has_wildcard() && ++wildcard_selectors_ > kMaxWildcardSelectors) {
      return scanner_.fault(begin, "A pattern has at most three selectors with a wildcard");
    }
    remember(*selector);
    scanner_.skip_white();
    if (is_letter(scanner_.peek())) {
      auto test = keywords();
      if (!test) return std::unexpected(std::move(test.error()));
      return Predicate::of({event::JsonField{std::move(*selector)}, std::move(*test)});
    }
    auto comparison = scanner_.comparison();
    if (!comparison) return std::unexpected(std::move(comparison.error()));
    return Predicate::of(
        {event::JsonField{std::move(*selector)}, std::move(comparison->test), comparison->negated});
  }

  void remember(const Selector& selector) {
    if (std::ranges::none_of(selectors_,
                             [&](const Selector& known) { return known.text == selector.text; })) {
      selectors_.push_back(selector);
    }
  }

  // IS NULL, IS TRUE, IS FALSE, NOT EXISTS
  std::expected<event::Test, SyntaxError> keywords() {
    const std::string_view first = scanner_.word();
    const std::string known = upper(first);
    if (known != "IS" && known != "NOT" && known != "EXISTS") {
      auto fault = scanner_.comparison();  // words its own complaint: no operator stands here
      return std::unexpected(std::move(fault.error()));
    }
    if (first != known)
      return scanner_.fault("Invalid keyword '" + std::string(first) + "'",
                            "keywords are upper case: " + known);
    if (known == "EXISTS")
      return scanner_.fault("There is no EXISTS",
                            "a field that has a value: = \"*\"; one that is not there: NOT EXISTS");
    scanner_.advance(first.size());
    scanner_.skip_white();
    const std::string_view second = scanner_.word();
    const std::string wanted = upper(second);
    std::optional<event::Test> test;
    if (known == "NOT" && wanted == "EXISTS") test = event::NotExists{};
    if (known == "IS" && wanted == "NULL") test = event::IsNull{};
    if (known == "IS" && wanted == "TRUE") test = event::IsBoolean{true};
    if (known == "IS" && wanted == "FALSE") test = event::IsBoolean{false};
    if (!test) {
      if (known == "NOT")
        return scanner_.fault("EXISTS is missing after NOT", "write NOT EXISTS, or != \"text\"");
      return scanner_.fault("IS is followed by NULL, TRUE or FALSE", hint_after_is(wanted));
    }
    if (second != wanted) {
      return scanner_.fault("Invalid keyword '" + std::string(second) + "'",
                            "keywords are upper case: " + wanted);
    }
    scanner_.advance(second.size());
    return std::move(*test);
  }

  static std::string hint_after_is(std::string_view word) {
    if (word == "NOT") return "there is no IS NOT: write = \"*\" for a value that is not null";
    for (const std::string_view known : {"NULL", "TRUE", "FALSE"}) {
      if (word.starts_with(known.front())) return "did you mean IS " + std::string(known) + "?";
    }
    return "";
  }

  // A condition should start here and does not.
  std::unexpected<SyntaxError> no_condition() {
    const std::string hint = "a condition is, for example, $.eventName = \"ConsoleLogin\"";
    if (scanner_.done() || scanner_.peek() == ')' || scanner_.rest().starts_with("&&") ||
        scanner_.rest().starts_with("||")) {
      return scanner_.fault("A condition is missing", hint);
    }
    const std::string word = upper(scanner_.word());
    if (word == "NOT")
      return scanner_.fault("There is no NOT before a condition",
                            "use != or NOT EXISTS within the condition");
    if (!word.empty())
      return scanner_.invalid_character("a field starts with '$.': $." + std::string(scanner_.word()));
    return scanner_.invalid_character(hint);
  }

  // A condition ended, and what stands here cannot follow it.
  std::unexpected<SyntaxError> unexpected_text() {
    const std::string word = upper(scanner_.word());
    if (word == "AND")
      return scanner_.fault("Invalid keyword '" + std::string(scanner_.word()) + "'",
                            "conditions are joined by &&");
    if (word == "OR")
      return scanner_.fault("Invalid keyword '" + std::string(scanner_.word()) + "'",
                            "alternatives are joined by ||");
    switch (scanner_.peek()) {
      case '&':
        return scanner_.invalid_character("conditions are joined by &&");
      case '|':
        return scanner_.invalid_character("alternatives are joined by ||");
      case ',':
      case '(':
        return scanner_.invalid_character("conditions are joined by && or ||");
      case ')':
        return scanner_.fault("There is no '(' for this ')'");
      case '}':
        return scanner_.fault("The pattern goes on behind its '}'",
                              "one pair of braces holds the whole pattern");
      case '$':
        return scanner_.fault("&& or || is missing between two conditions");
      default:
        return scanner_.invalid_character(
            "a value with other characters than letters, digits and _-.*/:@ is put in double quotes");
    }
  }

  PatternScanner scanner_;
  std::vector<Selector> selectors_;  // in the pattern's order, each once
  int wildcard_selectors_ = 0;
};

}  // namespace

std::expected<CompiledFilter, SyntaxError> compile_json_pattern(std::string_view text, std::size_t begin,
                                                                std::size_t end) {
  return JsonPatternParser(text, begin + 1, end - 1).parse();
}

}  // namespace tocsin::filters
