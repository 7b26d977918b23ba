// What a source hands over a second time, which is what it does after a restart: let go of before anybody
// counts it.
#pragma once

#include <cstdint>

#include "engine/event/record.h"

namespace tocsin::runtime {

// Lets go of the records and dead letters before `next`. Returns the first offset after the batch.
std::int64_t drop_repeats(event::RawBatch& batch, std::int64_t next);

}  // namespace tocsin::runtime
