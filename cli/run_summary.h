// What a whole run did, in three lines for people.
//
//   300,000 events in 4.2 s (71,400 events/s), peak memory 48 MB
//   12,345 matches · 11,000 datapoints · 42 transitions · 10 notifications
//   rejected: 12 late, 3 not_json
#pragma once

#include <cstdint>
#include <string>

#include "cli/text_style.h"
#include "engine/event/reject.h"

namespace tocsin::cli {

struct RunSummary {
  std::uint64_t events = 0;
  std::uint64_t matched = 0;       // (event, filter) pairs
  std::uint64_t rule_matches = 0;  // (event, rule) pairs
  std::uint64_t datapoints = 0;
  std::uint64_t transitions = 0;
  std::uint64_t notifications = 0;
  event::RejectCounts rejected;
  double seconds = 0;
  std::uint64_t peak_bytes = 0;  // resident memory at its highest; 0: unknown
};

[[nodiscard]] std::string render(const RunSummary& summary, const TextStyle& style);

// This process's peak of resident memory; 0 where the system does not say.
[[nodiscard]] std::uint64_t peak_resident_bytes();

}  // namespace tocsin::cli
