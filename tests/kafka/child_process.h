// A program that a test runs beside itself: started, signalled and waited for by its id, and gone with the
// thread that started it (Linux's PR_SET_PDEATHSIG means the thread, not the process).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::kafka_test {

class ChildProcess {
 public:
  // Runs `command` (found on PATH) with stdout and stderr appended to files; stdin is empty.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& standard_output,
               const std::filesystem::path& standard_error);
  ~ChildProcess();  // SIGKILL, if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] bool running();
  void signal(int number);

  // Its exit code, or 128 + the signal that ended it; nothing when it still runs after `limit`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);

 private:
  pid_t id_ = -1;
  std::optional<int> exit_code_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace tocsin::kafka_test
