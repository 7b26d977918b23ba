// Asks the brokers a few times a second where the assigned partitions end.
//
// Only an answer proves that a partition is quiet: broker or network may be away, and then nothing is said.
// With nothing assigned it asks whether anybody answers at all. The asking blocks, so it has a thread of its
// own; the owner gives the partitions and takes the answers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/source/kafka_client.h"

namespace tocsin::source {

class KafkaEndWatch {
 public:
  struct Answer {
    WallTime asked_at{};
    KafkaOffsets ends;  // of those whose leader answered
  };

  explicit KafkaEndWatch(std::shared_ptr<KafkaClient> client);
  ~KafkaEndWatch() { stop(); }

  void watch(std::vector<KafkaPartition> partitions);

  // The answers since the last call, oldest first.
  [[nodiscard]] std::vector<Answer> take();

  // When the newest question that was answered was asked.
  [[nodiscard]] std::chrono::steady_clock::time_point heard() const;

  void request_stop() { thread_.request_stop(); }
  // Waits for a question that is under way: some seconds at most.
  void stop();

 private:
  void run(const std::stop_token& stopping);

  std::shared_ptr<KafkaClient> client_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any wake_;
  std::vector<KafkaPartition> partitions_;
  std::vector<Answer> answers_;
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
  std::jthread thread_;  // last: starts when all else is there
};

}  // namespace tocsin::source
