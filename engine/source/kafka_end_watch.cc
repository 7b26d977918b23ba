#include "engine/source/kafka_end_watch.h"

#include <utility>

namespace tocsin::source {
namespace {

constexpr Duration kEvery{200};  // how late a period's end may be noticed
constexpr Duration kTimeout = std::chrono::seconds{1};
constexpr std::size_t kMostAnswers = 256;  // if nobody takes them, the older ones go

}  // namespace

KafkaEndWatch::KafkaEndWatch(std::shared_ptr<KafkaClient> client)
    : client_(std::move(client)), thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

void KafkaEndWatch::watch(std::vector<KafkaPartition> partitions) {
  const std::lock_guard lock(mutex_);
  partitions_ = std::move(partitions);
  wake_.notify_all();
}

std::vector<KafkaEndWatch::Answer> KafkaEndWatch::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

std::chrono::steady_clock::time_point KafkaEndWatch::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void KafkaEndWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void KafkaEndWatch::run(const std::stop_token& stopping) {
  std::unique_lock lock(mutex_);
  while (!stopping.stop_requested()) {
    const std::vector<KafkaPartition> asked = partitions_;
    lock.unlock();
    const auto asked_at = std::chrono::steady_clock::now();
    Answer answer{.asked_at = wall_now(), .ends = {}};
    if (!asked.empty()) answer.ends = query_offsets(*client_, asked, OffsetQuery::End, kTimeout);
    const bool answered = !answer.ends.empty() || (!stopping.stop_requested() && answers(*client_, kTimeout));
    lock.lock();
    if (answered) heard_ = asked_at;
    if (!answer.ends.empty()) {
      if (answers_.size() == kMostAnswers) answers_.erase(answers_.begin());
      answers_.push_back(std::move(answer));
    }
    wake_.wait_for(lock, stopping, kEvery, [] { return false; });
  }
}

}  // namespace tocsin::source
