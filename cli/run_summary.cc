#include "cli/run_summary.h"

#include <fmt/format.h>
#include <sys/resource.h>

namespace tocsin::cli {
namespace {

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", group_digits(number), number == 1 ? one : many);
}

}  // namespace

std::string render(const RunSummary& summary, const TextStyle& style) {
  const std::string_view dot = style.unicode ? " · " : ", ";
  std::string out = fmt::format(
      "{} in {:.1f} s", paint(counted(summary.events, "event", "events"), Ink::Bold, style), summary.seconds);
  if (summary.seconds > 0) {
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(summary.events) / summary.seconds);
    out += fmt::format(" ({} events/s)", group_digits(rate));
  }
  if (summary.peak_bytes > 0) out += ", peak memory " + format_bytes(summary.peak_bytes);
  out += "\n" + counted(summary.matched, "match", "matches") + std::string(dot);
  if (summary.rule_matches > 0)
    out += counted(summary.rule_matches, "event of a rule", "events of rules") + std::string(dot);
  out += fmt::format("{}{}{}{}{}\n", counted(summary.datapoints, "datapoint", "datapoints"), dot,
                     counted(summary.transitions, "transition", "transitions"), dot,
                     counted(summary.notifications, "notification", "notifications"));

  std::string rejects;
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    const std::uint64_t count = summary.rejected.counts[i];
    if (count == 0) continue;
    if (!rejects.empty()) rejects += ", ";
    rejects += fmt::format("{} {}", group_digits(count), event::kRejectNames[i]);
  }
  out += rejects.empty() ? "nothing rejected\n" : paint("rejected: " + rejects, Ink::Yellow, style) + "\n";
  return out;
}

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts kibibytes
}

}  // namespace tocsin::cli
