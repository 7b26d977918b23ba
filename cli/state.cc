#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/control_command.h"
#include "cli/progress.h"
#include "cli/state_contents.h"
#include "cli/state_page.h"
#include "cli/text_style.h"
#include "engine/store/state_report.h"

namespace tocsin::cli {
namespace {

int report_state(const std::string& directory, store::Depth depth, bool json) {
  const auto report = store::inspect_state(directory, depth);
  if (!report) {
    fmt::print(stderr, "tocsin state: {}\n", describe(report.error()));
    return kUnreadable;
  }
  // Whether it can be read is for `verify` to say of every byte.
  const Result<StateContents> contents =
      depth == store::Depth::Verify ? StateContents{} : read_contents(directory);
  const TextStyle style = text_style_of(stdout);
  if (json || !style.terminal) {
    auto object = state_json(directory, *report);
    if (depth != store::Depth::Verify) object["contents"] = contents_json(contents);
    print_out(object.dump() + "\n");
  } else {
    print_out(state_page(directory, *report, style));
    if (depth != store::Depth::Verify) print_out(contents_page(contents, style));
  }
  return report->faults.empty() && contents ? kFine : kNo;
}

int compact(const std::string& directory, bool json) {
  Progress progress(stderr, text_style_of(stderr));
  const auto compacted = store::compact_state(directory, [&](std::uint64_t done, std::uint64_t total) {
    progress.update({.bytes_done = done, .bytes_total = total});
  });
  progress.erase();
  if (!compacted) {
    fmt::print(stderr, "tocsin state: {}\n", describe(compacted.error()));
    return kUnreadable;
  }
  if (json) {
    const nlohmann::ordered_json object{{"directory", directory},
                                        {"bytes_before", compacted->bytes_before},
                                        {"bytes", compacted->bytes_after}};
    print_out(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  } else {
    fmt::print(stderr, "{} before, {} now\n", format_bytes(compacted->bytes_before),
               format_bytes(compacted->bytes_after));
  }
  return kFine;
}

}  // namespace

int state_command(const std::vector<std::string>& arguments) {
  std::string directory;
  bool json = false;
  CLI::App app("Looks after a state directory (`tocsin run --state DIR`).", "tocsin state");
  constexpr const char* kExit =
      "Exit 0 if all is well, 1 if anything is damaged or missing, 2 for bad usage, 3 if the directory cannot be "
      "read.";
  app.footer(kExit);
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, const char* json_help) {
    CLI::App* command = app.add_subcommand(name, summary);
    command->add_option("DIR", directory, "the state directory")->required()->type_name("");
    command->add_flag("--json", json, json_help);
    command->footer(kExit);
    return command;
  };
  constexpr const char* kJson = "all of it as one JSON object; the default where stdout is no terminal";
  const CLI::App* verify =
      add("verify",
          "reads every byte: checksums, gaps, whether snapshots are whole; exit 1 if anything is "
          "damaged. Changes nothing, and may run beside the engine",
          kJson);
  const CLI::App* show =
      add("show",
          "how large it is and what is in it: positions, alarms, ledger, outbox; may run beside the engine",
          kJson);
  add("compact", "gives its free space back to the disk; not while an engine runs on it",
      "sizes as one JSON object");
  if (const auto code = parse_command_line(app, arguments)) return *code;
  if (verify->parsed()) return report_state(directory, store::Depth::Verify, json);
  if (show->parsed()) return report_state(directory, store::Depth::Sizes, json);
  return compact(directory, json);
}

}  // namespace tocsin::cli
