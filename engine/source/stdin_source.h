// Standard input: one partition, the file "-", by line. What was read of it cannot be read again: events are
// there at most once until they are in a log. What comes after a restart is another input, whose lines are
// numbered anew: each run's is an incarnation of its own. Compressed input and {"Records":[…]} are recognised
// as in files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/source/byte_reader.h"
#include "engine/source/record_cutter.h"
#include "engine/source/source.h"

namespace tocsin::source {

class StdinSource final : public Source {
 public:
  // `fd` stays open and belongs to the caller.
  StdinSource(std::string name, const ReadLimits& limits, int fd = 0);

  Result<void> open(const std::vector<Resume>& from) override;
  Result<std::optional<event::RawBatch>> poll(Duration wait) override;
  [[nodiscard]] const std::vector<PartitionName>& partitions() const override { return partitions_; }
  [[nodiscard]] SourceStatus status() override;
  void commit(std::uint32_t partition, std::int64_t next_offset) override;
  void close() override;

 private:
  [[nodiscard]] std::uint32_t own_partition() const;
  // Whether a read would not wait, after at most `wait`.
  [[nodiscard]] bool is_ready(Duration wait) const;

  int fd_;
  std::vector<PartitionName> partitions_;  // of earlier runs, then this one's
  std::unique_ptr<ByteReader> bytes_;
  RecordCutter cutter_;
  std::uint64_t sequence_ = 0;
  bool finished_ = false;
  bool caught_up_ = false;
  WallTime proven_{};
};

// Standard input as history: one partition, which can be opened once.
[[nodiscard]] std::vector<HistoryPartition> stdin_history(const std::string& source, const ReadLimits& limits,
                                                          int fd = 0);

}  // namespace tocsin::source
