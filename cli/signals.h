// Signals as flags: SIGTERM and SIGINT ask for an orderly end, SIGHUP for a reload.
//
// An orderly end is bounded in time, and supervisors may well send SIGTERM twice, so a repeat changes
// nothing; only a second Ctrl-C, a second or more after the first, ends the process at once.
#pragma once

#include <atomic>

namespace tocsin::cli {

// Install the handlers, once for the process, and give the flag they set.
const std::atomic<bool>& install_stop_signal();
std::atomic<bool>& install_reload_signal();  // whoever reloads clears it

}  // namespace tocsin::cli
