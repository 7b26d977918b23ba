#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/control_command.h"
#include "cli/status_page.h"
#include "cli/text_style.h"

namespace tocsin::cli {

int alarms_command(const std::vector<std::string>& arguments) {
  std::string path;
  std::string state;
  std::string prefix;
  bool json = false;
  CLI::App app("The alarm states of the running engine: since when, and why.", "tocsin alarms");
  add_control_option(app, path);
  app.add_option("--state", state, "only those in this state: OK, ALARM or INSUFFICIENT_DATA")
      ->check(one_of({"OK", "ALARM", "INSUFFICIENT_DATA"}))
      ->type_name("STATE");
  app.add_option("--prefix", prefix, "only alarms whose name begins so")->type_name("TEXT");
  app.add_flag("--json", json, "one JSON object a line; the default where stdout is no terminal");
  app.footer(
      "Exit 0 with an answer, 2 for bad usage, 3 if no engine answers.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  nlohmann::ordered_json request{{"command", "alarms"}};
  if (!state.empty()) request["state"] = state;
  if (!prefix.empty()) request["prefix"] = prefix;
  const auto answer = ask_or_report(path, request);
  if (!answer) return kUnreadable;
  const TextStyle style = text_style_of(stdout);
  try {
    if (json || !style.terminal) {
      for (const auto& alarm : answer->at("alarms")) print_out(alarm.dump() + "\n");
      const auto shown = answer->at("alarms").size();
      const auto total = answer->at("total").get<std::size_t>();
      if (total > shown)
        fmt::print(stderr, "tocsin: {} more: narrow it with --state or --prefix\n", total - shown);
    } else {
      print_out(alarms_page(*answer, as_event_time(wall_now()), style));
    }
  } catch (const nlohmann::json::exception&) {
    fmt::print(stderr, "tocsin: the engine is of another version: use the tocsin that it runs\n");
    return kUnreadable;
  }
  return kFine;
}

}  // namespace tocsin::cli
