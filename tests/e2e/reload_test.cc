// SIGHUP, as the whole program takes it. Needs no broker.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/base/time.h"
#include "tests/e2e/program.h"

namespace tocsin::kafka_test {
namespace {

namespace fs = std::filesystem;

class Reload : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "tocsin-reload-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    std::ofstream(directory_ / "app.log") << "";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  // A configuration whose alerts go to a file of the directory, and to `other`.
  void configure(const std::string& alerts, const std::string& other = "") const {
    std::ofstream(directory_ / "tocsin.yaml") << fmt::format(
        R"(sources:
  app: {{file: {{paths: ["{0}/app.log"], follow: true}}}}
metric_filters:
  errors: {{log_groups: [app], pattern: ERROR, metric: {{namespace: App, name: Errors}}}}
alarms:
  errors:
    metric: {{namespace: App, name: Errors, statistic: Sum, period: 1m}}
    condition: ">= 1"
    early: true
    notify: [told]
topics:
  told: {{subscriptions: [{{file: {{path: "{0}/{1}"}}}}{2}]}}
)",
        directory_.string(), alerts, other);
  }
  void wait_for(const std::string& file) const {
    for (int i = 0; i < 600 && kafka_test::read_file(directory_ / file).empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }

  fs::path directory_;
};

TEST_F(Reload, ConfigurationThatDoesNotStartLeavesTheOneBeforeRunning) {
  configure("alerts.jsonl");
  Engine engine(directory_, "engine");
  ASSERT_TRUE(engine.says("running: sources 1")) << engine.standard_error();
  configure("none/alerts.jsonl");  // loads with a warning, and does not open
  engine.reload();
  ASSERT_TRUE(engine.says("the configuration before goes on")) << engine.standard_error();
  configure("others.jsonl");
  engine.reload();
  for (int i = 0; i < 600 && !fs::exists(directory_ / "others.jsonl"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(fs::exists(directory_ / "others.jsonl")) << engine.standard_error();
  EXPECT_EQ(engine.stop(), 0) << engine.standard_error();
}

// Nothing is kept here, and the reload goes on behind the event.
TEST_F(Reload, WhatCouldNotBeDeliveredIsSaidToBeLost) {
  configure("alerts.jsonl", R"(, {webhook: {url: "http://127.0.0.1:9/", allow: ["127.0.0.0/8"]}})");
  Engine engine(directory_, "engine");
  ASSERT_TRUE(engine.says("running: sources 1")) << engine.standard_error();
  std::ofstream(directory_ / "app.log") << format_rfc3339(as_event_time(wall_now())) << " ERROR\n";
  wait_for("alerts.jsonl");
  engine.reload();
  EXPECT_TRUE(engine.says("1 notifications or dead letters could not be delivered before the end"))
      << engine.standard_error();
  EXPECT_TRUE(engine.says("a reload goes on behind their events")) << engine.standard_error();
}

}  // namespace
}  // namespace tocsin::kafka_test
