// What `tocsin match` reads, in the order of its arguments: files, directories with all files below,
// partitions of topics.
//
// Nothing is opened but the connection to the brokers. What cannot be had is an input, too: its error is told
// when its turn comes, and the others are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/match_arguments.h"
#include "engine/base/result.h"
#include "engine/source/source.h"

namespace tocsin::cli {

struct MatchInput {
  std::string file;         // "-" is stdin; empty: a partition
  std::uint64_t bytes = 0;  // of a file; 0: unknown
  std::optional<source::HistoryPartition> partition;
  std::optional<Error> fault;  // nothing can be read
};

[[nodiscard]] std::vector<MatchInput> list_match_inputs(const MatchArguments& arguments);

// Of all that can be read, as it is stored; 0 where it is not known of one of them.
[[nodiscard]] std::uint64_t total_bytes(const std::vector<MatchInput>& inputs);

}  // namespace tocsin::cli
