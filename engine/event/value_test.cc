#include "engine/event/value_test.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "engine/base/number.h"

namespace tocsin::event {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The part of `text` that a text of `size` bytes is compared with, if there is one.
std::optional<std::string_view> part_of(std::string_view text, TextPart part, std::size_t size) {
  if (part == TextPart::Whole ? text.size() != size : text.size() < size) return std::nullopt;
  return part == TextPart::End ? text.substr(text.size() - size) : text.substr(0, size);
}

bool is_at_any_case(const TextAtAnyCase& test, std::string_view text) {
  if (test.regex)
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *test.regex->compiled);
  const auto part = part_of(text, test.part, test.text.size());
  return part && std::ranges::equal(*part, test.text, {}, lower);
}

// Taking the first place of each piece leaves the most for the next.
bool has_pieces(const std::vector<std::string>& pieces, std::string_view text) {
  const std::string& first = pieces.front();
  const std::string& last = pieces.back();
  if (pieces.size() == 1) return text == first;
  if (text.size() < first.size() + last.size() || !text.starts_with(first) || !text.ends_with(last))
    return false;
  text = text.substr(first.size(), text.size() - first.size() - last.size());
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const void* found = memmem(text.data(), text.size(), pieces[i].data(), pieces[i].size());
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) +
                       pieces[i].size());
  }
  return true;
}

bool is_in(const NumberRange& range, double number) {
  return (range.low_belongs ? number >= range.low : number > range.low) &&
         (range.high_belongs ? number <= range.high : number < range.high);
}

// The digits of a number without zeros around them, and the power of ten of 0.DIGITS.
struct Decimal {
  static constexpr std::size_t kMostDigits = 24;  // std::to_chars writes 17, of whole numbers up to 22

  std::array<char, kMostDigits> digits{};
  std::size_t size = 0;
  long exponent = 0;
  bool operator==(const Decimal&) const = default;
};

// Nothing: it has more digits than that, or an exponent beyond all doubles.
std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal decimal;
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  bool point = false;
  std::size_t zeros = 0;  // behind the digits so far
  for (const char c : text.substr(0, e)) {
    if (c == '.') point = true;
    if (c < '0' || c > '9') continue;
    if (c == '0' && decimal.size == 0) {
      if (point) --decimal.exponent;
      continue;
    }
    if (!point) ++decimal.exponent;
    if (c == '0') {
      ++zeros;
      continue;
    }
    if (decimal.size + zeros >= Decimal::kMostDigits) return std::nullopt;
    for (; zeros > 0; --zeros) decimal.digits[decimal.size++] = '0';
    decimal.digits[decimal.size++] = c;
  }
  if (decimal.size == 0) return Decimal{};
  if (e == text.size()) return decimal;
  std::string_view written = text.substr(e + 1);
  if (written.starts_with('+')) written.remove_prefix(1);
  long exponent = 0;
  constexpr long kMost = 10'000'000;  // far from any double; an event is shorter
  const auto [stop, error] = std::from_chars(written.data(), written.data() + written.size(), exponent);
  if (error != std::errc{} || exponent > kMost || exponent < -kMost) return std::nullopt;
  decimal.exponent += exponent;
  return decimal;
}

}  // namespace

std::optional<double> exact_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return std::nullopt;
  constexpr std::size_t kAlwaysExact = 15;  // decimal digits
  if (text.size() <= kAlwaysExact && text.find_first_of("eE") == std::string_view::npos) return number;
  char shortest[32];
  const auto [end, error] = std::to_chars(shortest, shortest + sizeof shortest, *number);
  if (error != std::errc{}) return std::nullopt;
  const auto written = decimal_of(text);
  if (!written || written != decimal_of({shortest, static_cast<std::size_t>(end - shortest)}))
    return std::nullopt;
  return number;
}

namespace {

// A value that many tests are asked of: what it reads as is found out once, at the first question.
class AskedValue {
 public:
  AskedValue(NodeKind kind, std::string_view text) : kind_(kind), text_(text) {}

  bool satisfies(const ValueTest& test) {
    return std::visit(
        Overloaded{
            [&](const ExactText& t) {
              return is_string() && (t.text == text_ || (t.address && address() == t.address));
            },
            [&](const ExactWord& t) { return !is_string() && is_value(kind_) && t.word == text_; },
            [&](const NumberRange& t) {
              return kind_ == NodeKind::Number && number() && is_in(t, *number());
            },
            [&](const TextAt& t) { return is_string() && part_of(text_, t.part, t.text.size()) == t.text; },
            [&](const TextAtAnyCase& t) { return is_string() && is_at_any_case(t, text_); },
            [&](const TextPieces& t) { return is_string() && has_pieces(t.pieces, text_); },
            [&](const TextInBlock& t) { return is_string() && address() && t.block.holds(*address()); }},
        test);
  }

 private:
  [[nodiscard]] bool is_string() const { return kind_ == NodeKind::String; }
  const std::optional<double>& number() {
    if (!number_) number_ = exact_number(text_);
    return *number_;
  }
  const std::optional<IpAddress>& address() {
    if (!address_) address_ = parse_ip_address(text_);
    return *address_;
  }

  NodeKind kind_;
  std::string_view text_;
  std::optional<std::optional<double>> number_;
  std::optional<std::optional<IpAddress>> address_;
};

}  // namespace

bool holds(const ValueTest& test, NodeKind kind, std::string_view text) {
  return AskedValue(kind, text).satisfies(test);
}

bool holds(const FieldTest& test, NodeKind kind, std::string_view text) {
  AskedValue value(kind, text);
  return is_value(kind) && std::ranges::any_of(test.matchers, [&](const ValueMatcher& matcher) {
           return matcher.any == std::ranges::any_of(matcher.tests, [&](const ValueTest& value_test) {
                    return value.satisfies(value_test);
                  });
         });
}

}  // namespace tocsin::event
