// How the values that records, definitions and snapshots share are written and read.
#pragma once

#include "engine/base/wire.h"
#include "engine/metric/evidence.h"
#include "engine/metric/series.h"
#include "engine/metric/statistic.h"
#include "engine/shard/record.h"

namespace tocsin::shard {

void put(WireWriter& out, const metric::StatisticSet& set);
void put(WireWriter& out, const metric::Dimensions& dimensions);
// Times are written as distances from `base`, which is near.
void put(WireWriter& out, const metric::EvidenceSample& sample, EventTime base);

void put(WireWriter& out, const OutboxEntry& entry);

[[nodiscard]] OutboxEntry get_outbox_entry(WireReader& in);
[[nodiscard]] metric::StatisticSet get_statistics(WireReader& in);
[[nodiscard]] metric::Dimensions get_dimensions(WireReader& in);
[[nodiscard]] metric::EvidenceSample get_evidence(WireReader& in, EventTime base);

}  // namespace tocsin::shard
