#include "engine/runtime/requests.h"

#include <algorithm>
#include <utility>

namespace tocsin::runtime {

Requests::Outcome Requests::ask(Question question, Duration wait) {
  const auto asked = std::make_shared<Asked>();
  asked->question = std::move(question);
  std::unique_lock lock(mutex_);
  waiting_.push_back(asked);
  if (changed_.wait_for(lock, wait, [&] { return asked->done; })) return Outcome::Answered;
  if (asked->running) return Outcome::Unfinished;
  std::erase(waiting_, asked);
  return Outcome::Withdrawn;
}

void Requests::answer(Answering& engine) {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty()) {
    const std::shared_ptr<Asked> asked = std::move(waiting_.front());
    waiting_.pop_front();
    asked->running = true;
    lock.unlock();
    asked->question(engine);
    lock.lock();
    asked->done = true;
    changed_.notify_all();
  }
}

}  // namespace tocsin::runtime
