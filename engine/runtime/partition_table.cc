#include "engine/runtime/partition_table.h"

#include <fmt/format.h>

namespace tocsin::runtime {

std::uint32_t PartitionTable::add(const source::SourceSettings& settings, std::uint32_t source,
                                  const source::PartitionName& name, bool live) {
  Partition partition{name, source, settings.decode};
  if (partition.decode.log_group.empty())
    partition.decode.log_group = name.topic.empty() ? settings.name : name.topic;
  if (partition.decode.log_stream.empty()) {
    partition.decode.log_stream = name.topic.empty() ? name.file : std::to_string(name.number);
  }
  partition.decode.age_limits = live;
  partitions_.push_back(std::move(partition));
  return static_cast<std::uint32_t>(partitions_.size() - 1);
}

std::uint32_t PartitionTable::add_gone(const source::PartitionName& name) {
  partitions_.push_back({name, UINT32_MAX, {}});
  return static_cast<std::uint32_t>(partitions_.size() - 1);
}

std::string PartitionTable::describe(std::uint32_t index) const {
  const source::PartitionName& name = partitions_[index].name;
  return name.topic.empty() ? name.file : fmt::format("{}[{}]", name.topic, name.number);
}

std::string place_of(const source::PartitionName& name, std::int64_t offset, std::uint32_t index) {
  std::string place;
  if (!name.topic.empty()) {
    place = fmt::format("{}[{}]@{}", name.topic, name.number, offset);
  } else if (name.by_line) {
    place = fmt::format("{}:{}", name.file, offset);
  } else {
    place = fmt::format("{}#{}", name.file, offset);
  }
  if (index > 0) place += fmt::format("+{}", index);
  return place;
}

std::string PartitionTable::place(const metric::Evidence& evidence) const {
  return place_of(partitions_[evidence.partition].name, evidence.offset, evidence.index);
}

}  // namespace tocsin::runtime
