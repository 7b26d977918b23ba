#include "bench/peer.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>

#include "engine/base/check.h"

namespace tocsin::bench {
namespace {

// Two pipes, closed on exec but for what the child gets as its standard input and output.
struct Pipes {
  std::array<int, 2> to{-1, -1};
  std::array<int, 2> from{-1, -1};

  bool open() { return pipe2(to.data(), O_CLOEXEC) == 0 && pipe2(from.data(), O_CLOEXEC) == 0; }
};

pid_t spawn(const std::vector<std::string>& command, const Pipes& pipes) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes.to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipes.from[1], STDOUT_FILENO);
  pid_t id = -1;
  const int error = posix_spawnp(&id, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? id : -1;
}

}  // namespace

std::unique_ptr<Peer> Peer::start(const std::vector<std::string>& command) {
  Pipes pipes;
  if (!pipes.open()) return nullptr;
  std::unique_ptr<Peer> peer(new Peer);
  peer->id_ = spawn(command, pipes);
  close(pipes.to[0]);
  close(pipes.from[1]);
  peer->to_ = fdopen(pipes.to[1], "w");
  peer->from_ = fdopen(pipes.from[0], "r");
  if (peer->id_ < 0 || !peer->wait_until_ready()) return nullptr;
  return peer;
}

Peer::~Peer() {
  if (to_ != nullptr) std::fclose(to_);
  if (from_ != nullptr) std::fclose(from_);
  if (id_ < 0) return;
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
}

bool Peer::wait_until_ready() {
  std::int64_t took = 0;
  if (std::fscanf(from_, "ready %" SCNd64, &took) != 1) return false;
  compiled_in_ = std::chrono::nanoseconds(took);
  return true;
}

Pass Peer::run(std::size_t events) {
  std::fprintf(to_, "%zu\n", events);
  std::fflush(to_);
  std::int64_t took = 0;
  Pass pass;
  const int read = std::fscanf(from_, "%" SCNd64 " %" SCNu64, &took, &pass.matches);
  TOCSIN_CHECK(read == 2);  // it was ready, and does nothing that could end it
  pass.took = std::chrono::nanoseconds(took);
  return pass;
}

}  // namespace tocsin::bench
