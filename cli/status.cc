#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/control_command.h"
#include "cli/status_page.h"
#include "cli/text_style.h"

namespace tocsin::cli {

int status_command(const std::vector<std::string>& arguments) {
  std::string path;
  bool json = false;
  CLI::App app("How the running engine does: its sources, alarms and destinations.", "tocsin status");
  add_control_option(app, path);
  app.add_flag("--json", json, "all of it as one JSON object; the default where stdout is no terminal");
  app.footer(
      "Exit 0 with an answer, 2 for bad usage, 3 if no engine answers.");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  const auto status = ask_or_report(path, {{"command", "status"}});
  if (!status) return kUnreadable;
  const TextStyle style = text_style_of(stdout);
  if (json || !style.terminal) {
    print_out(status->dump() + "\n");
    return kFine;
  }
  try {
    print_out(status_page(*status, style));
  } catch (const nlohmann::json::exception&) {
    fmt::print(stderr,
               "tocsin: the engine is of another version: `tocsin status --json` shows what it says\n");
    return kUnreadable;
  }
  return kFine;
}

}  // namespace tocsin::cli
