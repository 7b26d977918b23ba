// Files as history: each is a partition, read from its start to its end, once.
//
// Nothing is held for a file that is not being read: ten thousand of them cost their names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/source/descriptor.h"
#include "engine/source/source.h"

namespace tocsin::source {

// Reads what `descriptor` gives, decompressed and cut into records. A file cut short in its compression gives
// all before the damage and one bad_gzip (for zstd too).
[[nodiscard]] std::unique_ptr<PartitionReader> read_records(Descriptor descriptor, std::string path,
                                                            const ReadLimits& limits);

// The partitions of `patterns`, sorted by path. Opens nothing yet.
[[nodiscard]] Result<std::vector<HistoryPartition>> list_files(const std::string& source,
                                                               const std::vector<std::string>& patterns,
                                                               const ReadLimits& limits);

}  // namespace tocsin::source
