#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

namespace tocsin::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> reload{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  if (stop.exchange(true)) _exit(128 + number);
}

void on_hangup(int) { reload = true; }

void install(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& install_stop_signal() {
  install(SIGTERM, on_signal);
  install(SIGINT, on_signal);
  return stop;
}

std::atomic<bool>& install_reload_signal() {
  install(SIGHUP, on_hangup);
  return reload;
}

}  // namespace tocsin::cli
