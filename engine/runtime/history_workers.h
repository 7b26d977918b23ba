// The workers of a replay: they read the partitions of history, decode and match, ahead of the merge.
//
//   HistoryPartition --read--> RawBatch --Worker--> MatchedBatch --next()--> the merge of a Replay
//
// The thread that calls next() is one of them: while the batch that it wants is not there it does what the
// others do. So N workers keep N processors busy, and what a thread reads (and unpacks) it decodes itself,
// out of its own cache.
//
// A partition is read by one thread at a time; its batches are decoded side by side and handed out in their
// order. It is read ahead as far as the workers can use that, and no further: this keeps memory flat.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/worker.h"
#include "engine/source/source.h"

namespace tocsin::runtime {

class HistoryWorkers {
 public:
  using Open = std::function<Result<std::unique_ptr<source::PartitionReader>>()>;

  // `workers` is at least 1: then there is no other thread than the caller's.
  HistoryWorkers(const std::shared_ptr<const Plan>& plan, unsigned workers);
  // Waits for the reads that are under way; what was read and not handed out is gone.
  ~HistoryWorkers();
  HistoryWorkers(const HistoryWorkers&) = delete;
  HistoryWorkers& operator=(const HistoryWorkers&) = delete;

  // One more partition, the next index from 0; before the first next(). `partition` outlives this. It may be
  // begun before it is asked for, unless it `may_wait`, for whoever writes a pipe.
  void add(Open open, const Partition& partition, bool may_wait);

  // The next batch of a partition; none at its end. After an error nothing more comes of it. It is best asked
  // for the first batches in the order of the partitions.
  [[nodiscard]] Result<std::optional<MatchedBatch>> next(std::uint32_t index);

 private:
  struct Input {
    Open open;
    const Partition* partition = nullptr;
    bool may_wait = false;
    std::unique_ptr<source::PartitionReader> reader;  // of the thread that reads
    std::uint64_t asked = 0;                          // how many batches are to be read,
    std::uint64_t read = 0;                           // are read, or being read,
    std::uint64_t handed = 0;                         // and were handed out
    bool is_listed = false;                           // in to_read_, or being read
    bool ended = false;
    std::map<std::uint64_t, Result<MatchedBatch>> matched;  // by sequence, not handed out yet
  };

  void ask(std::uint32_t index, std::uint64_t batches);
  void list(std::uint32_t index);
  void work(Worker& worker, std::unique_lock<std::mutex>& lock);
  [[nodiscard]] static Result<event::RawBatch> read(Input& input);

  const std::uint64_t ahead_;  // batches of a partition
  Worker own_worker_;          // of the calling thread
  std::vector<std::unique_ptr<Input>> inputs_;
  std::uint32_t begun_ = 0;  // those before were asked for

  std::mutex mutex_;  // guards what follows, and of the inputs all but what the reading thread uses
  std::condition_variable listed_;
  std::condition_variable caller_;  // something was listed or matched
  std::deque<std::uint32_t> to_read_;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin::runtime
