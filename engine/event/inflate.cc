#include "engine/event/inflate.h"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "engine/base/check.h"

namespace tocsin::event {

struct Inflater::State {
  z_stream stream{};

  State() { TOCSIN_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK); }  // 16: gzip wrapping only
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

InflateStatus Inflater::inflate(std::string_view bytes, std::size_t limit, std::string& out) {
  if (!state_) state_ = std::make_unique<State>();
  z_stream& stream = state_->stream;
  out.clear();
  if (bytes.size() > std::numeric_limits<uInt>::max()) return InflateStatus::TooLarge;
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::size_t filled = 0;
  while (stream.avail_in > 0) {
    TOCSIN_CHECK(inflateReset(&stream) == Z_OK);
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      // One byte more than the limit tells "exactly full" from "too much".
      if (filled == out.size()) {
        if (filled > limit) return InflateStatus::TooLarge;
        out.resize(std::min(limit + 1, std::max({filled * 2, bytes.size() * 4, std::size_t{4096}})));
      }
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      const std::size_t room = std::min<std::size_t>(out.size() - filled, std::numeric_limits<uInt>::max());
      stream.avail_out = static_cast<uInt>(room);
      status = ::inflate(&stream, Z_NO_FLUSH);
      filled += room - stream.avail_out;
      if (status != Z_OK && status != Z_STREAM_END) return InflateStatus::Damaged;
      if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) return InflateStatus::Damaged;
    }
    const std::string_view rest(reinterpret_cast<const char*>(stream.next_in), stream.avail_in);
    if (rest.find_first_not_of('\0') == std::string_view::npos) break;
  }
  if (filled > limit) return InflateStatus::TooLarge;
  out.resize(filled);
  return InflateStatus::Complete;
}

}  // namespace tocsin::event
