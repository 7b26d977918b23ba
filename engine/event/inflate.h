// Gunzips one record. CloudWatch Logs puts its subscription envelopes into gzip; several members may follow
// each other.
//
// An Inflater keeps zlib's memory from call to call and belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tocsin::event {

enum class InflateStatus : std::uint8_t {
  Complete,
  Damaged,   // not gzip, a wrong checksum, or it ends too early
  TooLarge,  // more than `limit` bytes would come out
};

[[nodiscard]] constexpr bool is_gzip(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  // Replaces `out` with what is in `bytes`. Zero bytes after the last member are padding.
  InflateStatus inflate(std::string_view bytes, std::size_t limit, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::event
