// The command lines that CLI11 reads: one way to say what is wrong with them, and helps that speak of values
// as people do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tocsin::cli {

// Reads `arguments`, those after the command's name, into what was added to `app`. Where the command is not
// to run: an exit code, once the help is on stdout, or what is wrong on stderr.
[[nodiscard]] std::optional<int> parse_command_line(CLI::App& app, const std::vector<std::string>& arguments);

// "there is no option `--confg`; did you mean `--config`?"
[[nodiscard]] std::string unknown_option(std::string_view written,
                                         const std::vector<std::string_view>& known);

// Checks of an option's value.
using ValueCheck = std::function<std::string(const std::string&)>;
[[nodiscard]] ValueCheck one_of(std::vector<std::string> choices);
[[nodiscard]] ValueCheck number_from(std::uint64_t least, std::uint64_t most);

}  // namespace tocsin::cli
