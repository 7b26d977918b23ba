#include "cli/control_command.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/control_socket.h"
#include "cli/text_style.h"

namespace tocsin::cli {

using Json = nlohmann::ordered_json;

void add_control_option(CLI::App& app, std::string& path) {
  app.add_option(
         "--control", path,
         "the engine's control socket; by default $TOCSIN_CONTROL, else $XDG_RUNTIME_DIR/tocsin.sock, else "
         "/run/tocsin/control.sock")
      ->type_name("PATH");
}

std::optional<Json> ask_or_report(const std::string& path, const Json& request) {
  const auto report = [](std::string_view text) {
    fmt::print(stderr, "tocsin: {}\n", printable(text, text_style_of(stderr)));
    return std::nullopt;
  };
  const auto line = ask_engine(path.empty() ? default_control_path() : path,
                               request.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!line) return report(describe(line.error()));
  Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object()) return report("the answer is no JSON object: is that socket an engine's?");
  if (const auto error = answer.find("error"); error != answer.end()) {
    return report(error->is_string() ? error->get<std::string>() : error->dump());
  }
  return answer;
}

void print_out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace tocsin::cli
