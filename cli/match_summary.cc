#include "cli/match_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "cli/text_style.h"

namespace tocsin::cli {

void MatchCounts::merge(const MatchCounts& other) {
  matched += other.matched;
  events += other.events;
  bytes += other.bytes;
  by_pattern.resize(std::max(by_pattern.size(), other.by_pattern.size()));
  for (std::size_t i = 0; i < other.by_pattern.size(); ++i) by_pattern[i] += other.by_pattern[i];
  rejects.merge(other.rejects);
}

std::string render_speed(const MatchCounts& counts, double seconds) {
  const auto a_second = [seconds](std::uint64_t count) {
    return static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
  };
  return fmt::format("{} of {} match, {} in {:.1f} s: {} events/s, {}/s", group_digits(counts.matched),
                     group_digits(counts.events), format_bytes(counts.bytes), seconds,
                     group_digits(a_second(counts.events)), format_bytes(a_second(counts.bytes)));
}

std::string render_refused(const event::RejectCounts& counts) {
  std::string told;
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (counts.counts[i] == 0) continue;
    told += fmt::format("{}{} {}", told.empty() ? "" : ", ", counts.counts[i], event::kRejectNames[i]);
  }
  return told;
}

}  // namespace tocsin::cli
