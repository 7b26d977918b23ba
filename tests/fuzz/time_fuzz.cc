// Times as events write them: none or one, in the years that there are; and moving those of a record keeps
// its shape.
//
// Input: a strptime format; a line end; the text.
#include <string>

#include "engine/base/check.h"
#include "engine/event/event_time.h"
#include "engine/event/written_times.h"
#include "tests/fuzz/input.h"

namespace tocsin::event {
namespace {

constexpr WallTime kNow{std::chrono::sys_days{std::chrono::January / 1 / 2030}.time_since_epoch()};
constexpr Duration kZone = std::chrono::minutes{330};

void check_moving(std::string_view text) {
  const EventTime time = as_event_time(kNow);
  const std::vector<TimeSpot> spots = find_times(text, time);
  for (const TimeSpot& spot : spots) TOCSIN_CHECK(spot.offset < text.size());
  std::string moved(text);
  move_times(moved.data(), spots,
             std::chrono::seconds{0});  // leap seconds and times before 1970 become others
  const std::string once = moved;
  move_times(moved.data(), find_times(moved, time), std::chrono::seconds{0});
  TOCSIN_CHECK(moved == once);
  move_times(moved.data(), spots, std::chrono::hours{24 * 400});
}

void check_texts(std::string_view text) {
  (void)parse_zone(text);
  (void)parse_time_value(text, kZone);
  (void)find_line_time(text, kNow, kZone);
  std::size_t used = 0;
  if (const auto time = parse_rfc3339_prefix(text, used)) {
    TOCSIN_CHECK(used <= text.size());
    TOCSIN_CHECK(parse_rfc3339(text.substr(0, used)) == time);
    TOCSIN_CHECK(parse_rfc3339(format_rfc3339(*time)) == time);
  }
  if (const auto duration = parse_duration(text))
    TOCSIN_CHECK(parse_duration(format_duration(*duration)) == duration);
}

}  // namespace
}  // namespace tocsin::event

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::event;
  tocsin::fuzz::Input input(data, size);
  const std::string format(input.line());
  const std::string_view text = input.rest();
  if (check_time_format(format).empty()) (void)parse_time_format(text, format, kNow, kZone);
  check_texts(text);
  check_moving(text);
  return 0;
}
