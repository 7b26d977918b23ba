// The program: see commands.h.
#include <string>
#include <vector>

#include "cli/commands.h"

int main(int argc, char** argv) {
  return tocsin::cli::main_command(std::vector<std::string>(argv + 1, argv + argc));
}
