// A corpus through the engine without a file or a broker: what decoding, matching and aggregating take on one
// core.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/corpus.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/worker.h"

namespace tocsin::bench {

// The first `events` of the corpus through a worker, in batches: decode and match. Returns how many matches
// there were.
[[nodiscard]] std::uint64_t work_through(runtime::Worker& worker, const Corpus& corpus, std::size_t events);

// The same through a replay on the calling thread: decode, match, merge by time, windows.
[[nodiscard]] std::uint64_t replay_through(const std::shared_ptr<const runtime::Plan>& plan,
                                           const Corpus& corpus, std::size_t events);

}  // namespace tocsin::bench
