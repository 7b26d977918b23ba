#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "cli/commands.h"
#include "tests/cli/outcome.h"

namespace tocsin::cli {
namespace {

class Check : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("tocsin-check-") + info->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << content;
    return path;
  }

  int run(const std::vector<std::string>& arguments) {
    Outcome outcome = outcome_of([&] { return check_command(arguments); });
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.status;
  }

  std::filesystem::path folder_;
  std::string out_;
  std::string err_;
};

TEST_F(Check, ValidConfigurationExitsZero) {
  EXPECT_EQ(run({"-c", write("a.yaml", "sources: {s: {stdin: {}}}\n")}), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "0 errors\n");
}

TEST_F(Check, FaultsGoToStderrAndExitIs78) {
  const std::string file = write("a.yaml", "sources: {s: {stdn: {}}}\nregion: [x]\n");
  EXPECT_EQ(run({"-c", file}), 78);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_,
            file +
                ":1:15: error: unknown key `stdn`\nsources: {s: {stdn: {}}}\n              ^\nhint: did you "
                "mean `stdin`?\n" +
                file +
                ":2:9: error: `region`: expected text, found a list\nregion: [x]\n        ^\n2 errors\n");
}

TEST_F(Check, WarningsAreShownAndExitIsZero) {
  const std::string file = write("a.yaml", "topics: {t: {}}\n");
  EXPECT_EQ(run({"-c", file}), 0);
  EXPECT_TRUE(err_.starts_with(file + ":1:10: warning: ")) << err_;
  EXPECT_TRUE(err_.ends_with("\n0 errors, 1 warning\n")) << err_;
}

TEST_F(Check, OfManyFaultsTheFirstAreShown) {
  std::string content = "topics:\n";
  for (int i = 0; i < 60; ++i) content += "  t" + std::to_string(i) + ": {}\n";
  content += "metric_filters:\n";
  for (int i = 0; i < 1100; ++i) content += "  f" + std::to_string(i) + ": {patern: x}\n";
  const std::string file = write("a.yaml", content);
  const auto shown = [&](std::string_view kind) {
    std::size_t count = 0;
    for (std::size_t at = err_.find(kind); at != std::string::npos; at = err_.find(kind, at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(run({"-c", file}), 78);
  EXPECT_EQ(shown(": error: "), 50U);
  EXPECT_EQ(shown(": warning: "), 50U);
  EXPECT_TRUE(
      err_.ends_with("\nand 2,150 more errors: `tocsin check --all` shows them\n"
                     "and 10 more warnings: `tocsin check --all` shows them\n"
                     "2,200 errors, 60 warnings\n"))
      << err_.substr(err_.size() - 300);
  EXPECT_EQ(run({"-c", file, "--all"}), 78);
  EXPECT_EQ(shown(": error: "), 2200U);
  EXPECT_EQ(shown(": warning: "), 60U);
  EXPECT_TRUE(err_.ends_with("\n2,200 errors, 60 warnings\n"));
}

TEST_F(Check, FaultsOfSeveralFilesAreSortedByTheirNames) {
  const std::string b = write("b.yaml", "region: []\n");
  const std::string a = write("a.yaml", "account: []\n");
  EXPECT_EQ(run({"-c", b, "-c", a}), 78);
  EXPECT_LT(err_.find(a + ":1:10"), err_.find(b + ":1:9"));
  EXPECT_NE(err_.find(b + ":1:9"), std::string::npos);
}

TEST_F(Check, ExplainTellsPeopleWhatWillBeDone) {
  const std::string file = write("a.yaml", "sources: {hosts: {file: {paths: /var/log/auth.log}}}\n");
  EXPECT_EQ(run({"--explain", "-c", file}), 0);
  EXPECT_EQ(out_, "sources\n  hosts  files /var/log/auth.log; log group hosts\n");
  EXPECT_EQ(err_, "0 errors\n");
}

TEST_F(Check, ExplainTellsHowFiltersAreFoundAndNamesThoseThatCostEveryEvent) {
  const std::string file =
      write("a.yaml",
            "metric_filters:\n"
            "  logins: {pattern: '{ $.eventName = \"ConsoleLogin\" }', metric: {namespace: A, name: L}}\n"
            "  not-debug: {pattern: '-DEBUG', metric: {namespace: A, name: N}}\n");
  EXPECT_EQ(run({"--explain", "-c", file}), 0) << err_;
  EXPECT_NE(out_.find("found by $.eventName is ConsoleLogin"), std::string::npos) << out_;
  EXPECT_NE(out_.find("no key: asked of every event, about 50 ns each"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  asked of every event  not-debug\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  found by keys         1 of 2 filters\n"), std::string::npos) << out_;
}

TEST_F(Check, UnreadableFileExits78) {
  EXPECT_EQ(run({"-c", "/nonexistent/a.yaml"}), 78);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_,
            "/nonexistent/a.yaml:1:1: error: cannot read the file: No such file or directory\n1 error\n");
}

TEST_F(Check, BadUsageExitsTwo) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"-c"}), 2);
  EXPECT_EQ(run({"--explain"}), 2);
  EXPECT_EQ(run({"a.yaml"}), 2);
  EXPECT_EQ(run({"--config="}), 2);
  EXPECT_EQ(run({"-c=a.yaml"}), 2);
  EXPECT_EQ(run({"-c", "a.yaml", "--nothing"}), 2);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "tocsin check: there is no option `--nothing`\nsee `tocsin check --help`\n");
  EXPECT_EQ(run({"-c", "a.yaml", "--explian"}), 2);
  EXPECT_EQ(err_,
            "tocsin check: there is no option `--explian`; did you mean `--explain`?\n"
            "see `tocsin check --help`\n");
}

TEST_F(Check, FileNamesAreTakenAsTheyAre) {
  const std::string file = write("[a, b].yaml", "sources: {s: {stdin: {}}}\n");
  EXPECT_EQ(run({"-c", file}), 0);
  EXPECT_EQ(run({"--config=" + file}), 0);
  EXPECT_EQ(run({"--config", file}), 0);
  EXPECT_EQ(run({"-c" + file}), 0);
}

}  // namespace
}  // namespace tocsin::cli
