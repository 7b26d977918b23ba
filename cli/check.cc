#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "config/load.h"
#include "config/plan_summary.h"

namespace tocsin::cli {
namespace {

constexpr std::string_view kHelp =
    "Every fault of a configuration, with its place and what to do. Opens no connection.\n"
    "\n"
    "Usage: tocsin check -c FILE [-c FILE]… [--explain] [--all]\n"
    "\n"
    "  -c, --config FILE  a configuration file; several are read as one\n"
    "  --explain          also tell what the configuration will do and cost\n"
    "  --all              show every fault, not only the first 50 errors and 50 warnings\n"
    "\n"
    "Exit 0 if it can be used, 78 if not. Faults are on stderr, what --explain tells on stdout.\n";

int refuse(std::string_view fault) {
  fmt::print(stderr, "tocsin check: {}\nsee `tocsin check --help`\n", fault);
  return kUsage;
}

}  // namespace

int check_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  bool explain = false;
  bool all = false;
  // By hand: a file's name is taken as it is, also where it looks like an option or a list.
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    constexpr std::string_view kLong = "--config=";
    constexpr std::string_view kShort = "-c";
    if (argument == "-h" || argument == "--help") {
      fmt::print("{}", kHelp);
      return kFine;
    }
    if (argument == "--explain") {
      explain = true;
    } else if (argument == "--all") {
      all = true;
    } else if (argument == "-c" || argument == "--config") {
      if (++i == arguments.size()) return refuse(fmt::format("{} needs a file", argument));
      files.push_back(arguments[i]);
    } else if (argument.starts_with(kLong) && argument.size() > kLong.size()) {
      files.push_back(argument.substr(kLong.size()));
    } else if (argument.starts_with("-c=")) {
      return refuse("write `-c FILE`, `-cFILE` or `--config=FILE`");
    } else if (argument.starts_with(kShort)) {
      files.push_back(argument.substr(kShort.size()));
    } else if (argument.starts_with('-')) {
      return refuse(unknown_option(argument, {"--config", "--explain", "--all", "--help"}));
    } else {
      return refuse(fmt::format("`{}` is not understood; a file is named behind -c", argument));
    }
  }
  if (files.empty()) return refuse("name a configuration: -c FILE");

  const config::Loaded loaded = config::load(files, config::process_environment());
  if (explain && loaded.configuration) fmt::print("{}", config::summarize(*loaded.configuration));
  const std::size_t errors = print_diagnostics(loaded.diagnostics, all ? SIZE_MAX : kMostShown);
  return errors == 0 ? kFine : kBadConfiguration;
}

}  // namespace tocsin::cli
