// The structure of a JSON message, and what stands between its offsets.
//
//   message --scan(): simdjson's stage 1--> offsets --between(), inside(), skip()--> JsonView's walk
//
// Stage 1 of simdjson gives the offset of every structural character ({ } [ ] : ,) and of the first byte of
// every scalar and string, in order (form feeds and ^Z too, which no comparison takes for anything). So
// whatever lies between the start of a scalar or string and the next offset, white space taken off its end,
// is that scalar or string whole: its end is never searched for. And an object's member is always the four
// offsets of key, colon, value and comma (or closing bracket): the structure is checked by looking at one
// byte for each offset.
//
// Belongs to one view; what it gives holds until the next scan() and needs the message to stay where it is.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/event/json_nodes.h"
#include "engine/event/json_text.h"
#include "engine/event/reject.h"

namespace tocsin::event {

class JsonStructure {
 public:
  // Finds the offsets of a message; UTF-8, quotes and escapes are fine then. NotObject stands for "fine so
  // far".
  JsonStatus scan(std::string_view message);

  // Gives back what a large message took. What was found in it holds.
  void rest() { scanner_.reset(); }

  // No string is unescaped yet.
  void begin() { unescaped_size_ = 0; }

  [[nodiscard]] const char* text() const { return text_; }
  [[nodiscard]] const char* text_end() const { return text_ + size_; }
  [[nodiscard]] const std::uint32_t* offsets() const { return offsets_; }
  [[nodiscard]] const std::uint32_t* end() const { return end_; }
  [[nodiscard]] bool has_escapes() const { return has_escapes_; }

  // The bytes from a scalar's or string's first one, without the white space before the next offset.
  [[nodiscard]] std::string_view between(std::uint32_t begin, std::uint32_t next) const {
    std::uint32_t end = next;
    if (text_[end - 1] <= ' ') {  // hardly ever
      while (is_white(text_[end - 1])) --end;
    }
    return {text_ + begin, end - begin};
  }

  // The inside of the string that begins at `begin`.
  [[nodiscard]] std::string_view inside(std::uint32_t begin, std::uint32_t next) const {
    const std::string_view string = between(begin, next);
    return {string.data() + 1, string.size() - 2};
  }

  // What it stands for.
  [[nodiscard]] std::string_view unescaped(std::string_view inside) {
    if (!has_escapes_ || std::memchr(inside.data(), '\\', inside.size()) == nullptr) return inside;
    char* const begin = unescaped_.data() + unescaped_size_;
    char* const end = unescape(inside, begin);
    unescaped_size_ += static_cast<std::size_t>(end - begin);
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  // Goes over the object or array at `at`, in which nothing is wanted, to its closing bracket. `depth`
  // objects and arrays are around it. Object: it is fine.
  JsonStatus skip(const std::uint32_t*& at, std::size_t depth);

 private:
  static bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner_;
  const char* text_ = nullptr;
  std::size_t size_ = 0;
  const std::uint32_t* offsets_ = nullptr;
  const std::uint32_t* end_ = nullptr;  // of the offsets
  bool has_escapes_ = false;
  std::vector<char> unescaped_;  // room for all of the message's strings: what is in it does not move
  std::size_t unescaped_size_ = 0;
  std::array<char, kMaxDepth> closers_;  // of the containers that are skipped
};

// What a scalar is, if it is anything. `text` is not empty and not a string.
inline bool classify_scalar(std::string_view text, NodeKind& kind) {
  switch (text.front()) {
    case 't':
      kind = NodeKind::Boolean;
      return text == "true";
    case 'f':
      kind = NodeKind::Boolean;
      return text == "false";
    case 'n':
      kind = NodeKind::Null;
      return text == "null";
    default:
      kind = NodeKind::Number;
      return is_json_number(text);
  }
}

}  // namespace tocsin::event
