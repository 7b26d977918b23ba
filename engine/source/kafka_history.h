// Topics as history, for a backtest: each partition from a time to the end that it had when this was called.
//
// Joins no group and commits nothing; one connection serves all partitions, and what it fetches ahead of the
// readers is bounded however unevenly they are read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::source {

// The partitions of all topics, sorted by topic and number; from their first record if `from` is not given. A
// topic that does not exist is an error, and so are brokers that do not answer within half a minute.
[[nodiscard]] Result<std::vector<HistoryPartition>> list_topics(const std::string& source,
                                                                const KafkaSettings& settings,
                                                                std::optional<EventTime> from,
                                                                const ReadLimits& limits);

}  // namespace tocsin::source
