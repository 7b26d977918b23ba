// A partition's name as text, for the state that outlives the process: a JSON object that a person can read;
// and what the ids of items are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

[[nodiscard]] std::string to_text(const source::PartitionName& name);
[[nodiscard]] Result<source::PartitionName> parse_partition_name(std::string_view text);

// Which item of all there are: the same text whenever it is read again, and no other's.
[[nodiscard]] std::string item_identity(const source::PartitionName& name, std::int64_t offset,
                                        std::uint32_t index);

}  // namespace tocsin::runtime
