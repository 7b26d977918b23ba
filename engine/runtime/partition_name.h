// A partition's name as text, for the state that outlives the process: a JSON object that a person can read.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

[[nodiscard]] std::string to_text(const source::PartitionName& name);
[[nodiscard]] Result<source::PartitionName> parse_partition_name(std::string_view text);

}  // namespace tocsin::runtime
