#include "engine/event/selector.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace tocsin::event {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

// Reads one selector step by step; `at_` is the next byte to look at.
class SelectorParser {
 public:
  SelectorParser(std::string_view text, std::size_t start) : text_(text), start_(start), at_(start) {}

  std::expected<Selector, SyntaxError> parse() {
    if (peek() != '$') return fail("A selector starts with '$.'", "for example $.eventName");
    ++at_;
    while (!fault_ && (peek() == '.' || peek() == '[')) {
      if (peek() == '.') {
        dot_step();
      } else {
        bracket_step();
      }
    }
    if (!fault_ && selector_.steps.empty()) return fail_at_character("a selector names a field: $.eventName");
    if (fault_) return std::unexpected(std::move(*fault_));
    selector_.text = text_.substr(start_, at_ - start_);
    return std::move(selector_);
  }

  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::unexpected<SyntaxError> fail(std::string message, std::string hint) {
    return std::unexpected(SyntaxError{at_, std::move(message), std::move(hint)});
  }

  // The fault is the character at `at_`, named together with the selector before it, as CloudWatch does.
  std::unexpected<SyntaxError> fail_at_character(std::string hint) {
    if (at_ >= text_.size()) return fail("The selector ends too early", std::move(hint));
    std::size_t end = at_ + 1;  // whole characters only
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    const std::string term(text_.substr(start_, end - start_));
    return fail("Invalid character(s) in term '" + term + "'", std::move(hint));
  }

  void set_fault(std::unexpected<SyntaxError> fault) { fault_ = std::move(fault.error()); }

  // `.name`, `.*` or `.['any']`
  void dot_step() {
    ++at_;
    if (peek() == '*') {
      add_wildcard(SelectorStep::Kind::AnyMember, 1);
    } else if (peek() == '[') {
      quoted_name();
    } else {
      const std::size_t begin = at_;
      while (is_name_character(peek())) ++at_;
      if (at_ == begin) {
        const char* hint =
            peek() == '"' || peek() == '\''
                ? "names need no quotes ($.detail-type); for a key with other characters: $.['a.b']"
                : "for a key with other characters than letters, digits, '_' and '-': $.['a.b']";
        return set_fault(fail_at_character(hint));
      }
      selector_.steps.push_back({SelectorStep::Kind::Name, std::string(text_.substr(begin, at_ - begin)), 0});
    }
  }

  // `['any']`, up to the first `']`
  void quoted_name() {
    ++at_;
    if (peek() != '\'')
      return set_fault(
          fail_at_character("a quoted key is written $.['a.b']; an index without the dot: $.a[0]"));
    ++at_;
    const std::size_t end = text_.find("']", at_);
    if (end == std::string_view::npos) {
      return set_fault(fail("Unterminated quoted key", "a quoted key ends with ']: $.['a.b']"));
    }
    selector_.steps.push_back({SelectorStep::Kind::Name, std::string(text_.substr(at_, end - at_)), 0});
    at_ = end + 2;
  }

  // `[*]` or `[digits]`
  void bracket_step() {
    ++at_;
    if (peek() == '*') {
      const std::size_t star = at_;
      if (star + 1 >= text_.size() || text_[star + 1] != ']') {
        ++at_;
        return set_fault(fail_at_character("any element is written [*]"));
      }
      return add_wildcard(SelectorStep::Kind::AnyElement, 2);
    }
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    if (at_ == begin || peek() != ']') {
      const char* hint = peek() == '\'' || peek() == '"'
                             ? "a quoted key needs a dot before its bracket: $.['a.b']"
                             : "between brackets stands an index or a star: $.a[0], $.a[*]";
      return set_fault(fail_at_character(hint));
    }
    SelectorStep step{SelectorStep::Kind::Index, {}, 0};
    const auto [stop, error] = std::from_chars(text_.data() + begin, text_.data() + at_, step.index);
    if (error != std::errc{} || stop != text_.data() + at_) {
      at_ = begin;
      return set_fault(fail("The index is too large", {}));
    }
    ++at_;
    selector_.steps.push_back(std::move(step));
  }

  void add_wildcard(SelectorStep::Kind kind, std::size_t length) {
    if (selector_.has_wildcard()) {
      return set_fault(fail("A selector has at most one wildcard", "keep one of the [*] and .* steps"));
    }
    at_ += length;
    selector_.steps.push_back({kind, {}, 0});
  }

  std::string_view text_;
  std::size_t start_;
  std::size_t at_;
  Selector selector_;
  std::optional<SyntaxError> fault_;
};

}  // namespace

bool Selector::has_wildcard() const {
  return std::ranges::any_of(steps, [](const SelectorStep& step) {
    return step.kind == SelectorStep::Kind::AnyElement || step.kind == SelectorStep::Kind::AnyMember;
  });
}

std::expected<Selector, SyntaxError> parse_selector(std::string_view text, std::size_t& at) {
  SelectorParser parser(text, at);
  auto selector = parser.parse();
  if (selector) at = parser.at();
  return selector;
}

std::expected<Selector, SyntaxError> parse_selector(std::string_view text) {
  std::size_t at = 0;
  auto selector = parse_selector(text, at);
  if (selector && at != text.size()) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return std::unexpected(
        SyntaxError{at, "Invalid character(s) in term '" + std::string(text.substr(0, end)) + "'",
                    "for a key with other characters than letters, digits, '_' and '-': $.['a.b']"});
  }
  return selector;
}

}  // namespace tocsin::event
