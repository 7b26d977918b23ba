// Signals as flags: SIGTERM and SIGINT ask for an orderly end (the second one ends the process at once),
// SIGHUP for a reload.
#pragma once

#include <atomic>

namespace tocsin::cli {

// Install the handlers, once for the process, and give the flag they set.
const std::atomic<bool>& install_stop_signal();
std::atomic<bool>& install_reload_signal();  // whoever reloads clears it

}  // namespace tocsin::cli
