#include "cli/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace tocsin::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> reload{false};

std::atomic<std::int64_t> interrupted_at{0};  // seconds of the monotonic clock; 0: not yet

void on_terminate(int) { stop = true; }

void on_interrupt(int number) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  std::int64_t first = 0;
  if (!interrupted_at.compare_exchange_strong(first, now.tv_sec) && now.tv_sec > first) _exit(128 + number);
  stop = true;
}

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

void on_hangup(int) { reload = true; }

void install(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& install_stop_signal() {
  install(SIGTERM, on_terminate);
  install(SIGINT, on_interrupt);
  return stop;
}

std::atomic<bool>& install_reload_signal() {
  install(SIGHUP, on_hangup);
  return reload;
}

}  // namespace tocsin::cli
