// The partitions of all sources, numbered once for the whole engine: what a Position or an Evidence means by
// `partition`.
//
// Grows only, by the engine's own thread; entries never move, so workers may keep the reference that came
// with their work.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "engine/event/decode.h"
#include "engine/metric/evidence.h"
#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

struct Partition {
  source::PartitionName name;
  std::uint32_t source = 0;      // index into Plan::sources
  event::DecodeSettings decode;  // the source's, with log group and stream filled in for this partition
};

// "org-cloudtrail[3]@1042" or "logs/auth.log:17": where a person finds an item of that partition.
[[nodiscard]] std::string place_of(const source::PartitionName& name, std::int64_t offset,
                                   std::uint32_t index);

class PartitionTable {
 public:
  // `live` sources get the age limits of log events.
  std::uint32_t add(const source::SourceSettings& settings, std::uint32_t source,
                    const source::PartitionName& name, bool live);
  // One of a source that the plan does not have any more: only its name is of use.
  std::uint32_t add_gone(const source::PartitionName& name);
  [[nodiscard]] const Partition& operator[](std::uint32_t index) const { return partitions_[index]; }
  [[nodiscard]] Partition& at(std::uint32_t index) { return partitions_[index]; }
  [[nodiscard]] std::size_t size() const { return partitions_.size(); }

  // "org-cloudtrail[3]" or "logs/auth.log".
  [[nodiscard]] std::string describe(std::uint32_t index) const;

  // Where a person finds the event.
  [[nodiscard]] std::string place(const metric::Evidence& evidence) const;

 private:
  std::deque<Partition> partitions_;
};

}  // namespace tocsin::runtime
