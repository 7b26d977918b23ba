#include "engine/runtime/history_workers.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::runtime {

HistoryWorkers::HistoryWorkers(const std::shared_ptr<const Plan>& plan, unsigned workers)
    : ahead_(workers > 1 ? std::uint64_t{workers} * 2 : 1), own_worker_(plan) {
  TOCSIN_CHECK(workers > 0);
  for (unsigned i = 1; i < workers; ++i) {
    threads_.emplace_back([this, plan] {
      Worker worker(plan);
      std::unique_lock lock(mutex_);
      for (;;) {
        listed_.wait(lock, [&] { return is_closing_ || !to_read_.empty(); });
        if (is_closing_) return;
        work(worker, lock);
      }
    });
  }
}

HistoryWorkers::~HistoryWorkers() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  listed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void HistoryWorkers::add(Open open, const Partition& partition, bool may_wait) {
  inputs_.push_back(std::make_unique<Input>());
  inputs_.back()->open = std::move(open);
  inputs_.back()->partition = &partition;
  inputs_.back()->may_wait = may_wait;
}

Result<std::optional<MatchedBatch>> HistoryWorkers::next(std::uint32_t index) {
  std::unique_lock lock(mutex_);
  Input& input = *inputs_[index];
  ask(index, input.handed + ahead_);
  // Of many files that have one batch each, one alone would keep no two workers busy.
  const auto to_begin = std::min<std::uint64_t>(inputs_.size(), index + ahead_);
  for (; begun_ < to_begin; ++begun_) {
    if (!inputs_[begun_]->may_wait) ask(begun_, 1);
  }
  for (;;) {
    if (const auto first = input.matched.begin();
        first != input.matched.end() && first->first == input.handed) {
      Result<MatchedBatch> matched = std::move(first->second);
      input.matched.erase(first);
      ++input.handed;
      if (!matched) return std::unexpected(matched.error());
      return std::move(*matched);
    }
    if (input.ended && input.handed == input.read) return std::nullopt;
    if (to_read_.empty()) {
      caller_.wait(lock);
    } else {
      work(own_worker_, lock);
    }
  }
}

// `batches`: of all that the partition has.
void HistoryWorkers::ask(std::uint32_t index, std::uint64_t batches) {
  Input& input = *inputs_[index];
  input.asked = std::max(input.asked, batches);
  if (!input.is_listed && !input.ended && input.read < input.asked) list(index);
}

void HistoryWorkers::list(std::uint32_t index) {
  inputs_[index]->is_listed = true;
  to_read_.push_back(index);
  listed_.notify_one();
  caller_.notify_one();
}

// Reads and matches a batch of the partition that waits for longest. The lock is held before and after.
void HistoryWorkers::work(Worker& worker, std::unique_lock<std::mutex>& lock) {
  const std::uint32_t index = to_read_.front();
  to_read_.pop_front();
  Input& input = *inputs_[index];
  const std::uint64_t sequence = input.read++;
  lock.unlock();
  Result<event::RawBatch> batch = read(input);
  const bool ended = !batch || batch->last;
  if (ended) input.reader.reset();

  lock.lock();
  input.ended = ended;
  input.is_listed = false;
  if (!ended && input.read < input.asked) list(index);
  lock.unlock();

  auto matched = [&]() -> Result<MatchedBatch> {
    if (!batch) return std::unexpected(batch.error());
    batch->partition = index;
    return worker.process(std::move(*batch), *input.partition);
  }();
  lock.lock();
  input.matched.emplace(sequence, std::move(matched));
  caller_.notify_one();
}

Result<event::RawBatch> HistoryWorkers::read(Input& input) {
  if (!input.reader) {
    auto reader = input.open();
    if (!reader) return std::unexpected(reader.error());
    input.reader = std::move(*reader);
    input.open = nullptr;
  }
  return input.reader->read();
}

}  // namespace tocsin::runtime
