// Where a JSON value ends, found while its bytes still come in pieces.
//
// Counts brackets outside of strings and nothing else: whether the value is valid is for JsonView to say.
// Cuts the elements out of a file's {"Records":[…]} and of an envelope's `logEvents`, without holding more
// than one of them. Plain value, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin::event {

[[nodiscard]] constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What is left of `text` without the white space at its start.
[[nodiscard]] constexpr std::string_view skip_json_space(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_json_space(text[at])) ++at;
  return text.substr(at);
}

class JsonExtent {
 public:
  // A value that starts with the next byte, or with `depth` brackets of it already open.
  explicit JsonExtent(std::size_t depth = 0)
      : depth_(depth), kind_(depth > 0 ? Kind::Bracketed : Kind::Unknown) {}

  // How many of `bytes` still belong to the value. A bare scalar ends before the first comma, bracket or
  // white space.
  std::size_t take(std::string_view bytes);

  // The value's end was met: the next byte is not part of it.
  [[nodiscard]] bool done() const { return done_; }

 private:
  enum class Kind : std::uint8_t { Unknown, Bracketed, String, Scalar };

  std::size_t depth_;
  Kind kind_;
  bool in_string_ = false;
  bool escaped_ = false;
  bool done_ = false;
};

// Calls `each` with the text of every element of `array`, which is the text of a valid JSON array, until it
// says false.
template <typename Each>
void for_each_element(std::string_view array, Each each) {
  std::string_view rest = array.substr(1);
  while (true) {
    rest = skip_json_space(rest);
    if (rest.starts_with(',')) rest = skip_json_space(rest.substr(1));
    if (rest.empty() || rest.front() == ']') return;
    JsonExtent extent;
    const std::size_t size = extent.take(rest);
    if (size == 0 || !each(rest.substr(0, size))) return;
    rest.remove_prefix(size);
  }
}

}  // namespace tocsin::event
