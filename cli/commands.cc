#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/text_style.h"
#include "config/diagnostic.h"

namespace tocsin::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const std::vector<std::string>& arguments);
};

constexpr std::array<Command, 10> kCommands{{
    {"run", "the engine: read the sources, judge the alarms, deliver the notifications", run_command},
    {"check", "every fault of a configuration, with its place and what to do", check_command},
    {"match", "a grep that speaks filter patterns", match_command},
    {"backtest", "history through the same engine: what would have rung, and why", backtest_command},
    {"produce", "files to a Kafka topic, each record stamped with its event's time", produce_command},
    {"status", "the running engine: its sources, alarms and destinations", status_command},
    {"alarms", "its alarm states: since when, and why", alarms_command},
    {"set-alarm-state", "sets an alarm's state by hand, to try who is told", set_alarm_state_command},
    {"state", "looks after a state directory: verify, show, compact", state_command},
    {"version", "versions of everything", version_command},
}};

void print_help(std::FILE* out) {
  fmt::print(out, "Tocsin turns log events into alarms.\n\nUsage: tocsin COMMAND [ARGUMENTS]\n\n");
  for (const Command& command : kCommands) fmt::print(out, "  {:<15} {}\n", command.name, command.summary);
  fmt::print(out, "\n`tocsin COMMAND --help` tells about one command.\n");
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : &*found;
}

int refuse_command(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Command& command : kCommands) known.push_back(command.name);
  const std::string_view near = config::nearest(name, known);
  fmt::print(stderr, "tocsin: there is no command `{}`{}\nsee `tocsin --help`\n",
             printable(name, text_style_of(stderr)),
             near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
  return kUsage;
}

// Of everything, or of one command.
int help_command(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_help(stdout);
    return kFine;
  }
  const Command* command = find_command(arguments.front());
  if (command == nullptr) return refuse_command(arguments.front());
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  rest.emplace_back("--help");
  return command->run(rest);
}

}  // namespace

int main_command(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_help(stderr);
    return kUsage;
  }
  const std::string& name = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (name == "--help" || name == "-h" || name == "help") return help_command(rest);
  if (name == "--version") return version_command(rest);
  const Command* command = find_command(name);
  return command == nullptr ? refuse_command(name) : command->run(rest);
}

}  // namespace tocsin::cli
