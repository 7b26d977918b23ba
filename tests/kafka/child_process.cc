#include "tests/kafka/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tocsin::kafka_test {
namespace {

int open_file(const std::filesystem::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot open " + path.string());
  return file;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& standard_output,
                           const std::filesystem::path& standard_error) {
  std::vector<std::string> texts = command;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const int input = open_file("/dev/null", O_RDONLY);
  const int output = open_file(standard_output, O_WRONLY | O_CREAT | O_APPEND);
  const int error = open_file(standard_error, O_WRONLY | O_CREAT | O_APPEND);

  id_ = ::fork();
  if (id_ == 0) {  // only what is safe after a fork among threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  for (const int file : {input, output, error}) ::close(file);
  if (id_ < 0) throw std::runtime_error("cannot fork");
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  signal(SIGKILL);
  int status = 0;
  ::waitpid(id_, &status, 0);
}

bool ChildProcess::running() { return !wait(std::chrono::milliseconds(0)); }

void ChildProcess::signal(int number) {
  if (!exit_code_) ::kill(id_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  if (exit_code_) return exit_code_;
  const int handle =
      static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));  // readable once the process has ended
  if (handle < 0) throw std::runtime_error("cannot watch a child process");
  const auto deadline = std::chrono::steady_clock::now() + limit;
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  ::close(handle);
  int status = 0;
  if (ready > 0 && ::waitpid(id_, &status, WNOHANG) == id_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tocsin::kafka_test
