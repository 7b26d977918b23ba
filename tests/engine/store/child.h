// Work in a process of its own, which may be killed, lose its rights or fill a disk.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace tocsin::store {

// The exit code of `work`; -1 if a signal ended it.
inline int in_child(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace tocsin::store
