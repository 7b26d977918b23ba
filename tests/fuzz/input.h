// A fuzzer's bytes, taken apart: what a target needs of them, in the order in which it asks.
//
// Texts come first and end where a person would end them, so that files of a corpus can be read and written
// by hand. Whoever asks for more than is there gets zeros and empty texts. A plain value; its views point
// into the fuzzer's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  std::uint8_t byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
  }

  // Up to the next "\n", which is passed over.
  std::string_view line() { return up_to("\n"); }

  // Up to the next empty line, which is passed over.
  std::string_view paragraph() { return up_to("\n\n"); }

  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view up_to(std::string_view end) {
    const std::size_t at = rest_.find(end);
    const std::string_view taken = take(at);
    if (at != std::string_view::npos) rest_.remove_prefix(end.size());
    return taken;
  }

  std::string_view rest_;
};

}  // namespace tocsin::fuzz
