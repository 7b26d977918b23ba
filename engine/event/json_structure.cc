#include "engine/event/json_structure.h"

#include <algorithm>

#include "engine/base/check.h"

namespace tocsin::event {
namespace {

// A message up to this size leaves the room for its strings to the next one; that of a larger one is given
// back.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

}  // namespace

JsonStatus JsonStructure::scan(std::string_view message) {
  if (unescaped_.size() > kKeptCapacity) unescaped_ = std::vector<char>();
  text_ = message.data();
  size_ = message.size();
  if (size_ == 0 || size_ > simdjson::SIMDJSON_MAXSIZE_BYTES) return JsonStatus::Invalid;
  if (scanner_ == nullptr || scanner_->capacity() < size_) {
    const std::size_t capacity = std::max<std::size_t>(size_ + size_ / 2, std::size_t{16} << 10);
    scanner_.reset();
    const simdjson::error_code error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(
            std::min<std::size_t>(capacity, simdjson::SIMDJSON_MAXSIZE_BYTES), 1, scanner_);
    TOCSIN_CHECK(error == simdjson::SUCCESS);  // the only way to fail is to be out of memory
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text_);
  const simdjson::error_code error = scanner_->stage1(bytes, size_, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    // Stage 1 looks at UTF-8 last and stops at the first complaint; the worse one is named here.
    return simdjson::validate_utf8(text_, size_) ? JsonStatus::Invalid : JsonStatus::BadUtf8;
  }
  offsets_ = scanner_->structural_indexes.get();
  end_ = offsets_ + scanner_->n_structural_indexes;
  has_escapes_ = std::memchr(text_, '\\', size_) != nullptr;
  if (has_escapes_) {
    if (!escapes_are_valid(message)) return JsonStatus::Invalid;
    if (unescaped_.size() < size_) unescaped_.resize(size_);
  }
  return JsonStatus::NotObject;
}

JsonStatus JsonStructure::skip(const std::uint32_t*& at, std::size_t depth_around) {
  const char* const text = text_;
  const std::uint32_t* const end = end_;
  const std::uint32_t* token = at;
  std::size_t depth = depth_around;
  char closer = 0;  // of the innermost one; those around it are in closers_
  for (;;) {
    const char first = text[*token];
    ++token;
    bool is_open = false;
    if (first == '{' || first == '[') {
      if (depth == kMaxDepth) return JsonStatus::TooDeep;
      if (token == end) return JsonStatus::Invalid;
      closers_[depth++] = closer;
      closer = static_cast<char>(first + 2);  // in ASCII, of both
      is_open = text[*token] != closer;
    } else {
      if (token == end) return JsonStatus::Invalid;
      NodeKind kind{};
      if (first != '"' && !classify_scalar(between(token[-1], *token), kind)) return JsonStatus::Invalid;
    }
    if (!is_open) {
      for (;; ++token) {
        if (token == end) return JsonStatus::Invalid;
        const char separator = text[*token];
        if (separator == ',') break;
        if (separator != closer) return JsonStatus::Invalid;
        closer = closers_[--depth];
        if (depth == depth_around) {
          at = token;
          return JsonStatus::Object;
        }
      }
      ++token;
    }
    if (closer == '}') {
      if (end - token < 3 || text[token[0]] != '"' || text[token[1]] != ':') return JsonStatus::Invalid;
      token += 2;
    } else if (token == end) {
      return JsonStatus::Invalid;
    }
  }
}

}  // namespace tocsin::event
