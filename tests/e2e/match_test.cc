// `tocsin match` on topics of a real broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/child_process.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::HasSubstr;

// The program's exit codes (cli/commands.h).
constexpr int kFine = 0;
constexpr int kNo = 1;
constexpr int kUnreadable = 3;

class MatchTopic : public ::testing::Test {
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
    topic_ = std::string("match.") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::string name = (fs::temp_directory_path() / "tocsin-match-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    topics_ = std::make_unique<Topics>(broker_->address());
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  // Its exit code; what it writes is in output() and standard_error().
  std::optional<int> match(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {program(), "match", "--brokers", broker_->address()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    fs::remove(directory_ / "stdout");
    ChildProcess process(command, directory_ / "stdout", directory_ / "stderr");
    return process.wait(120s);
  }
  [[nodiscard]] std::string output() const { return read_file(directory_ / "stdout"); }
  [[nodiscard]] std::string standard_error() const { return read_file(directory_ / "stderr"); }

  static Broker* broker_;  // of the whole suite: a start takes seconds
  std::unique_ptr<Topics> topics_;
  std::string topic_;
  fs::path directory_;
};

Broker* MatchTopic::broker_ = nullptr;

TEST_F(MatchTopic, RecordsAreMessagesPartitionByPartitionUpToTheEnd) {
  topics_->create(topic_, 2);
  topics_->produce(topic_, {{.key = "", .value = "x 1", .headers = {}, .partition = 1},
                            {.key = "", .value = "x 2", .headers = {}, .partition = 0},
                            {.key = "k", .value = "", .headers = {}, .partition = 0, .tombstone = true},
                            {.key = "", .value = "y\n", .headers = {}, .partition = 0},
                            {.key = "", .value = "x 3", .headers = {}, .partition = 0}});
  ASSERT_EQ(match({"--topic", topic_, "--filter-pattern", "x"}), kFine) << standard_error();
  EXPECT_EQ(output(), "x 2\nx 3\nx 1\n");
  ASSERT_EQ(match({"--topic", topic_, "--filter-pattern", "", "--count"}), kFine) << standard_error();
  EXPECT_EQ(output(), "4\n") << "a tombstone is no message";
  ASSERT_EQ(match({"--topic", topic_, "--filter-pattern", "z"}), kNo);
  ASSERT_EQ(match({"--topic", topic_, "--regex", "x (?P<n>[23])", "--extract"}), kFine);
  EXPECT_THAT(output(), HasSubstr("{\"topic\":\"" + topic_ +
                                  "\",\"partition\":0,\"offset\":3,\"message\":\"x 3\",\"extracted\":{"));
}

TEST_F(MatchTopic, RecordsAreUnwrappedAndReadFromATime) {
  topics_->create(topic_, 1);
  const std::string envelope =
      R"({"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"g","logStream":"s","subscriptionFilters":["f"],)"
      R"("logEvents":[{"id":"1","timestamp":1772355600000,"message":"x 1"},{"id":"2","timestamp":1772355600000,"message":"y"}]})";
  topics_->produce(topic_, {{.key = "", .value = envelope, .headers = {}, .timestamp_ms = 1772355600000},
                            {.key = "", .value = "x 2", .headers = {}, .timestamp_ms = 1772359200000}});
  ASSERT_EQ(match({"--topic", topic_, "--decode", "--filter-pattern", "x"}), kFine) << standard_error();
  EXPECT_EQ(output(), "x 1\nx 2\n");
  ASSERT_EQ(match({"--topic", topic_, "--filter-pattern", "x", "--from", "2026-03-01T09:30:00Z"}), kFine);
  EXPECT_EQ(output(), "x 2\n");
}

TEST_F(MatchTopic, ATopicThatIsNotThereIsUnreadable) {
  ASSERT_EQ(match({"--topic", topic_, "--filter-pattern", "x"}), kUnreadable);
  EXPECT_THAT(standard_error(), HasSubstr(topic_));
}

}  // namespace
}  // namespace tocsin::kafka_test
