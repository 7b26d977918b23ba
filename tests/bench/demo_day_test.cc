#include "bench/demo_day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "config/load.h"
#include "engine/runtime/replay.h"
#include "engine/source/file_history.h"

namespace tocsin::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;

constexpr std::uint64_t kEvents = 9'000;

class DemoDayTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (fs::temp_directory_path() / "demo_day_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    ASSERT_TRUE(write_demo_day(day("a", 1), [](const DemoDayProgress&) {}).has_value());
  }
  static void TearDownTestSuite() { fs::remove_all(root_); }

  static DemoDay day(const std::string& folder, std::uint64_t seed) {
    return {.folder = root_ / folder,
            .start = *parse_rfc3339("2026-03-01T00:00:00Z"),
            .events = kEvents,
            .seed = seed};
  }

  static std::string content(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  static std::vector<std::string> lines_of(const fs::path& path) {
    std::vector<std::string> lines;
    std::ifstream stream(path);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  static inline fs::path root_;
};

TEST_F(DemoDayTest, HoldsAsManyEventsAsAskedFor) {
  std::size_t events = 0;
  for (const auto& entry : fs::directory_iterator(root_ / "a")) {
    if (entry.path().filename() != "complete") events += lines_of(entry.path()).size();
  }
  EXPECT_EQ(events, kEvents);
}

TEST_F(DemoDayTest, IsAFunctionOfItsOptions) {
  ASSERT_TRUE(write_demo_day(day("again", 1), [](const DemoDayProgress&) {}).has_value());
  ASSERT_TRUE(write_demo_day(day("other", 2), [](const DemoDayProgress&) {}).has_value());
  for (const std::string name : {"cloudtrail-0.jsonl", "cloudtrail-3.jsonl", "backup.jsonl", "hosts.log"}) {
    EXPECT_EQ(content(root_ / "a" / name), content(root_ / "again" / name)) << name;
    EXPECT_NE(content(root_ / "a" / name), content(root_ / "other" / name)) << name;
  }
}

TEST_F(DemoDayTest, RecordsComeUnsortedButLessThanAQuarterOfAnHourLate) {
  for (int i = 0; i < 4; ++i) {
    EventTime newest = kNever;
    Duration latest{0};
    for (const std::string& line : lines_of(root_ / "a" / ("cloudtrail-" + std::to_string(i) + ".jsonl"))) {
      const auto record = nlohmann::json::parse(line);
      const auto time = parse_rfc3339(record.at("eventTime").get<std::string>());
      ASSERT_TRUE(time.has_value());
      ASSERT_EQ(record.at("recipientAccountId").get<std::string>().size(), 12u);
      if (newest != kNever) latest = std::max(latest, newest - *time);
      newest = std::max(newest, *time);
    }
    EXPECT_GT(latest, 1min);
    EXPECT_LT(latest, 15min);
  }
}

TEST_F(DemoDayTest, TooFewEventsForTheStoryAreRefusedBeforeAnythingIsWritten) {
  DemoDay tiny = day("tiny", 1);
  tiny.events = 10;
  const auto written = write_demo_day(tiny, [](const DemoDayProgress&) {});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::Invalid);
  EXPECT_FALSE(fs::exists(tiny.folder));
}

// The story: what config/demo makes of the day.
class Rings : public runtime::Listener {
 public:
  explicit Rings(const runtime::Plan& plan) : plan_(plan) {}
  void on_transition(const alarm::Transition& transition,
                     const std::vector<runtime::JudgedNotification>& notifications) override {
    if (transition.to != alarm::State::Alarm) return;
    EXPECT_FALSE(notifications.empty()) << "somebody is told";
    rings.push_back(plan_.alarms[transition.alarm].name + metric::describe(transition.dimensions) + " " +
                    format_rfc3339(transition.time).substr(11, 2));
  }
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}

  std::vector<std::string> rings;

 private:
  const runtime::Plan& plan_;
};

TEST_F(DemoDayTest, EachIncidentOfTheStoryRingsOnceAndNothingElseDoes) {
  config::Environment environment{{"DEMO_DATA", (root_ / "a").string()}};
  const config::Loaded loaded =
      config::load({std::string(TOCSIN_SOURCE_DIR) + "/config/demo/tocsin.yaml"}, environment);
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  ASSERT_TRUE(loaded.configuration.has_value());
  const runtime::Plan& plan = *loaded.configuration->plan;

  std::vector<runtime::ReplayInput> inputs;
  for (std::uint32_t i = 0; i < plan.sources.size(); ++i) {
    auto history = source::list_files(plan.sources[i].name,
                                      std::get<source::FileSettings>(plan.sources[i].kind).paths, {});
    ASSERT_TRUE(history.has_value());
    for (source::HistoryPartition& partition : *history) inputs.push_back({i, std::move(partition)});
  }
  EXPECT_EQ(inputs.size(), 6u);

  runtime::PartitionTable partitions;
  Rings listener(plan);
  const std::atomic<bool> stop{false};
  const auto result = runtime::replay(
      loaded.configuration->plan, std::move(inputs), {}, partitions, listener,
      [](const runtime::ReplayProgress&) {}, stop);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->counts.events, kEvents);
  for (const std::uint64_t rejected : result->counts.rejects.counts) EXPECT_EQ(rejected, 0u);
  EXPECT_THAT(listener.rings, UnorderedElementsAre(R"(ssh-failures{SourceIp="203.0.113.77"} 03)",
                                                   R"(backup-failed{System="billing-db"} 05)",
                                                   R"(root-use-without-mfa{Account="707080809090"} 09)",
                                                   R"(backup-overdue{System="mail-archive"} 14)",
                                                   R"(trail-changes{Account="555566667777"} 17)",
                                                   R"(unauthorized-api-calls{Account="777788889999"} 20)"));
}

}  // namespace
}  // namespace tocsin::bench
