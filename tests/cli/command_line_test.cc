#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/commands.h"
#include "tests/cli/outcome.h"

namespace tocsin::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Outcome tocsin(const std::vector<std::string>& arguments) {
  return outcome_of([&] { return main_command(arguments); });
}

// What is told of bad usage.
std::string fault(const std::vector<std::string>& arguments) {
  const Outcome outcome = tocsin(arguments);
  EXPECT_EQ(outcome.status, kUsage) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  return outcome.err;
}

TEST(CommandLine, AnUnknownOptionIsNamedBeforeWhatIsMissing) {
  EXPECT_EQ(fault({"backtest", "--confg", "x"}),
            "tocsin backtest: there is no option `--confg`; did you mean `--config`?\n"
            "see `tocsin backtest --help`\n");
  EXPECT_EQ(fault({"run", "-c", "t.yaml", "--contrl", "x"}),
            "tocsin run: there is no option `--contrl`; did you mean `--control`?\n"
            "see `tocsin run --help`\n");
  EXPECT_THAT(fault({"produce", "--topc=bad", "f"}),
              StartsWith("tocsin produce: there is no option `--topc`; did you mean `--topic`?\n"));
  EXPECT_THAT(fault({"status", "--jsn"}),
              StartsWith("tocsin status: there is no option `--jsn`; did you mean"));
  EXPECT_THAT(fault({"alarms", "--stat", "OK"}), HasSubstr("did you mean `--state`?"));
  EXPECT_THAT(fault({"set-alarm-state", "A", "OK", "--dimensions", "A=1"}),
              HasSubstr("did you mean `--dimension`?"));
  EXPECT_EQ(fault({"state", "show", "--jsno"}),
            "tocsin state show: there is no option `--jsno`; did you mean `--json`?\n"
            "see `tocsin state show --help`\n");
  EXPECT_THAT(fault({"run", "--entirely-different"}),
              StartsWith("tocsin run: there is no option `--entirely-different`\n"));
  EXPECT_THAT(fault({"backtest", "-c", "a.yaml", "-z"}),
              StartsWith("tocsin backtest: there is no option `-z`\n"));
}

TEST(CommandLine, WhatIsMissingIsNamedAsTheHelpNamesIt) {
  EXPECT_EQ(fault({"run"}), "tocsin run: --config FILE is required\nsee `tocsin run --help`\n");
  EXPECT_THAT(fault({"state", "show"}), StartsWith("tocsin state show: DIR is required\n"));
  EXPECT_THAT(fault({"state"}), StartsWith("tocsin state: name one of verify, show, compact\n"));
  EXPECT_THAT(fault({"set-alarm-state", "A"}), StartsWith("tocsin set-alarm-state: STATE is required\n"));
  EXPECT_THAT(fault({"run", "-c"}), StartsWith("tocsin run: --config needs a value: FILE\n"));
  EXPECT_THAT(fault({"run", "-c", "a", "--still-dead", "x"}),
              StartsWith("tocsin run: --still-dead requires --replay-dead-letters\n"));
}

TEST(CommandLine, AnArgumentThatIsNotForTheCommandIsNamed) {
  EXPECT_THAT(fault({"status", "now"}), StartsWith("tocsin status: `now` is not understood\n"));
  EXPECT_THAT(fault({"run", "a.yaml"}), StartsWith("tocsin run: `a.yaml` is not understood\n"));
  EXPECT_THAT(fault({"state", "verfy", "d"}),
              StartsWith("tocsin state: `verfy` is not understood; did you mean `verify`?\n"));
}

TEST(CommandLine, AValueThatIsNoneOfItsChoicesIsToldWithThem) {
  EXPECT_EQ(fault({"alarms", "--state", "RED"}),
            "tocsin alarms: --state: write OK, ALARM or INSUFFICIENT_DATA, not `RED`\n"
            "see `tocsin alarms --help`\n");
  EXPECT_THAT(fault({"alarms", "--state", "alarm"}), HasSubstr("not `alarm`; did you mean `ALARM`?\n"));
  EXPECT_THAT(fault({"set-alarm-state", "A", "ok"}),
              StartsWith("tocsin set-alarm-state: STATE: write OK, ALARM or INSUFFICIENT_DATA, not `ok`;"));
  EXPECT_THAT(fault({"run", "-c", "a", "--log", "jsn"}),
              HasSubstr("--log: write text or json, not `jsn`; did you mean `json`?\n"));
  EXPECT_THAT(fault({"backtest", "-c", "a", "--workers", "0"}),
              HasSubstr("--workers: write a number from 1 to 256, not `0`\n"));
  EXPECT_THAT(fault({"backtest", "-c", "a", "--workers", "4x"}), HasSubstr("from 1 to 256, not `4x`\n"));
  EXPECT_THAT(fault({"produce", "--create-topic", "99999", "f"}),
              HasSubstr("--create-topic: write a number from 1 to 10,000, not `99999`\n"));
}

TEST(CommandLine, AFlagTakesNoValue) {
  EXPECT_EQ(fault({"status", "--json=maybe"}),
            "tocsin status: --json takes no value\nsee `tocsin status --help`\n");
  EXPECT_THAT(fault({"state", "show", "--json=x", "d"}),
              StartsWith("tocsin state show: --json takes no value\n"));
}

TEST(CommandLine, EveryHelpTellsTheExitCodes) {
  for (const char* command : {"run", "check", "match", "backtest", "produce", "status", "alarms",
                              "set-alarm-state", "state"}) {
    EXPECT_THAT(tocsin({command, "--help"}).out, HasSubstr("\nExit 0")) << command;
  }
  EXPECT_THAT(tocsin({"state", "verify", "--help"}).out, HasSubstr("\nExit 0"));
}

TEST(CommandLine, WhatIsNotForATerminalIsNotPrintedToOne) {
  EXPECT_THAT(fault({"run", "--\x1B[31m"}), Not(HasSubstr("\x1B")));
}

TEST(CommandLine, HelpSpeaksOfValuesAsPeopleDo) {
  for (const char* command : {"run", "backtest", "produce", "status", "alarms", "set-alarm-state", "state"}) {
    const Outcome help = tocsin({command, "--help"});
    EXPECT_EQ(help.status, kFine);
    EXPECT_THAT(help.out, HasSubstr(std::string("Usage: tocsin ") + command));
    for (const char* machine : {"{", "UINT", "INT in", "Needs", "... ...", "REQUIRED"})
      EXPECT_THAT(help.out, Not(HasSubstr(machine))) << command;
  }
  EXPECT_THAT(tocsin({"state", "show", "--help"}).out, HasSubstr("Usage: tocsin state show [OPTIONS] DIR"));
}

TEST(Commands, HelpOfACommandIsTheCommandsHelp) {
  for (const char* command : {"match", "check", "backtest", "version"}) {
    const Outcome own = tocsin({command, "--help"});
    EXPECT_EQ(own.status, kFine);
    EXPECT_THAT(own.out, HasSubstr(std::string("Usage: tocsin ") + command));
    for (const char* help : {"help", "-h", "--help"}) {
      const Outcome asked = tocsin({help, command});
      EXPECT_EQ(asked.status, kFine);
      EXPECT_EQ(asked.out, own.out) << help << ' ' << command;
    }
  }
  EXPECT_EQ(tocsin({"help", "state", "show"}).out, tocsin({"state", "show", "--help"}).out);
  EXPECT_THAT(tocsin({"help"}).out, HasSubstr("Usage: tocsin COMMAND"));
}

TEST(Commands, AnUnknownOneIsToldWhereTheyStand) {
  EXPECT_EQ(fault({"frobnicate"}), "tocsin: there is no command `frobnicate`\nsee `tocsin --help`\n");
  EXPECT_EQ(fault({"help", "mach"}),
            "tocsin: there is no command `mach`; did you mean `match`?\nsee `tocsin --help`\n");
}

}  // namespace
}  // namespace tocsin::cli
