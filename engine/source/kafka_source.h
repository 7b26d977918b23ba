// Kafka as a live source: one consumer of a group.
//
//   brokers --librdkafka--> poll(): batches by partition; commit(): the group's positions
//
// The engine owns the positions. A partition starts where the group is; where the group has no position, by
// `start:`, and that start is committed at once, so that a crash before the first commit loses nothing. A
// position that is gone from the topic (retention) is told in a note, and reading goes on at the earliest
// record. A partition that joins a topic which the group already reads starts at its earliest record: in it
// nothing is from before. Which partitions have joined is decided by what the topic had when this process
// first found the group without a position in it; those follow `start:`, however late the last of them finds
// its leader. What librdkafka delivers twice is dropped here.
//
// Caught up is a partition whose end, asked for at `at` and answered, has been polled past. Whatever may come
// right by itself (a topic not there, a broker away, a refusal that somebody may lift) is a note and is tried
// again; only a fatal error of the client is an error. One thread polls; a second one asks for the ends.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/source/kafka_client.h"
#include "engine/source/kafka_end_watch.h"
#include "engine/source/settings.h"
#include "engine/source/source.h"

namespace tocsin::source {

class KafkaSource final : public Source, private KafkaListener {
 public:
  KafkaSource(std::string name, KafkaSettings settings, const ReadLimits& limits);
  ~KafkaSource() override;

  Result<void> open() override;
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
    bool assigned = false;
    bool unresolved = false;            // has no position, or one that is gone
    std::int64_t received = kNoOffset;  // the next offset expected from librdkafka
    std::int64_t handed = kNoOffset;    // everything before it was returned by poll()
    std::optional<std::int64_t> to_commit;
    std::int64_t submitted =
        kNoOffset;  // the newest position sent to the group since it was assigned or resolved
    std::uint64_t sequence = 0;
    std::vector<Sample> samples;     // newer than `proven`, oldest first
    std::optional<WallTime> proven;  // the newest moment whose end was polled past
  };

  // A batch under construction.
  struct Building {
    event::RawBatch batch;
    std::shared_ptr<KafkaMessages> messages;
  };

  void on_assigned(const std::vector<KafkaPartition>& partitions) override;
  void on_revoked(const std::vector<KafkaPartition>& partitions, bool lost) override;
  void on_error(int code, const std::string& text) override;
  void on_commit_failed(const KafkaOffsets& offsets, const std::string& text) override;

  std::uint32_t index_of(const KafkaPartition& key);
  void collect(Duration wait);
  void take(rd_kafka_message_s* message);
  void take_event(const rd_kafka_message_s& message);
  Building& building_of(std::uint32_t index);
  void flush_commits(bool wait);
  void resolve_positions();
  void remember_topics(const std::vector<std::string>& topics, const KafkaOffsets& committed);
  void assign_all();
  void prove(Partition& partition);
  void note(Note note);

  std::string name_;
  KafkaSettings settings_;
  ReadLimits limits_;
  std::shared_ptr<KafkaClient> client_;
  std::unique_ptr<KafkaEndWatch> ends_;
  std::vector<PartitionName> names_;
  std::vector<Partition> partitions_;  // as names_
  std::map<KafkaPartition, std::uint32_t> indexes_;
  // By topic, those of its partitions that follow `start:`: what it had when it was first resolved, or none
  // if the group already had a position in it.
  std::map<std::string, std::set<KafkaPartition>> followers_of_start_;
  std::vector<Building> building_;  // by partition, in order of arrival
  std::size_t collected_records_ = 0;
  std::size_t collected_bytes_ = 0;
  std::deque<event::RawBatch> ready_;
  // Which partition the last message was of: messages come in runs.
  const void* last_topic_ = nullptr;
  std::int32_t last_number_ = 0;
  std::uint32_t last_index_ = 0;
  Clock::time_point committed_at_{};
  std::optional<Clock::time_point> resolve_at_;
  bool brokers_away_ = false;
  std::string fatal_;
  std::vector<Note> notes_;
  std::set<std::string> noted_;  // the texts of `notes_`: each is said once
};

}  // namespace tocsin::source
