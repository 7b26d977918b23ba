#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/control_command.h"
#include "cli/text_style.h"

namespace tocsin::cli {

int set_alarm_state_command(const std::vector<std::string>& arguments) {
  std::string path;
  std::string alarm;
  std::string state;
  std::string reason;
  std::vector<std::string> dimensions;
  CLI::App app(
      "Sets an alarm's state by hand, to try who is told. Its topics hear of it as of any other change, and "
      "the "
      "next judgement may set it back.",
      "tocsin set-alarm-state");
  add_control_option(app, path);
  app.add_option("ALARM", alarm, "the alarm's name")->required()->type_name("");
  app.add_option("STATE", state, "OK, ALARM or INSUFFICIENT_DATA")
      ->required()
      ->check(one_of({"OK", "ALARM", "INSUFFICIENT_DATA"}))
      ->type_name("");
  app.add_option("--dimension", dimensions,
                 "of an alarm with `for_each`: which of its states; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  app.add_option("--reason", reason, "what the notification says")->type_name("TEXT");
  app.footer(
      "Exit 0 once it is set, 2 for bad usage, 3 if no engine answers or it has no such alarm.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  nlohmann::ordered_json request{{"command", "set-alarm-state"}, {"alarm", alarm}, {"state", state}};
  if (!reason.empty()) request["reason"] = reason;
  for (const std::string& dimension : dimensions) {
    const std::size_t equals = dimension.find('=');
    if (equals == std::string::npos || equals == 0) {
      fmt::print(stderr, "tocsin set-alarm-state: write --dimension NAME=VALUE, not `{}`\n",
                 printable(dimension, text_style_of(stderr)));
      return kUsage;
    }
    request["dimensions"][dimension.substr(0, equals)] = dimension.substr(equals + 1);
  }
  const auto answer = ask_or_report(path, request);
  if (!answer) return kUnreadable;
  fmt::print(stderr, "{}\n",
             answer->value("changed", false) ? fmt::format("set to {}", state)
                                             : fmt::format("it is {} already: nothing changed", state));
  return kFine;
}

}  // namespace tocsin::cli
