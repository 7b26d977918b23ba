// From settings to sources: the one place that knows all kinds.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::source {

// A live source, not opened yet. Properties that cannot be are refused here.
[[nodiscard]] Result<std::unique_ptr<Source>> make_source(const SourceSettings& settings,
                                                          const ReadLimits& limits);

// The partitions of a source's history. `from` saves reading what Kafka knows to be older; files are read
// whole.
[[nodiscard]] Result<std::vector<HistoryPartition>> open_history(const SourceSettings& settings,
                                                                 const ReadLimits& limits,
                                                                 std::optional<EventTime> from = {});

}  // namespace tocsin::source
