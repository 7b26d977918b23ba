#include "filters/pattern_scanner.h"

#include <utility>

#include "engine/base/number.h"
#include "engine/event/json_text.h"
#include "filters/regex.h"

namespace tocsin::filters {
namespace {

using event::NumberCompare;
using event::SyntaxError;

constexpr int kMaxRegexes = 2;

// Letters, digits and what CloudWatch's own examples have in values without quotes; '+' only inside of
// numbers.
bool is_bare(char c) {
  return is_letter(c) || is_digit(c) ||
         (c != '\0' && std::string_view("_-.*/:@+").find(c) != std::string_view::npos);
}

NumberCompare::Op ordering(const std::string& op) {
  if (op == "<") return NumberCompare::Op::Less;
  if (op == "<=") return NumberCompare::Op::LessOrEqual;
  if (op == ">") return NumberCompare::Op::Greater;
  if (op == ">=") return NumberCompare::Op::GreaterOrEqual;
  return NumberCompare::Op::Equal;
}

// Whether `text` is written as a number, however large.
bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  while (text.size() > 1 && text[0] == '0' && is_digit(text[1])) text.remove_prefix(1);
  return event::is_json_number(text);
}

// Whether `text` looks like an attempt at one.
bool is_number_like(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  return text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

}  // namespace

bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void PatternScanner::skip_white() {
  while (!done() && is_white(text_[at_])) ++at_;
}

bool PatternScanner::take(std::string_view token) {
  if (!rest().starts_with(token)) return false;
  at_ += token.size();
  return true;
}

std::string_view PatternScanner::word() const {
  std::size_t end = at_;
  while (end < end_ && is_letter(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

std::unexpected<SyntaxError> PatternScanner::fault(std::size_t offset, std::string message,
                                                   std::string hint) const {
  return std::unexpected(SyntaxError{offset, std::move(message), std::move(hint)});
}

std::unexpected<SyntaxError> PatternScanner::fault(std::string message, std::string hint) const {
  return fault(at_, std::move(message), std::move(hint));
}

std::unexpected<SyntaxError> PatternScanner::invalid_character(std::string hint) const {
  std::size_t end = at_ + 1;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  return fault("Invalid character(s) in term '" + std::string(text_.substr(at_, end - at_)) + "'",
               std::move(hint));
}

std::expected<event::Selector, SyntaxError> PatternScanner::selector() {
  return event::parse_selector(text_.substr(0, end_), at_);
}

std::expected<std::string, SyntaxError> PatternScanner::quoted() {
  const std::size_t begin = at_;
  std::string out;
  ++at_;
  while (!done() && peek() != '"') {
    if (peek() == '\\' && at_ + 1 < end_ && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\')) ++at_;
    out += text_[at_++];
  }
  if (done()) {
    at_ = begin;
    return fault("Unterminated quoted text", "it ends with another \"; a quote inside of it is written \\\"");
  }
  ++at_;
  return out;
}

std::expected<std::string, SyntaxError> PatternScanner::comparison_operator() {
  for (const char* op : {"!=", ">=", "<=", "=", ">", "<"}) {
    if (!take(op)) continue;
    if (peek() == '=')
      return fault("Invalid character(s) in term '" + std::string(op) + "='", "use a single =");
    if (peek() == '~')
      return fault("Invalid character(s) in term '=~'", "a regular expression is written = %...%");
    if (peek() == '>')
      return fault("Invalid character(s) in term '" + std::string(op) + ">'", "use !=, >= or <=");
    return op;
  }
  if (done()) return fault("A comparison is missing", "for example = \"text\" or > 5");
  const std::string_view name = word();
  if (name == "LIKE" || name == "like" || name == "CONTAINS" || name == "contains") {
    return fault("There is no operator '" + std::string(name) + "'", "use = with stars: = \"*text*\"");
  }
  return invalid_character("the operators are = != < <= > >=");
}

std::expected<event::Test, SyntaxError> PatternScanner::regex() {
  const std::size_t begin = at_;
  const std::size_t close = text_.substr(0, end_).find('%', begin + 1);
  if (close == std::string_view::npos)
    return fault("Unterminated regular expression", "it ends with another %");
  if (++regexes_ > kMaxRegexes) {
    return fault("A pattern has at most two regular expressions",
                 "alternatives within one are separated by |");
  }
  auto compiled = compile_percent_regex(text_.substr(begin + 1, close - begin - 1));
  if (!compiled) {
    compiled.error().offset += begin + 1;
    return std::unexpected(std::move(compiled.error()));
  }
  at_ = close + 1;
  return event::RegexSearch{std::move(*compiled)};
}

// What stands to the right of `op`.
std::expected<event::Test, SyntaxError> PatternScanner::value(const std::string& op) {
  const bool ordered = op[0] == '<' || op[0] == '>';
  const std::size_t begin = at_;
  const auto not_a_number = [&] {
    return fault(begin, "'" + op + "' needs a number to its right",
                 "a number is written without quotes: " + op + " 5");
  };
  if (peek() == '"' || peek() == '%') {
    if (ordered) return not_a_number();
    if (peek() == '%') return regex();
    auto text = quoted();
    if (!text) return std::unexpected(std::move(text.error()));
    return event::Wildcard{std::move(*text)};
  }
  if (peek() == '\'') return invalid_character("use double quotes");
  while (is_bare(peek())) ++at_;
  const std::string_view bare = text_.substr(begin, at_ - begin);
  if (bare.empty()) {
    if (!done() && static_cast<unsigned char>(peek()) >= 0x80)
      return invalid_character("put the text in double quotes");
    if (done() || std::string_view("})],&|").find(peek()) != std::string_view::npos) {
      return fault("A value is missing after '" + op + "'",
                   ordered ? "for example " + op + " 5" : "for example " + op + " \"text\"");
    }
    return invalid_character("put the text in double quotes");
  }
  if (const auto number = parse_number(bare)) return event::NumberCompare{ordering(op), *number};
  if (is_number(bare)) {
    return fault(begin, "The number is too large",
                 "numbers reach up to 1.7e308; a text is put in double quotes");
  }
  if (ordered) return not_a_number();
  if (const std::size_t plus = bare.find('+'); plus != std::string_view::npos) {
    const bool number = is_number_like(bare);
    at_ = begin + plus;
    return number ? fault(begin, "This is no number", "a number is [+|-]digits[.digits][e[+|-]digits]")
                  : invalid_character("put the text in double quotes");
  }
  return event::Wildcard{std::string(bare)};
}

std::expected<Comparison, SyntaxError> PatternScanner::comparison() {
  auto op = comparison_operator();
  if (!op) return std::unexpected(std::move(op.error()));
  skip_white();
  auto test = value(*op);
  if (!test) return std::unexpected(std::move(test.error()));
  return Comparison{std::move(*test), *op == "!="};
}

}  // namespace tocsin::filters
