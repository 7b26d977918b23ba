// What a shard has to know of the plan: metrics, alarms, default values, and which sources feed what.
//
//   runtime::Plan --> Definitions --Config record--> Shard
//
// Part of a shard's state: they travel in Config records and snapshots, so that a log is read with the
// definitions it was written under. What stays the same in other definitions is known by its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/base/result.h"
#include "engine/metric/series.h"

namespace tocsin::shard {

struct Definitions {
  std::vector<metric::MetricDefinition> metrics;
  std::vector<alarm::AlarmDefinition> alarms;
  // Metric filters with a default value: a minute that had events and no match gets one datapoint of it.
  struct Default {
    std::uint32_t metric = 0;
    double value = 0;
    std::string filter;  // its name
  };
  std::vector<Default> defaults;
  std::vector<std::string> sources = {""};                 // their names
  std::vector<std::vector<std::uint32_t>> metric_sources;  // of each metric: the sources that may feed it
};

// Without what only concerns people: descriptions, and whom an alarm notifies. The same definitions give the
// same bytes.
[[nodiscard]] std::string encode(const Definitions& definitions);
[[nodiscard]] Result<Definitions> decode_definitions(std::string_view bytes);

}  // namespace tocsin::shard
