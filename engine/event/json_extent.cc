#include "engine/event/json_extent.h"

namespace tocsin::event {

std::size_t JsonExtent::take(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !done_) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++at;
        continue;
      }
      while (at < bytes.size() && bytes[at] != '"' && bytes[at] != '\\') ++at;
      if (at == bytes.size()) break;
      if (bytes[at] == '\\') {
        escaped_ = true;
      } else {
        in_string_ = false;
        done_ = kind_ == Kind::String;
      }
      ++at;
      continue;
    }
    const char c = bytes[at];
    if (kind_ == Kind::Scalar && (c == ',' || c == ']' || c == '}' || is_json_space(c))) {
      done_ = true;
      break;
    }
    switch (c) {
      case '"':
        in_string_ = true;
        if (kind_ == Kind::Unknown) kind_ = Kind::String;
        break;
      case '{':
      case '[':
        kind_ = kind_ == Kind::Unknown ? Kind::Bracketed : kind_;
        ++depth_;
        break;
      case '}':
      case ']':
        if (depth_ <= 1) {
          done_ = true;
        } else {
          --depth_;
        }
        break;
      default:
        if (kind_ == Kind::Unknown) kind_ = Kind::Scalar;
        break;
    }
    ++at;
  }
  return at;
}

}  // namespace tocsin::event
