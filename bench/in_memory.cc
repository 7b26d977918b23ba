#include "bench/in_memory.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/runtime/replay.h"

namespace tocsin::bench {
namespace {

constexpr std::size_t kRecordsOfBatch = 512;

event::RawBatch batch_of(const Corpus& corpus, std::size_t begin, std::size_t end) {
  event::RawBatch batch;
  batch.records.resize(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    batch.records[i - begin].value = corpus[i];
    batch.records[i - begin].offset = static_cast<std::int64_t>(i + 1);
  }
  batch.sequence = begin / kRecordsOfBatch;
  batch.next_offset = static_cast<std::int64_t>(end + 1);
  return batch;
}

class CorpusReader final : public source::PartitionReader {
 public:
  CorpusReader(const Corpus& corpus, std::size_t events) : corpus_(corpus), events_(events) {}

  Result<event::RawBatch> read() override {
    const std::size_t end = std::min(at_ + kRecordsOfBatch, events_);
    event::RawBatch batch = batch_of(corpus_, std::exchange(at_, end), end);
    batch.last = end == events_;
    return batch;
  }

 private:
  const Corpus& corpus_;
  std::size_t events_;
  std::size_t at_ = 0;
};

class NobodyListens final : public runtime::Listener {
 public:
  void on_transition(const alarm::Transition&, const std::vector<runtime::JudgedNotification>&) override {}
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}
};

}  // namespace

std::uint64_t work_through(runtime::Worker& worker, const Corpus& corpus, std::size_t events) {
  runtime::Partition partition;
  partition.decode.log_group = "bench";
  std::uint64_t matches = 0;
  for (std::size_t begin = 0; begin < events; begin += kRecordsOfBatch) {
    const std::size_t end = std::min(begin + kRecordsOfBatch, events);
    matches += worker.process(batch_of(corpus, begin, end), partition).contributions.size();
  }
  return matches;
}

std::uint64_t replay_through(const std::shared_ptr<const runtime::Plan>& plan, const Corpus& corpus,
                             std::size_t events) {
  source::HistoryPartition partition;
  partition.name = {.source = "bench", .file = "-"};
  partition.open = [&]() -> Result<std::unique_ptr<source::PartitionReader>> {
    return std::make_unique<CorpusReader>(corpus, events);
  };
  std::vector<runtime::ReplayInput> inputs;
  inputs.push_back({0, std::move(partition)});
  runtime::PartitionTable partitions;
  NobodyListens listener;
  const std::atomic<bool> stop{false};
  const auto result = runtime::replay(
      plan, std::move(inputs), {}, partitions, listener, [](const runtime::ReplayProgress&) {}, stop);
  TOCSIN_CHECK(result.has_value());
  return result->counts.matched;
}

}  // namespace tocsin::bench
