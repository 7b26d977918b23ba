// The commands of `tocsin`, one file each. A command parses its own arguments (CLI11), prints machine output
// on stdout and everything for people on stderr, and returns the exit code.
#pragma once

#include <string>
#include <vector>

namespace tocsin::cli {

inline constexpr int kFine = 0;
inline constexpr int kNo = 1;          // no match, an alarm fired with --fail-on-alarm
inline constexpr int kUsage = 2;       // bad usage, or a pattern refused
inline constexpr int kUnreadable = 3;  // an input that cannot be read
inline constexpr int kBadConfiguration = 78;

// `arguments` are those after the command's name.
int run_command(const std::vector<std::string>& arguments);
int check_command(const std::vector<std::string>& arguments);
int match_command(const std::vector<std::string>& arguments);
int backtest_command(const std::vector<std::string>& arguments);
int produce_command(const std::vector<std::string>& arguments);
int status_command(const std::vector<std::string>& arguments);
int alarms_command(const std::vector<std::string>& arguments);
int set_alarm_state_command(const std::vector<std::string>& arguments);
int state_command(const std::vector<std::string>& arguments);
int version_command(const std::vector<std::string>& arguments);

// The whole program: `tocsin COMMAND ARGUMENTS…`.
int main_command(const std::vector<std::string>& arguments);

}  // namespace tocsin::cli
