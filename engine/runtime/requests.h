// What other threads ask of the running engine. Its own thread answers between two steps, so that nothing of
// the engine needs a lock.
//
//   control socket --ask(question)--> Requests --answer(engine)--> the question runs on the engine's thread
//
// ask() may be called by any thread, answer() by the engine's. Nobody is waited for longer than the asker
// says: a question that was not reached by then is withdrawn and never runs, one that runs goes on alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/alarm/transition.h"
#include "engine/base/time.h"
#include "engine/runtime/plan.h"
#include "engine/shard/shard.h"

namespace tocsin::runtime {

// The running engine, as a question may use it.
class Answering {
 public:
  virtual ~Answering() = default;
  [[nodiscard]] virtual const Plan& plan() const = 0;
  [[nodiscard]] virtual std::vector<shard::AlarmState> alarm_states() const = 0;
  // Told to the topics as any other transition is.
  // Nothing: it cannot be kept now.
  [[nodiscard]] virtual std::optional<shard::SetStateOutcome> set_state(const shard::SetState& set) = 0;
};

class Requests {
 public:
  using Question = std::function<void(Answering&)>;

  enum class Outcome : std::uint8_t {
    Answered,    // the question has run
    Withdrawn,   // no engine got to it
    Unfinished,  // it still runs: the engine itself waits, as for room in a full queue
  };

  // What became of `question` within `wait`. It may outlive the call, so it owns what it uses.
  [[nodiscard]] Outcome ask(Question question, Duration wait);

  // Runs what was asked.
  void answer(Answering& engine);

 private:
  struct Asked {
    Question question;
    bool running = false;  // guarded by mutex_
    bool done = false;     // guarded by mutex_
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Asked>> waiting_;  // guarded by mutex_
};

}  // namespace tocsin::runtime
