// The whole program against a real broker: events into one topic, alerts out of another, through starts and
// stops.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/time.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr int kPartitions = 4;
constexpr auto kTransitionLimit = 180s;  // a passing test takes a period or two

// A call that the account was refused, as CloudTrail records it.
std::string refused_call(const std::string& account, EventTime time, int number) {
  return Json{{"eventVersion", "1.08"},
              {"userIdentity", {{"type", "IAMUser"}, {"accountId", account}, {"userName", "deploy"}}},
              {"eventTime", format_rfc3339(floor_to(time, 1s))},
              {"eventSource", "ec2.amazonaws.com"},
              {"eventName", "RunInstances"},
              {"awsRegion", "eu-central-1"},
              {"sourceIPAddress", "198.51.100.7"},
              {"errorCode", "Client.UnauthorizedOperation"},
              {"requestParameters", nullptr},
              {"eventID", fmt::format("00000000-0000-4000-8000-{:012}", number)},
              {"eventType", "AwsApiCall"},
              {"recipientAccountId", account}}
      .dump();
}

std::string allowed_call(const std::string& account, EventTime time, int number) {
  Json event = Json::parse(refused_call(account, time, number));
  event.erase("errorCode");
  event["eventName"] = "DescribeInstances";
  return event.dump();
}

EventTime now() { return as_event_time(wall_now()); }

class EndToEnd : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    broker_ = new Broker(kafka_jars());
    broker_->start();
  }
  static void TearDownTestSuite() {
    delete broker_;
    broker_ = nullptr;
  }

  // Topics and group of this test's own: the broker is shared.
  void SetUp() override {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    trail_ = "trail." + test;
    alerts_ = "alerts." + test;
    group_ = "tocsin." + test;
    std::string name = (fs::temp_directory_path() / "tocsin-e2e-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    topics_ = std::make_unique<Topics>(broker_->address());
    topics_->create(alerts_, 2);
    std::ofstream(directory_ / "tocsin.yaml") << fmt::format(
        R"(account: "999988887777"
region: test-region
sources:
  trail:
    kafka:
      brokers: {brokers}
      topics: [{trail}]
      group: {group}
      start: earliest
    log_group: cloudtrail
metric_filters:
  refused-calls:
    log_groups: [cloudtrail]
    pattern: '{{ $.errorCode = "*UnauthorizedOperation" }}'
    metric: {{namespace: Security, name: RefusedCalls, value: 1, dimensions: {{Account: $.recipientAccountId}}}}
alarms:
  refused-calls:
    metric: {{namespace: Security, name: RefusedCalls, statistic: Sum, period: 10s}}
    for_each: [Account]
    condition: ">= 1"
    datapoints: 1 of 1
    missing_data: not_breaching
    notify: {{alarm: [security], ok: [security]}}
topics:
  security:
    kafka: {alerts}
)",
        fmt::arg("brokers", broker_->address()), fmt::arg("trail", trail_), fmt::arg("group", group_),
        fmt::arg("alerts", alerts_));
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  // One refused call of each account, and many allowed ones, over all partitions.
  void produce_calls(const std::vector<std::string>& refused_accounts) {
    std::vector<TopicRecord> records;
    const EventTime time = now();
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      for (int i = 0; i < 25; ++i) {
        records.push_back({.value = allowed_call("444455556666", time, ++events_),
                           .timestamp_ms = time.time_since_epoch().count(),
                           .partition = partition});
      }
    }
    for (std::size_t i = 0; i < refused_accounts.size(); ++i) {
      records.push_back({.value = refused_call(refused_accounts[i], time, ++events_),
                         .timestamp_ms = time.time_since_epoch().count(),
                         .partition = static_cast<std::int32_t>(i) % kPartitions});
    }
    topics_->produce(trail_, records);
  }

  // Reads alerts until the account went into the state; those met on the way are kept, too.
  [[nodiscard]] bool wait_for(TopicReader& reader, const std::string& account, const std::string& state) {
    const auto deadline = std::chrono::steady_clock::now() + kTransitionLimit;
    for (;;) {
      for (const TopicRecord& alert : alerts_seen_) {
        if (account_of(alert) == account && state_of(alert) == state) return true;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      auto alert = reader.next(left);
      if (!alert) return false;
      alerts_seen_.push_back(std::move(*alert));
    }
  }

  static std::string account_of(const TopicRecord& alert) {
    return Json::parse(alert.value).at("Trigger").at("Dimensions").at(0).at("value");
  }
  static std::string state_of(const TopicRecord& alert) {
    return Json::parse(alert.value).at("NewStateValue");
  }

  // The states that an account went through, as the alert topic tells.
  [[nodiscard]] std::vector<std::string> states_of(const std::string& account) const {
    std::vector<std::string> states;
    for (const TopicRecord& alert : alerts_seen_) {
      if (account_of(alert) == account) states.push_back(state_of(alert));
    }
    return states;
  }

  [[nodiscard]] std::size_t distinct_ids() const {
    std::set<std::string> ids;
    for (const TopicRecord& alert : alerts_seen_) ids.insert(alert.headers.at("ce_id"));
    return ids.size();
  }

  static Broker* broker_;  // of the whole suite: a start takes seconds
  std::unique_ptr<Topics> topics_;
  std::string trail_;
  std::string alerts_;
  std::string group_;
  fs::path directory_;
  int events_ = 0;
  std::vector<TopicRecord> alerts_seen_;
};

Broker* EndToEnd::broker_ = nullptr;

TEST_F(EndToEnd, RefusedCallsOfTwoAccountsRaiseAndClearTheirAlarms) {
  topics_->create(trail_, kPartitions);
  TopicReader reader(broker_->address(), alerts_);
  Engine engine(directory_, "engine");
  produce_calls({"111122223333", "222233334444"});
  for (const char* account : {"111122223333", "222233334444"}) {
    ASSERT_TRUE(wait_for(reader, account, "ALARM")) << engine.standard_error();
    ASSERT_TRUE(wait_for(reader, account, "OK")) << engine.standard_error();
    EXPECT_THAT(states_of(account), ::testing::ElementsAre("ALARM", "OK"));
  }
  EXPECT_EQ(engine.stop(), 0) << engine.standard_error();
  EXPECT_EQ(topics_->read(alerts_).size(), 4U);
  EXPECT_EQ(distinct_ids(), 4U);

  const auto alarm = std::ranges::find_if(alerts_seen_, [](const TopicRecord& alert) {
    return account_of(alert) == "111122223333" && state_of(alert) == "ALARM";
  });
  EXPECT_EQ(alarm->key, R"(refused-calls{Account="111122223333"})");
  EXPECT_EQ(alarm->headers.at("ce_specversion"), "1.0");
  EXPECT_EQ(alarm->headers.at("ce_type"), "tocsin.alarm.state_change");
  EXPECT_EQ(alarm->headers.at("ce_source"), "/tocsin/999988887777/test-region");
  EXPECT_EQ(alarm->headers.at("ce_subject"), alarm->key);
  EXPECT_EQ(alarm->headers.at("ce_state"), "ALARM");
  EXPECT_EQ(alarm->headers.at("content-type"), "application/json");
  const Json payload = Json::parse(alarm->value);
  EXPECT_EQ(payload.at("AlarmName"), "refused-calls");
  EXPECT_EQ(payload.at("AWSAccountId"), "999988887777");
  EXPECT_EQ(payload.at("Region"), "test-region");
  EXPECT_EQ(payload.at("OldStateValue"), "INSUFFICIENT_DATA");
  EXPECT_THAT(payload.at("NewStateReason").get<std::string>(), HasSubstr("Threshold Crossed"));
  EXPECT_EQ(payload.at("Trigger").at("MetricName"), "RefusedCalls");
  EXPECT_EQ(payload.at("Trigger").at("Period"), 10);
  EXPECT_EQ(payload.at("Trigger").at("Threshold"), 1.0);
  const auto changed = parse_rfc3339(payload.at("StateChangeTime").get<std::string>());
  ASSERT_TRUE(changed);
  EXPECT_EQ(floor_to(*changed, 10s), *changed);  // the end of a period: event time, not the clock
  EXPECT_EQ(alarm->headers.at("ce_time"), format_rfc3339(*changed));
}

TEST_F(EndToEnd, TopicThatIsMissingAtTheStartIsNamedAndReadOnceItIsThere) {
  TopicReader reader(broker_->address(), alerts_);
  Engine engine(directory_, "engine");
  ASSERT_TRUE(engine.says(trail_)) << engine.standard_error();
  topics_->create(trail_, kPartitions);
  produce_calls({"111122223333"});
  EXPECT_TRUE(wait_for(reader, "111122223333", "ALARM")) << engine.standard_error();
  EXPECT_EQ(engine.stop(), 0) << engine.standard_error();
}

TEST_F(EndToEnd, RestartGoesOnWhereItStopped) {
  topics_->create(trail_, kPartitions);
  TopicReader reader(broker_->address(), alerts_);
  {
    Engine engine(directory_, "first");
    produce_calls({"111122223333"});
    ASSERT_TRUE(wait_for(reader, "111122223333", "ALARM")) << engine.standard_error();
    ASSERT_TRUE(wait_for(reader, "111122223333", "OK")) << engine.standard_error();
    ASSERT_EQ(engine.stop(), 0) << engine.standard_error();
  }
  const auto records = topics_->read(trail_);
  for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
    const auto in_partition = std::ranges::count(records, partition, &TopicRecord::partition);
    EXPECT_EQ(topics_->committed(group_, trail_, partition), in_partition);
  }
  // The new alarm comes after whatever else the second run makes of what it reads.
  Engine engine(directory_, "second");
  produce_calls({"222233334444"});
  ASSERT_TRUE(wait_for(reader, "222233334444", "ALARM")) << engine.standard_error();
  EXPECT_EQ(engine.stop(), 0) << engine.standard_error();
  for (TopicRecord& alert : reader.rest()) alerts_seen_.push_back(std::move(alert));
  EXPECT_EQ(std::ranges::count(states_of("111122223333"), "ALARM"), 1);
  EXPECT_EQ(distinct_ids(), alerts_seen_.size());
}

}  // namespace
}  // namespace tocsin::kafka_test
