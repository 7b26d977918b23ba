// Reads partitions from given offsets: the handle that data comes by. It is no member of a group, so no
// rebalance touches it; the owner says what to read, between two reads.
//
//   brokers --librdkafka--> read(): batches of one partition each
//
// What librdkafka delivers twice is dropped here, by offset. Not reading is the back-pressure: fetching ahead
// stops at a number of bytes. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/source/kafka_client.h"
#include "engine/source/kafka_notes.h"
#include "engine/source/source.h"

struct rd_kafka_queue_s;

namespace tocsin::source {

class KafkaReader final : private KafkaListener {
 public:
  [[nodiscard]] static Result<std::unique_ptr<KafkaReader>> open(const KafkaSettings& settings,
                                                                 const ReadLimits& limits, KafkaNotes& notes);
  ~KafkaReader() { close(Duration{0}); }
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  // Reads `partition` from `offset` on; its batches carry `index`.
  void start(const KafkaPartition& partition, std::int64_t offset, std::uint32_t index);
  void stop(const KafkaPartition& partition);

  struct Reading {
    std::vector<event::RawBatch> batches;  // each partition's in order; without `sequence`
    std::vector<KafkaPartition> stuck;     // their offset is not in the topic: stopped
  };
  // What is at hand; waits at most `wait` for the first of it.
  [[nodiscard]] Reading read(Duration wait);

  // The handle, for questions that do not disturb the reading.
  [[nodiscard]] const std::shared_ptr<KafkaClient>& client() const { return client_; }

  // Fetched ahead, as of librdkafka's last statistics.
  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_; }

  void close(Duration timeout);

 private:
  struct Partition {
    std::uint32_t index = 0;
    std::int64_t next = 0;  // the offset expected now
  };
  // A batch under construction.
  struct Building {
    event::RawBatch batch;
    std::shared_ptr<KafkaMessages> messages;
    std::size_t bytes = 0;
  };

  KafkaReader(const ReadLimits& limits, KafkaNotes& notes);

  void on_assigned(const std::vector<KafkaPartition>& /*partitions*/) override {}
  void on_revoked(const std::vector<KafkaPartition>& /*partitions*/, bool /*lost*/) override {}
  void on_error(int code, const std::string& text) override { notes_.error(code, text); }
  void on_statistics(std::string_view json) override;

  void take(rd_kafka_message_s* message, Reading& reading);
  void take_event(const rd_kafka_message_s& message, Reading& reading);
  Partition* find(const rd_kafka_message_s& message);
  Building& building_of(const Partition& partition, Reading& reading);
  void finish(Building& building, Reading& reading);

  const ReadLimits limits_;
  KafkaNotes& notes_;
  std::shared_ptr<KafkaClient> client_;
  rd_kafka_queue_s* queue_ = nullptr;
  std::map<KafkaPartition, Partition> partitions_;
  std::vector<Building> building_;
  std::vector<rd_kafka_message_s*> messages_;
  std::atomic<std::uint64_t> queued_bytes_{0};
  // Which partition the last message was of: messages come in runs.
  const void* last_topic_ = nullptr;
  std::int32_t last_number_ = 0;
  Partition* last_ = nullptr;
};

}  // namespace tocsin::source
