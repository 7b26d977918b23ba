// The program: see commands.h.
#include <sys/resource.h>

#include <string>
#include <vector>

#include "cli/commands.h"

namespace {

// Thousands of files may be read side by side: as many as the system lets a process have.
void raise_limit_of_files() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  raise_limit_of_files();
  return tocsin::cli::main_command(std::vector<std::string>(argv + 1, argv + argc));
}
