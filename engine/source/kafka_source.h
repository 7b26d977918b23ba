// Kafka as a live source: partitions of a group, read by a handle of their own.
//
//   KafkaGroup --places--> KafkaSource --start, stop--> KafkaReader --batches--> poll()
//        ▲                     │
//        └── handed, commit ◄──┘          KafkaEndWatch --ends--> status()
//
// The engine owns the positions: KafkaGroup says where a partition begins, and commits what commit() allows.
// A topic that was created anew under the same name is new partitions, so that nothing of the old one, such
// as a commit that is still to come, is taken for the new one's. open() goes on from the positions of an
// earlier run (see kafka_group.h for what happens if the group contradicts them, which is an error of
// poll()).
//
// Caught up is a partition whose end, asked for at `at` and answered, has been handed over. Whatever may come
// right by itself (a topic not there, a broker away, a refusal that somebody may lift) is a note and is tried
// again; only that contradiction and a fatal error of the client are errors. One thread polls; the group and
// the watch of the ends have threads of their own.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/source/contact_watch.h"
#include "engine/source/kafka_end_watch.h"
#include "engine/source/kafka_group.h"
#include "engine/source/kafka_notes.h"
#include "engine/source/kafka_reader.h"
#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::source {

class KafkaSource final : public Source {
 public:
  KafkaSource(std::string name, KafkaSettings settings, const ReadLimits& limits);
  ~KafkaSource() override;

  Result<void> open(const std::vector<Resume>& from) override;
  Result<std::optional<event::RawBatch>> poll(Duration wait) override;
  [[nodiscard]] const std::vector<PartitionName>& partitions() const override { return names_; }
  [[nodiscard]] SourceStatus status() override;
  void commit(std::uint32_t partition, std::int64_t next_offset) override;
  void close() override;

 private:
  using Clock = std::chrono::steady_clock;

  // An answered end offset.
  struct Sample {
    WallTime asked_at{};
    std::int64_t end = 0;
  };

  struct Partition {
    KafkaPartition key;
    bool restored = false;  // an earlier run read of it
    bool owned = false;
    Clock::time_point owned_since{};
    std::uint64_t version = 0;        // of its place; 0: not being read
    std::int64_t handed = kNoOffset;  // everything before it was returned by poll()
    std::uint64_t sequence = 0;
    std::vector<Sample> samples;      // newer than `proven`, oldest first
    std::optional<WallTime> proven;   // the newest moment whose end was handed over
    std::optional<std::int64_t> end;  // as answered last
    Clock::time_point answered_at{};  // when
  };

  Result<std::map<KafkaPartition, KafkaGroup::Known>> restore(const std::vector<Resume>& from);
  std::uint32_t add_partition(const KafkaPartition& key, std::uint64_t incarnation);
  std::uint32_t index_of(const KafkaPartition& key, const KafkaGroup::Place& place, bool renewed);
  void follow_group();
  void stop_reading(std::uint32_t index);
  void take_ends();
  void watch_contact(SourceStatus& status);
  static void add_sample(Partition& partition, const Sample& sample);
  static void prove(Partition& partition);

  const std::string name_;
  const KafkaSettings settings_;
  const ReadLimits limits_;
  KafkaNotes notes_;
  std::unique_ptr<KafkaGroup> group_;
  std::unique_ptr<KafkaReader> reader_;
  std::unique_ptr<KafkaEndWatch> ends_;
  std::vector<PartitionName> names_;
  std::vector<Partition> partitions_;                // as names_
  std::map<KafkaPartition, std::uint32_t> indexes_;  // of the newest topic of that name
  std::deque<event::RawBatch> ready_;
  // Their place does not hold, and what was read of them before is in ready_; with the end that says so.
  std::vector<std::pair<KafkaPartition, std::optional<std::int64_t>>> stuck_;
  ContactWatch contact_;        // with any broker
  std::size_t leaderless_ = 0;  // owned partitions whose broker does not answer while others do
};

}  // namespace tocsin::source
