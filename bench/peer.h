// A program of others that does the same work, as a process beside this one.
//
// It loads everything first and then says "ready NANOSECONDS": how long its rules took to compile. From then
// on each line on its standard input is a number of events; it does the first so many of them, on one thread,
// and answers "NANOSECONDS MATCHES", the time being that thread's. It waits in between, so that it takes
// turns with everybody else.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/contest.h"

namespace tocsin::bench {

class Peer {
 public:
  // Starts the command (found on PATH) and waits until it is ready. Null where it cannot be had, or ends
  // before.
  static std::unique_ptr<Peer> start(const std::vector<std::string>& command);
  ~Peer();  // ends it
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] Pass run(std::size_t events);

  [[nodiscard]] std::chrono::nanoseconds compiled_in() const { return compiled_in_; }

 private:
  Peer() = default;
  [[nodiscard]] bool wait_until_ready();

  pid_t id_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
  std::chrono::nanoseconds compiled_in_{0};
};

}  // namespace tocsin::bench
