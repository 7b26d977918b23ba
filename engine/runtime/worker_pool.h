// Workers on threads of their own, behind two mailboxes. Batches go in with their partition, matched batches
// come out in any order; the caller sorts them by (partition, sequence).
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/runtime/worker.h"

namespace tocsin::runtime {

class WorkerPool {
 public:
  WorkerPool(const std::shared_ptr<const Plan>& plan, unsigned workers);
  ~WorkerPool();  // joins the threads; what was put in and not taken out is gone

  // Waits while all workers are busy and have more to do.
  void put(event::RawBatch batch, const Partition& partition);

  // Waits for the next result; there must be one to come.
  [[nodiscard]] MatchedBatch take();

 private:
  struct Task {
    event::RawBatch batch;
    const Partition* partition = nullptr;
  };

  Mailbox<Task> tasks_;
  Mailbox<MatchedBatch> results_;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin::runtime
