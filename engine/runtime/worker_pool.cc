#include "engine/runtime/worker_pool.h"

#include <limits>

#include "engine/base/check.h"

namespace tocsin::runtime {

// Results are bounded by what is put in, so their mailbox needs no bound of its own: a worker never waits for
// its reader.
WorkerPool::WorkerPool(const std::shared_ptr<const Plan>& plan, unsigned workers)
    : tasks_(std::size_t{workers} * 2), results_(std::numeric_limits<std::size_t>::max()) {
  for (unsigned i = 0; i < workers; ++i) {
    threads_.emplace_back([this, plan] {
      Worker worker(plan);
      while (auto task = tasks_.take()) {
        if (!results_.put(worker.process(std::move(task->batch), *task->partition))) return;
      }
    });
  }
}

WorkerPool::~WorkerPool() {
  tasks_.close();
  results_.close();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::put(event::RawBatch batch, const Partition& partition) {
  TOCSIN_CHECK(tasks_.put(Task{std::move(batch), &partition}));
}

MatchedBatch WorkerPool::take() {
  auto result = results_.take();
  TOCSIN_CHECK(result.has_value());
  return std::move(*result);
}

}  // namespace tocsin::runtime
