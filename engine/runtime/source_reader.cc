#include "engine/runtime/source_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin::runtime {
namespace {

constexpr Duration kPollWait{100};
constexpr Duration kStatusInterval{100};

}  // namespace

void SourceReader::CommitBox::put(std::uint32_t partition, std::int64_t next_offset) {
  std::lock_guard lock(mutex_);
  std::int64_t& offset = offsets_[partition];
  offset = std::max(offset, next_offset);
  changed_.notify_one();
}

void SourceReader::CommitBox::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

std::map<std::uint32_t, std::int64_t> SourceReader::CommitBox::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(offsets_, {});
}

bool SourceReader::CommitBox::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !offsets_.empty(); });
  return !offsets_.empty();
}

SourceReader::SourceReader(std::uint32_t index, source::Source& source, Mailbox<SourceMessage>& out,
                           const std::atomic<bool>& stop)
    : index_(index), source_(source), out_(out), stop_(stop), thread_([this] { run(); }) {}

void SourceReader::finish() {
  close_commits();
  if (thread_.joinable()) thread_.join();
}

void SourceReader::run() {
  std::optional<std::chrono::steady_clock::time_point> last_status;
  while (!stop_.load(std::memory_order_relaxed)) {
    auto batch = source_.poll(kPollWait);
    if (!batch) {
      post(SourceEnded{batch.error()});
      break;
    }
    const bool idle = !batch->has_value();
    if (!idle && !post(std::move(**batch))) break;
    commit_all();
    const auto now = std::chrono::steady_clock::now();
    if (idle || !last_status || now - *last_status >= kStatusInterval) {
      last_status = now;
      source::SourceStatus status = source_.status();
      const bool finished = idle && !status.partitions.empty() &&
                            std::all_of(status.partitions.begin(), status.partitions.end(),
                                        [](const source::Progress& partition) { return partition.finished; });
      if (!post(std::move(status)) || finished) break;
    }
  }
  post(SourceEnded{});
  while (commits_.wait()) commit_all();
  source_.close();
}

void SourceReader::commit_all() {
  for (const auto& [partition, next_offset] : commits_.take()) source_.commit(partition, next_offset);
}

bool SourceReader::post(SourceMessage::Content content) {
  SourceMessage message{index_, {}, std::move(content)};
  const auto& partitions = source_.partitions();
  for (; known_partitions_ < partitions.size(); ++known_partitions_) {
    message.new_partitions.push_back(partitions[known_partitions_]);
  }
  return out_.put(std::move(message));
}

}  // namespace tocsin::runtime
