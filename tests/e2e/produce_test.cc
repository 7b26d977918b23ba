// `tocsin produce`: what of its files a real broker has afterwards.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/time.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/child_process.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr auto kLimit = 120s;  // a passing test takes seconds

// The program's exit codes (cli/commands.h).
constexpr int kFine = 0;
constexpr int kUnreadable = 3;

std::string call(const std::string& account, const std::string& time) {
  return fmt::format(
      R"({{"eventVersion":"1.08","eventTime":"{0}","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",)"
      R"("userIdentity":{{"sessionContext":{{"attributes":{{"creationDate":"{0}"}}}}}},)"
      R"("recipientAccountId":"{1}"}})",
      time, account);
}

std::int64_t milliseconds(const std::string& time) {
  return parse_rfc3339(time).value().time_since_epoch().count();
}

class Produce : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    broker_ = new Broker(kafka_jars());
    broker_->start();
  }
  static void TearDownTestSuite() {
    delete broker_;
    broker_ = nullptr;
  }

  void SetUp() override {
    topic_ = std::string("produce.") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::string name = (fs::temp_directory_path() / "tocsin-produce-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    topics_ = std::make_unique<Topics>(broker_->address());
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ / name) << content;
    return (directory_ / name).string();
  }

  // Its exit code; what it says is in standard_error().
  std::optional<int> produce(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {program(),          "produce", "--brokers",
                                        broker_->address(), "--topic", topic_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    fs::remove(directory_ / "stderr");
    ChildProcess process(command, directory_ / "stdout", directory_ / "stderr");
    return process.wait(kLimit);
  }
  [[nodiscard]] std::string standard_error() const { return read_file(directory_ / "stderr"); }

  static Broker* broker_;  // of the whole suite: a start takes seconds
  std::unique_ptr<Topics> topics_;
  std::string topic_;
  fs::path directory_;
};

Broker* Produce::broker_ = nullptr;

TEST_F(Produce, FilesAreMergedByTimeAndEachRecordHasItsEventsTimeAndItsBytes) {
  topics_->create(topic_, 1);
  const std::string first = call("111122223333", "2026-03-01T09:00:01Z");
  const std::string second = call("222233334444", "2026-03-01T09:00:02Z");
  const std::string third = call("111122223333", "2026-03-01T09:00:03Z");
  ASSERT_EQ(produce({file("a.jsonl", first + "\n" + third + "\n"), file("b.jsonl", second + "\n")}), kFine)
      << standard_error();
  const auto records = topics_->read(topic_);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].value, first);
  EXPECT_EQ(records[1].value, second);
  EXPECT_EQ(records[2].value, third);
  EXPECT_EQ(records[0].timestamp_ms, milliseconds("2026-03-01T09:00:01Z"));
  EXPECT_EQ(records[1].timestamp_ms, milliseconds("2026-03-01T09:00:02Z"));
  EXPECT_EQ(records[2].timestamp_ms, milliseconds("2026-03-01T09:00:03Z"));
  EXPECT_EQ(records[0].key, "");
  EXPECT_THAT(standard_error(), HasSubstr("3 records to " + topic_));
}

TEST_F(Produce, CloudTrailFileBecomesOneRecordAnEvent) {
  topics_->create(topic_, 1);
  const std::string first = call("111122223333", "2026-03-01T09:00:01Z");
  const std::string second = call("222233334444", "2026-03-01T09:00:02Z");
  ASSERT_EQ(produce({file("trail.json", R"({"Records":[)" + first + "," + second + "]}")}), kFine)
      << standard_error();
  const auto records = topics_->read(topic_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(Json::parse(records[0].value), Json::parse(first));
  EXPECT_EQ(Json::parse(records[1].value), Json::parse(second));
  EXPECT_EQ(records[1].timestamp_ms, milliseconds("2026-03-01T09:00:02Z"));
}

TEST_F(Produce, KeyIsTheFieldNamedAndKeepsAnAccountInOnePartition) {
  topics_->create(topic_, 3);
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    lines += call(fmt::format("{:012}", i % 6), fmt::format("2026-03-01T09:00:{:02}Z", i)) + "\n";
  }
  lines += R"({"eventTime":"2026-03-01T09:01:00Z","message":"of no account"})"
           "\n";
  ASSERT_EQ(produce({"--key", "$.recipientAccountId", file("trail.jsonl", lines)}), kFine)
      << standard_error();
  const auto records = topics_->read(topic_);
  ASSERT_EQ(records.size(), 61U);
  std::map<std::string, std::int32_t> partition_of;
  std::map<std::string, std::int64_t> last;
  for (const TopicRecord& record : records) {
    EXPECT_EQ(record.key, Json::parse(record.value).value("recipientAccountId", ""));
    if (record.key.empty()) continue;
    EXPECT_EQ(partition_of.try_emplace(record.key, record.partition).first->second, record.partition);
    EXPECT_LT(std::exchange(last[record.key], record.timestamp_ms), record.timestamp_ms);
  }
  EXPECT_EQ(partition_of.size(), 6U);
}

TEST_F(Produce, ShiftToNowMovesTheTimesInTheRecordsByWholeMinutesToNow) {
  topics_->create(topic_, 1);
  const std::vector<std::string> times = {"2026-03-01T09:00:01Z", "2026-03-01T09:59:30Z",
                                          "2026-03-01T10:00:00Z"};
  std::string lines;
  for (const std::string& time : times) lines += call("111122223333", time) + "\n";
  const EventTime before = as_event_time(wall_now());
  ASSERT_EQ(produce({"--shift-to-now", file("trail.jsonl", lines)}), kFine) << standard_error();
  const EventTime after = as_event_time(wall_now());
  const auto records = topics_->read(topic_);
  ASSERT_EQ(records.size(), times.size());
  const std::int64_t shift = records[0].timestamp_ms - milliseconds(times[0]);
  EXPECT_EQ(shift % 60'000, 0);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::int64_t moved = milliseconds(times[i]) + shift;
    const Json event = Json::parse(records[i].value);
    EXPECT_EQ(records[i].timestamp_ms, moved);
    EXPECT_EQ(milliseconds(event.at("eventTime")), moved);
    EXPECT_EQ(milliseconds(event.at("userIdentity").at("sessionContext").at("attributes").at("creationDate")),
              moved);
    EXPECT_EQ(event.at("recipientAccountId"), "111122223333");
  }
  EXPECT_GT(records.back().timestamp_ms, (before - 1min).time_since_epoch().count());
  EXPECT_LE(records.back().timestamp_ms, after.time_since_epoch().count());
  EXPECT_THAT(standard_error(), HasSubstr("all times moved by +"));
}

TEST_F(Produce, MissingTopicIsAnErrorThatNamesItAndIsCreatedOnlyWhenAsked) {
  const std::string trail = file("trail.jsonl", call("111122223333", "2026-03-01T09:00:01Z") + "\n");
  EXPECT_EQ(produce({trail}), kUnreadable);
  EXPECT_THAT(standard_error(), HasSubstr(topic_));
  EXPECT_THAT(standard_error(), HasSubstr("there is no such topic"));
  EXPECT_THAT(standard_error(), HasSubstr("--create-topic"));
  EXPECT_EQ(produce({"--create-topic", "3", trail}), kFine) << standard_error();
  EXPECT_EQ(topics_->extents(topic_).size(), 3U);
  EXPECT_EQ(topics_->read(topic_).size(), 1U);
}

}  // namespace
}  // namespace tocsin::kafka_test
