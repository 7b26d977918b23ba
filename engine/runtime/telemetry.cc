#include "engine/runtime/telemetry.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::runtime {

std::optional<std::uint64_t> SourceTelemetry::lag() const {
  std::uint64_t sum = 0;
  for (const PartitionTelemetry& partition : partitions) {
    const auto lag = partition.lag();
    if (!lag) return std::nullopt;
    sum += *lag;
  }
  return partitions.empty() ? std::nullopt : std::optional(sum);
}

std::vector<std::string> awaited(const Telemetry& telemetry) {
  std::vector<std::string> waiting;
  for (const SourceTelemetry& source : telemetry.sources) {
    if (source.was_caught_up || source.ended) continue;
    if (!source.connected) {
      waiting.push_back(fmt::format("{}: to be connected", source.name));
    } else if (source.partitions.empty()) {
      waiting.push_back(fmt::format("{}: to be given partitions", source.name));
    } else {
      const auto behind = std::count_if(source.partitions.begin(), source.partitions.end(),
                                        [](const auto& partition) { return !partition.caught_up; });
      const auto lag = source.lag();
      waiting.push_back(fmt::format("{}: {} of {} partitions to be caught up{}", source.name, behind,
                                    source.partitions.size(),
                                    lag ? fmt::format(", {} records behind", *lag) : std::string()));
    }
  }
  return waiting;
}

}  // namespace tocsin::runtime
