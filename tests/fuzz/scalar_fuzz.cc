// Small texts that come from outside on their own: numbers, addresses, base64, the marks beside a group's
// offsets.
#include <cmath>
#include <string>

#include "engine/base/base64.h"
#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/event/ip_address.h"
#include "engine/source/kafka_position.h"
#include "tests/fuzz/input.h"

namespace tocsin {
namespace {

void check_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return;
  TOCSIN_CHECK(std::isfinite(*number));
  TOCSIN_CHECK(parse_number(format_number(*number)) == number);
}

void check_base64(std::string_view text) {
  std::string bytes;
  if (decode_base64(text, bytes)) {
    std::string again;
    TOCSIN_CHECK(decode_base64(encode_base64(bytes), again) && again == bytes);
  }
  TOCSIN_CHECK(decode_base64(encode_base64(text), bytes) && bytes == text);
}

void check_mark(std::string_view text) {
  const std::uint64_t incarnation = source::read_commit_mark(text);
  if (incarnation != 0)
    TOCSIN_CHECK(source::read_commit_mark(source::commit_mark(incarnation)) == incarnation);
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tocsin::fuzz::Input(data, size).rest();
  tocsin::check_number(text);
  tocsin::check_base64(text);
  tocsin::check_mark(text);
  if (tocsin::event::parse_ip_address(text)) TOCSIN_CHECK(tocsin::event::looks_like_ip_address(text));
  return 0;
}
