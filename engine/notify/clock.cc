#include "engine/notify/clock.h"

#include <condition_variable>
#include <mutex>

namespace tocsin::notify {

Duration SteadyClock::now() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

void SteadyClock::sleep(Duration pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, pause, [] { return false; });  // only the stop token ends it early
}

}  // namespace tocsin::notify
