#include "cli/match_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "cli/text_style.h"

namespace tocsin::cli {
namespace {

std::string_view without_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

}  // namespace

void MatchCounts::look_at(std::string_view message) {
  message = without_space(message);
  if (!message.starts_with('{')) return;
  message = without_space(message.substr(1));
  if (message.empty()) ++openings;
  if (message.starts_with("\"Records\"") || message.starts_with("\"messageType\"")) ++carriers;
}

void MatchCounts::merge(const MatchCounts& other) {
  matched += other.matched;
  events += other.events;
  bytes += other.bytes;
  by_pattern.resize(std::max(by_pattern.size(), other.by_pattern.size()));
  for (std::size_t i = 0; i < other.by_pattern.size(); ++i) by_pattern[i] += other.by_pattern[i];
  rejects.merge(other.rejects);
  carriers += other.carriers;
  unwrapped += other.unwrapped;
  openings += other.openings;
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

std::string render_advice(const MatchCounts& counts) {
  if (counts.matched > 0) return {};
  if (counts.carriers > 0) {
    return fmt::format(
        "{} of the messages carry events (CloudTrail's files, subscriptions): add --decode to match those",
        group_digits(counts.carriers));
  }
  if (counts.unwrapped > 0)
    return "messages carry events (of SNS, SQS, Kinesis, a subscription, …): add --decode to match those";
  if (counts.openings > 0)
    return "every line is a message; for an event that is written over several lines add --document";
  return {};
}

}  // namespace tocsin::cli
