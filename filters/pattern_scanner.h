// What the kinds of filter patterns have in common: a place in the text, faults that name it, quoted texts,
// comparisons.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "engine/event/predicate.h"
#include "engine/event/selector.h"

namespace tocsin::filters {

[[nodiscard]] bool is_white(char c);   // ASCII white space
[[nodiscard]] bool is_letter(char c);  // A-Z a-z
[[nodiscard]] bool is_digit(char c);

// An operator and its right side: `= "x*"`, `!= %re%`, `>= 1e3`.
struct Comparison {
  event::Test test;
  bool negated = false;
};

class PatternScanner {
 public:
  // Scans [begin, end) of `text`; faults count from the start of `text`.
  PatternScanner(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), at_(begin), end_(end) {}

  [[nodiscard]] bool done() const { return at_ >= end_; }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_, end_ - at_); }
  void advance(std::size_t bytes) { at_ += bytes; }
  void skip_white();
  bool take(std::string_view token);            // moves behind it, if it stands here
  [[nodiscard]] std::string_view word() const;  // the run of letters that stands here; does not move

  // A selector that stands here.
  [[nodiscard]] std::expected<event::Selector, event::SyntaxError> selector();

  // A text in double quotes, which stands here; \" and \\ are a quote and a backslash.
  [[nodiscard]] std::expected<std::string, event::SyntaxError> quoted();

  // An operator and a value; white space may stand between. At most two regexes in one pattern.
  [[nodiscard]] std::expected<Comparison, event::SyntaxError> comparison();

  // Faults. The last one names the character that stands here, as CloudWatch does.
  [[nodiscard]] std::unexpected<event::SyntaxError> fault(std::size_t offset, std::string message,
                                                          std::string hint = {}) const;
  [[nodiscard]] std::unexpected<event::SyntaxError> fault(std::string message, std::string hint = {}) const;
  [[nodiscard]] std::unexpected<event::SyntaxError> invalid_character(std::string hint = {}) const;

 private:
  [[nodiscard]] std::expected<std::string, event::SyntaxError> comparison_operator();
  [[nodiscard]] std::expected<event::Test, event::SyntaxError> value(const std::string& op);
  [[nodiscard]] std::expected<event::Test, event::SyntaxError> regex();

  std::string_view text_;
  std::size_t at_;
  std::size_t end_;
  int regexes_ = 0;
};

}  // namespace tocsin::filters
