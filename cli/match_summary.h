// What `tocsin match` found, and what it tells people at its end: what could not match, and how fast it was.
// Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/reject.h"

namespace tocsin::cli {

struct MatchCounts {
  std::uint64_t matched = 0;  // messages
  std::uint64_t events = 0;   // that could match
  std::uint64_t bytes = 0;    // of them
  std::vector<std::uint64_t> by_pattern;
  event::RejectCounts rejects;
  // Of messages that are taken as they are:
  std::uint64_t carriers = 0;   // that carry events: CloudTrail's files, subscriptions
  std::uint64_t unwrapped = 0;  // of the first ones, those of which the decoder makes others
  std::uint64_t openings = 0;   // lines that only open an object

  // Notes what a message that is taken as it is looks like.
  void look_at(std::string_view message);
  void merge(const MatchCounts& other);
};

// "12 of 300,000 match, 379 MB in 0.8 s: 380,000 events/s, 474 MB/s"; `seconds` is above 0.
[[nodiscard]] std::string render_speed(const MatchCounts& counts, double seconds);

// "1 bad_utf8, 2 too_large"; empty where nothing was refused.
[[nodiscard]] std::string render_refused(const event::RejectCounts& counts);

// "3 of the messages carry events…: add --decode", where nothing matched and that may be why; else empty.
[[nodiscard]] std::string render_advice(const MatchCounts& counts);

}  // namespace tocsin::cli
