#include "tests/simulation/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::simulation {
namespace {

// A partition that was added is found when the source looks for such; before, nobody can know of it.
constexpr Duration kFoundWithin = std::chrono::minutes(1);

}  // namespace

std::int64_t Coverage::next(const Partition& partition) const {
  const auto at = taken_.find(&partition);
  return at == taken_.end() ? 0 : at->second.next;
}

void Coverage::take(const Partition& partition, std::int64_t offset) {
  Taken& taken = taken_[&partition];
  taken.next = offset + 1;
  taken.newest = std::max(taken.newest, partition.entries[static_cast<std::size_t>(offset)].time);
}

std::optional<std::string> Coverage::missing(std::size_t topic, EventTime time, std::uint64_t sequence,
                                             Duration written) const {
  if (time == kNever) return std::nullopt;
  const Duration moment = world_.first_shown(time);
  for (const Partition& partition : topics_[topic].partitions()) {
    if (partition.gone_at && *partition.gone_at <= written) continue;
    if (moment <= partition.found_at.value_or(partition.created + kFoundWithin)) continue;
    const auto at = taken_.find(&partition);
    const bool is_met = at != taken_.end();
    if (is_met && at->second.newest >= time) continue;
    std::int64_t offset = is_met ? at->second.next : 0;
    while (offset < partition.end() && partition.is_lost(offset, sequence)) ++offset;
    if (offset == partition.end()) continue;
    const Duration appended = partition.entries[static_cast<std::size_t>(offset)].appended;
    if (appended >= moment) continue;
    return fmt::format("{}[{}] lacked offset {}, appended {} before", partition.name.topic,
                       partition.name.number, offset, format_duration(moment - appended));
  }
  return std::nullopt;
}

}  // namespace tocsin::simulation
