#include "filters/event_pattern_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "filters/regex.h"

namespace tocsin::filters {
namespace {

using event::NodeKind;
using event::SyntaxError;
using event::TextPart;

std::unexpected<SyntaxError> fault(std::size_t offset, std::string message, std::string hint = {}) {
  return std::unexpected(SyntaxError{offset, std::move(message), std::move(hint)});
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_upper_bound(std::string_view op) { return op == "<" || op == "<="; }

// How a value reads in a complaint: a text as it is, a list or an object as its bracket.
std::string shown(const PatternValue& value) {
  if (value.kind == NodeKind::Object) return "{";
  return value.kind == NodeKind::Array ? "[" : value.text;
}

// `text` as a regular expression that minds no case: ASCII letters have two, of others RE2 knows all.
std::string any_case_regex(std::string_view text, TextPart part) {
  std::string source = part == TextPart::End ? "(?s)" : "\\A";
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    if (is_letter(c)) {
      source += fmt::format("[{}{}]", lower(c), static_cast<char>(lower(c) - 'a' + 'A'));
    } else if (is_ascii(c)) {
      source += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(c));
    } else {
      source += fmt::format("(?i:{})", text.substr(at, end - at));
    }
    at = end;
  }
  if (part != TextPart::Start) source += "\\z";
  return source;
}

}  // namespace

Tested text_at_any_case(const PatternValue& value, TextPart part) {
  event::TextAtAnyCase test{part, value.text, std::nullopt};
  std::ranges::transform(test.text, test.text.begin(), lower);
  if (std::ranges::all_of(value.text, is_ascii)) return test;
  auto regex = compile_regex(any_case_regex(value.text, part));
  if (!regex) {
    return fault(value.offset, "The text is too long to be compared without regard to case",
                 "a text with letters beyond ASCII may have some hundred characters here");
  }
  test.regex = std::move(*regex);
  return test;
}

// --- wildcards -------------------------------------------------------------------------------------------

std::expected<std::vector<std::string>, SyntaxError> wildcard_pieces(const PatternValue& value) {
  std::vector<std::string> pieces(1);
  const std::string& text = value.text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*') {
      if (at + 1 < text.size() && text[at + 1] == '*') {
        return fault(value.place(at), fmt::format("Consecutive wildcard characters at pos {}", at + 1),
                     "one * stands for any run of characters; a star itself is written \\\\*");
      }
      pieces.emplace_back();
    } else if (text[at] == '\\') {
      if (at + 1 == text.size() || (text[at + 1] != '*' && text[at + 1] != '\\')) {
        return fault(value.place(at), fmt::format("Invalid escape character at pos {}", at + 1),
                     "a star is written \\\\* in JSON, a backslash \\\\\\\\");
      }
      pieces.back() += text[++at];
    } else {
      pieces.back() += text[at];
    }
  }
  return pieces;
}

// --- addresses -------------------------------------------------------------------------------------------

Tested address_block(const PatternValue& value) {
  if (value.kind != NodeKind::String) return fault(value.offset, "prefix match pattern must be a string");
  const std::string_view text = value.text;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string_view::npos) {
    return fault(value.offset, "Malformed CIDR, one '/' required", "for example 10.0.0.0/8 or 2001:db8::/32");
  }
  const std::string_view base = text.substr(0, slash);
  std::string_view mask = text.substr(slash + 1);
  if (mask.size() > 1 && mask.starts_with('+')) mask.remove_prefix(1);
  int bits = 0;
  const auto [stop, error] = std::from_chars(mask.data(), mask.data() + mask.size(), bits);
  if (error != std::errc{} || stop != mask.data() + mask.size())
    return fault(value.place(slash + 1), "Malformed CIDR, mask bits must be an integer");
  if (bits < 0) return fault(value.place(slash + 1), "Malformed CIDR, mask bits must not be negative");
  if (!event::looks_like_ip_address(base))
    return fault(value.offset, fmt::format("Nonstandard IP address: {}", base));
  const auto address = event::parse_ip_address(base);
  if (!address) return fault(value.offset, fmt::format("Invalid IP address: {}", base));
  if (bits >= (address->v6 ? 128 : 32)) {
    return fault(value.place(slash + 1),
                 address->v6 ? "IPv6 mask bits must be < 128" : "IPv4 mask bits must be < 32",
                 fmt::format("one address is matched by its text: \"{}\"", base));
  }
  return event::TextInBlock{{*address, static_cast<unsigned>(bits)}};
}

// --- numbers ---------------------------------------------------------------------------------------------

std::expected<double, SyntaxError> exact_number(const PatternValue& value) {
  if (const auto known = event::exact_number(value.text)) return *known;
  return fault(value.offset, fmt::format("Cannot compare number : {}", value.text),
               "a number has to be a double to its last digit: at most 17 digits, below 1.8e308");
}

Tested number_literal(const PatternValue& value) {
  const auto known = event::exact_number(value.text);
  if (!known) return event::ExactWord{value.text};
  return event::NumberRange{*known, *known};
}

Tested numeric_range(const PatternValue& list) {
  if (list.kind != NodeKind::Array)
    return fault(list.offset, "Value of numeric must be an array.",
                 "for example {\"numeric\": [\">\", 0, \"<=\", 5]}");
  const auto& members = list.elements;
  const std::size_t end = list.offset + list.size - 1;  // its bracket
  const auto offset_of = [&](std::size_t i) { return i < members.size() ? members[i].offset : end; };
  const auto shown_at = [&](std::size_t i) {
    return i < members.size() ? shown(members[i]) : std::string("]");
  };
  const auto is_text = [&](std::size_t i) {
    return i < members.size() && members[i].kind == NodeKind::String;
  };
  const auto value_of = [&](std::size_t i, std::string_view op) -> std::expected<double, SyntaxError> {
    if (i < members.size() && members[i].kind == NodeKind::Number) return exact_number(members[i]);
    return fault(offset_of(i), fmt::format("Value of {} must be numeric", op == "=" ? "equals" : op));
  };

  if (!is_text(0))
    return fault(offset_of(0), fmt::format("Invalid member in numeric match: {}", shown_at(0)));
  const std::string& op = members[0].text;
  if (op != "=" && op != ">" && op != ">=" && !is_upper_bound(op)) {
    return fault(members[0].offset, fmt::format("Unrecognized numeric range operator: {}", op),
                 "one of =, <, <=, >, >=");
  }
  const auto first = value_of(1, op);
  if (!first) return std::unexpected(first.error());
  event::NumberRange range;
  if (op == "=") {
    range.low = range.high = *first;
  } else if (is_upper_bound(op)) {
    range.high = *first;
    range.high_belongs = op == "<=";
  } else {
    range.low = *first;
    range.low_belongs = op == ">=";
  }
  if (members.size() == 2) return range;
  if (op == "=" || is_upper_bound(op)) {
    return fault(members[2].offset, "Too many elements in numeric expression",
                 "a range begins with its lower bound: [\">\", 0, \"<=\", 5]");
  }
  if (!is_text(2))
    return fault(members[2].offset, fmt::format("Bad value in numeric range: {}", shown(members[2])));
  const std::string& high_op = members[2].text;
  if (!is_upper_bound(high_op))
    return fault(members[2].offset, fmt::format("Bad numeric range operator: {}", high_op), "either < or <=");
  const auto high = value_of(3, high_op);
  if (!high) return std::unexpected(high.error());
  if (members.size() > 4) return fault(members[4].offset, "Too many terms in numeric range expression");
  if (*first >= *high) return fault(members[3].offset, "Bottom must be less than top");
  range.high = *high;
  range.high_belongs = high_op == "<=";
  return range;
}

}  // namespace tocsin::filters
