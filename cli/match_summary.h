// What `tocsin match` found, and what it tells people at its end: what could not match, and how fast it was.
// Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/event/reject.h"

namespace tocsin::cli {

struct MatchCounts {
  std::uint64_t matched = 0;  // messages
  std::uint64_t events = 0;   // that could match
  std::uint64_t bytes = 0;    // of them
  std::vector<std::uint64_t> by_pattern;
  event::RejectCounts rejects;

  void merge(const MatchCounts& other);
};

// "12 of 300,000 match, 379 MB in 0.8 s: 380,000 events/s, 474 MB/s"; `seconds` is above 0.
[[nodiscard]] std::string render_speed(const MatchCounts& counts, double seconds);

// "1 bad_utf8, 2 too_large"; empty where nothing was refused.
[[nodiscard]] std::string render_refused(const event::RejectCounts& counts);

}  // namespace tocsin::cli
