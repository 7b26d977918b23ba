// Space-delimited filter patterns: a slot for each token of a line, with a name, tests, both or neither;
// `...` for any number.
//
//   [ip, id, user, ts, request = *.html*, status = 4* || status = 5*, ...]
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "filters/filter_pattern.h"
#include "filters/pattern_scanner.h"

namespace tocsin::filters {
namespace {

using event::Predicate;
using event::SyntaxError;
using event::TokenField;

// A comparison of the slot's token; which token that is, is known when all slots are.
struct Slot {
  std::string name;                                   // empty: unnamed
  std::vector<std::vector<Comparison>> alternatives;  // one of these must hold, all of it
};

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(x) == lower(y);
  });
}

class DelimitedPatternParser {
 public:
  DelimitedPatternParser(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), scanner_(text, begin, end) {}

  std::expected<CompiledFilter, SyntaxError> parse() {
    scanner_.skip_white();
    if (!scanner_.done()) {
      do {
        if (auto fault = slot()) return std::unexpected(std::move(*fault));
      } while (scanner_.take(","));
      if (!scanner_.done()) return unexpected_text();
    }
    return assemble();
  }

 private:
  // "..." or [name [tests]]
  std::optional<SyntaxError> slot() {
    scanner_.skip_white();
    if (scanner_.rest().starts_with("...")) {
      if (ellipsis_) return scanner_.fault("A pattern has at most one '...'").error();
      scanner_.advance(3);
      ellipsis_ = slots_.size();
      scanner_.skip_white();
      return std::nullopt;
    }
    Slot slot;
    if (!scanner_.done() && scanner_.peek() != ',') {
      const std::size_t begin = scanner_.at();
      auto parsed = name();
      if (!parsed) return std::move(parsed.error());
      slot.name = std::move(*parsed);
      if (std::ranges::any_of(slots_, [&](const Slot& other) { return other.name == slot.name; })) {
        return scanner_
            .fault(begin, "Two fields are named '" + slot.name + "'",
                   "a field that needs no name may stay empty")
            .error();
      }
      scanner_.skip_white();
      if (!scanner_.done() && scanner_.peek() != ',') {
        if (auto fault = tests(slot)) return fault;
      }
    }
    slots_.push_back(std::move(slot));
    return std::nullopt;
  }

  std::expected<std::string, SyntaxError> name() {
    const std::size_t begin = scanner_.at();
    if (!is_letter(scanner_.peek())) {
      if (scanner_.peek() == '$')
        return scanner_.invalid_character("fields are named without a dollar sign here");
      return scanner_.invalid_character(
          "a field starts with its name, a letter first: [ip, status = 404, ...]");
    }
    while (is_letter(scanner_.peek()) || is_digit(scanner_.peek()) || scanner_.peek() == '_' ||
           scanner_.peek() == '-') {
      scanner_.advance(1);
    }
    return std::string(text_.substr(begin, scanner_.at() - begin));
  }

  // comparison { ("&&" | "||") name comparison }
  std::optional<SyntaxError> tests(Slot& slot) {
    slot.alternatives.emplace_back();
    for (;;) {
      auto comparison = scanner_.comparison();
      if (!comparison) return std::move(comparison.error());
      slot.alternatives.back().push_back(std::move(*comparison));
      scanner_.skip_white();
      if (scanner_.take("||")) {
        slot.alternatives.emplace_back();
      } else if (!scanner_.take("&&")) {
        return std::nullopt;
      }
      scanner_.skip_white();
      const std::size_t begin = scanner_.at();
      auto again = name();
      if (!again) return std::move(again.error());
      if (!same_name(*again, slot.name)) {
        return scanner_
            .fault(begin,
                   "Invalid filter pattern: a slot tests one field, and '" + *again + "' is not '" +
                       slot.name + "'",
                   "every field has a slot of its own, separated by commas")
            .error();
      }
      scanner_.skip_white();
    }
  }

  std::unexpected<SyntaxError> unexpected_text() {
    switch (scanner_.peek()) {
      case '&':
        return scanner_.invalid_character("tests are joined by &&");
      case '|':
        return scanner_.invalid_character("alternatives are joined by ||");
      case ']':
        return scanner_.fault("The pattern goes on behind its ']'",
                              "one pair of brackets holds the whole pattern");
      default:
        return scanner_.invalid_character("slots are separated by commas");
    }
  }

  // Where the token of a slot is.
  [[nodiscard]] TokenField field_of(std::size_t index) const {
    if (ellipsis_ && index >= *ellipsis_) {
      return {TokenField::From::Right, static_cast<std::uint32_t>(slots_.size() - 1 - index)};
    }
    const bool takes_rest = !ellipsis_ && index + 1 == slots_.size();
    return {takes_rest ? TokenField::From::Rest : TokenField::From::Left, static_cast<std::uint32_t>(index)};
  }

  CompiledFilter assemble() {
    CompiledFilter filter;
    filter.fields = CompiledFilter::Fields::Names;
    std::vector<Predicate> needed;
    if (!slots_.empty()) {
      needed.push_back(Predicate::of(
          {event::MessageField{}, event::TokenCount{static_cast<std::uint32_t>(slots_.size())}}));
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      const TokenField field = field_of(i);
      std::string name = slot.name;
      // An unnamed slot is known by its token's number, unless that depends on the line.
      if (name.empty() && field.from != TokenField::From::Right) name = std::to_string(i + 1);
      if (!name.empty()) {
        filter.shown.emplace_back("$" + name, field);
        filter.names.emplace(std::move(name), field);
      }
      if (slot.alternatives.empty()) continue;
      std::vector<Predicate> alternatives;
      for (const auto& comparisons : slot.alternatives) {
        std::vector<Predicate> all;
        for (const Comparison& comparison : comparisons)
          all.push_back(Predicate::of({field, comparison.test, comparison.negated}));
        alternatives.push_back(Predicate::all_of(std::move(all)));
      }
      needed.push_back(Predicate::any_of(std::move(alternatives)));
    }
    filter.other_tokens = ellipsis_.has_value() || slots_.empty();
    filter.predicate = needed.empty() ? Predicate::always() : Predicate::all_of(std::move(needed));
    return filter;
  }

  std::string_view text_;
  PatternScanner scanner_;
  std::vector<Slot> slots_;
  std::optional<std::size_t> ellipsis_;  // it stands before the slot with this index
};

}  // namespace

std::expected<CompiledFilter, SyntaxError> compile_delimited_pattern(std::string_view text, std::size_t begin,
                                                                     std::size_t end) {
  return DelimitedPatternParser(text, begin + 1, end - 1).parse();
}

}  // namespace tocsin::filters
