#include "filters/pattern_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/event/json_text.h"
#include "engine/event/reject.h"

namespace tocsin::filters {
namespace {

using event::NodeKind;
using event::SyntaxError;

// Reads by recursive descent; `at_` is the next byte to look at.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::expected<PatternValue, SyntaxError> read() {
    auto root = value(1);
    if (!root) return root;
    skip_white();
    if (at_ != text_.size()) return unexpected("nothing behind the pattern");
    return root;
  }

 private:
  using Read = std::expected<PatternValue, SyntaxError>;

  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }

  void skip_white() {
    while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  [[nodiscard]] std::unexpected<SyntaxError> fault(std::size_t offset, std::string message,
                                                   std::string hint = {}) const {
    return std::unexpected(SyntaxError{offset, std::move(message), std::move(hint)});
  }

  // Something else than what stands here was expected.
  [[nodiscard]] std::unexpected<SyntaxError> unexpected(std::string_view expected,
                                                        std::string hint = {}) const {
    if (done())
      return fault(at_, fmt::format("Unexpected end-of-input: was expecting {}", expected), std::move(hint));
    std::size_t end = at_ + 1;  // whole characters only
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return fault(
        at_,
        fmt::format("Unexpected character ('{}'): was expecting {}", text_.substr(at_, end - at_), expected),
        std::move(hint));
  }

  // What a list or an object that does not go on as it should lacks at the text's end.
  [[nodiscard]] std::string unclosed(char bracket) const {
    return done() ? fmt::format("add the missing {}", bracket) : std::string();
  }

  // What to do where a name should stand.
  [[nodiscard]] std::string nameless() const {
    if (peek() == '}') return "no comma stands before a }";
    return done() ? unclosed('}') : "names stand in double quotes";
  }

  Read value(std::size_t depth) {
    skip_white();
    const std::size_t begin = at_;
    Read read = value_here(depth);
    if (read) {
      read->offset = begin;
      read->size = at_ - begin;
    }
    return read;
  }

  Read value_here(std::size_t depth) {
    const char first = peek();
    if (first == '"') return string();
    if (first != '{' && first != '[') return scalar();
    if (depth > event::kMaxDepth) {
      return fault(at_, fmt::format("Patterns are nested at most {} deep", event::kMaxDepth));
    }
    return first == '{' ? object(depth) : array(depth);
  }

  Read object(std::size_t depth) {
    PatternValue object;
    object.kind = NodeKind::Object;
    ++at_;
    skip_white();
    if (peek() == '}') {
      ++at_;
      return object;
    }
    for (;;) {
      skip_white();
      if (peek() != '"') return unexpected("double-quote to start field name", nameless());
      auto key = value(depth);
      if (!key) return key;
      skip_white();
      if (peek() != ':') return unexpected("a colon to separate field name and value");
      ++at_;
      auto member = value(depth + 1);
      if (!member) return member;
      object.members.push_back({std::move(*key), std::move(*member)});
      skip_white();
      if (peek() == '}') break;
      if (peek() != ',') return unexpected("comma to separate Object entries", unclosed('}'));
      ++at_;
    }
    ++at_;
    return object;
  }

  Read array(std::size_t depth) {
    PatternValue array;
    array.kind = NodeKind::Array;
    ++at_;
    skip_white();
    if (peek() == ']') {
      ++at_;
      return array;
    }
    for (;;) {
      auto element = value(depth + 1);
      if (!element) return element;
      array.elements.push_back(std::move(*element));
      skip_white();
      if (peek() == ']') break;
      if (peek() != ',') return unexpected("comma to separate Array entries", unclosed(']'));
      ++at_;
    }
    ++at_;
    return array;
  }

  Read string() {
    const std::size_t quote = at_++;
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != '"') {
      if (static_cast<unsigned char>(text_[end]) < 0x20)
        return fault(
            end,
            "Illegal unquoted character: has to be escaped using backslash to be included in string value",
            "a line end within a string is written \\n");
      end += text_[end] == '\\' ? std::size_t{2} : std::size_t{1};
    }
    if (end >= text_.size()) {
      return fault(quote, "Unexpected end-of-input: was expecting closing quote for a string value",
                   "add the missing \"");
    }
    const std::string_view inside = text_.substr(at_, end - at_);
    if (!event::escapes_are_valid(inside)) {
      std::size_t at = inside.find('\\');
      while (event::escapes_are_valid(inside.substr(0, escape_end(inside, at)))) {
        at = inside.find('\\', escape_end(inside, at));
      }
      return fault(at_ + at, "Unrecognized character escape", "a backslash itself is written \\\\ in JSON");
    }
    PatternValue value;
    value.kind = NodeKind::String;
    value.text.resize(inside.size());
    value.text.resize(
        static_cast<std::size_t>(event::unescape(inside, value.text.data()) - value.text.data()));
    at_ = end + 1;
    return value;
  }

  // Behind the escape at `at`.
  static std::size_t escape_end(std::string_view inside, std::size_t at) {
    return std::min(at + (inside.substr(at).starts_with("\\u") ? 6 : 2), inside.size());
  }

  // true, false, null or a number: up to what can end one.
  Read scalar() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,:{}[]\"", at_), text_.size());
    PatternValue value;
    value.text = text_.substr(at_, end - at_);
    if (value.text.empty()) {
      return unexpected("a value (String, Number, Array, Object, true, false or null)",
                        peek() == ']' ? "no comma stands before a ]" : "");
    }
    if (value.text == "true" || value.text == "false") {
      value.kind = NodeKind::Boolean;
    } else if (event::is_json_number(value.text)) {
      value.kind = NodeKind::Number;
    } else if (value.text != "null") {
      return fault(
          at_,
          fmt::format(
              "Unrecognized token '{}': was expecting (String, Number, Array, Object or token 'null', "
              "'true' or 'false')",
              value.text),
          "a text stands in double quotes");
    }
    at_ = end;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::expected<PatternValue, SyntaxError> read_pattern_json(std::string_view text) {
  return Reader(text).read();
}

}  // namespace tocsin::filters
