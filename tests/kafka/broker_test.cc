#include "tests/kafka/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/notify/notification.h"
#include "sinks/sink_kind.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using notify::Attempt;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RealBroker : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    broker_ = new Broker(kafka_jars());
    const auto before = std::chrono::steady_clock::now();
    broker_->start();
    const auto took = std::chrono::steady_clock::now() - before;
    RecordProperty("start_ms",
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    RecordProperty("resident_mib", std::to_string(broker_->resident_bytes() >> 20));
  }
  static void TearDownTestSuite() {
    delete broker_;
    broker_ = nullptr;
  }

  static std::unique_ptr<notify::Sink> opened_sink(const std::string& topic) {
    auto sink = sinks::find_sink("kafka")->make(
        {.kind = "kafka",
         .texts = {{"topic", topic}, {"brokers", broker_->address()}},
         .maps = {{"properties", {{"message.timeout.ms", "3000"}, {"reconnect.backoff.max.ms", "200"}}}}});
    const auto opened = sink->open();
    EXPECT_TRUE(opened) << describe(opened.error());
    return sink;
  }
  static notify::Notification notification(const std::string& id, const std::string& key) {
    notify::Notification notification;
    notification.id = id;
    notification.key = key;
    notification.payload = R"({"AlarmName":"a"})";
    notification.attributes = {{"id", id}, {"datacontenttype", "application/json"}};
    return notification;
  }

  static Broker* broker_;  // of the whole suite: a start takes seconds
};

Broker* RealBroker::broker_ = nullptr;

TEST_F(RealBroker, RecordsComeBackWithTimestampKeyAndHeaders) {
  const Topics topics(broker_->address());
  topics.create("round-trip", 2);
  topics.produce("round-trip",
                 {{.key = "k0", .value = "v0", .headers = {{"h", "x"}}, .timestamp_ms = 1'700'000'000'123},
                  {.key = "k1", .value = "v1", .timestamp_ms = 1'700'000'000'456, .partition = 1}});
  const auto records = topics.read("round-trip");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].key, "k0");
  EXPECT_EQ(records[0].value, "v0");
  EXPECT_EQ(records[0].headers.at("h"), "x");
  EXPECT_EQ(records[0].timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ(records[1].partition, 1);
  EXPECT_EQ(records[1].offset, 0);
  EXPECT_EQ(topics.committed("nobody", "round-trip", 0), std::nullopt);
}

TEST_F(RealBroker, SinkKeepsAKeyInThePartitionThatJavasClientChooses) {
  const Topics topics(broker_->address());
  topics.create("alerts.keys", 4);
  auto sink = opened_sink("alerts.keys");
  for (const char* id : {"1", "2", "3"}) {
    for (const char* key : {"logins", "foobar", "abc"}) {
      ASSERT_EQ(sink->deliver(notification(std::string(key) + id, key)).outcome, Attempt::Outcome::Delivered);
    }
  }
  // murmur2 of these keys, which Java's client publishes as test values: foobar -790332482, abc 479470107.
  std::map<std::string, std::int32_t> expected = {{"foobar", (-790332482 & 0x7fffffff) % 4},
                                                  {"abc", 479470107 % 4}};
  std::map<std::string, std::vector<std::string>> ids;
  for (const auto& record : topics.read("alerts.keys")) {
    const std::int32_t partition = expected.try_emplace(record.key, record.partition).first->second;
    EXPECT_EQ(record.partition, partition) << record.key;
    EXPECT_EQ(record.headers.at("content-type"), "application/json");
    ids[record.key].push_back(record.headers.at("ce_id"));
  }
  EXPECT_THAT(ids["foobar"], ::testing::ElementsAre("foobar1", "foobar2", "foobar3"));
  EXPECT_THAT(ids["logins"], ::testing::ElementsAre("logins1", "logins2", "logins3"));
}

TEST_F(RealBroker, SinkNamesATopicThatIsMissingAndDeliversOnceItIsThere) {
  auto sink = opened_sink("alerts.later");
  const Attempt missing = sink->deliver(notification("1", "k"));
  EXPECT_EQ(missing.outcome, Attempt::Outcome::Retry);
  EXPECT_THAT(missing.detail, HasSubstr("'alerts.later' does not exist"));
  const Topics topics(broker_->address());
  topics.create("alerts.later", 1);
  const Attempt delivered = sink->deliver(notification("1", "k"));
  EXPECT_EQ(delivered.outcome, Attempt::Outcome::Delivered) << delivered.detail;
  EXPECT_THAT(topics.read("alerts.later"), SizeIs(1));
}

TEST_F(RealBroker, SinkOutlivesACrashOfTheBrokerThatKeepsItsData) {
  const Topics topics(broker_->address());
  topics.create("alerts.crash", 1);
  auto sink = opened_sink("alerts.crash");
  ASSERT_EQ(sink->deliver(notification("1", "k")).outcome, Attempt::Outcome::Delivered);
  broker_->kill();
  EXPECT_EQ(sink->deliver(notification("2", "k")).outcome, Attempt::Outcome::Retry);
  broker_->start();
  // Each attempt waits for the broker by itself; the first may still meet a topic without a leader.
  Attempt attempt{.outcome = Attempt::Outcome::Retry};
  for (int tries = 0; tries < 10 && attempt.outcome == Attempt::Outcome::Retry; ++tries) {
    attempt = sink->deliver(notification("2", "k"));
  }
  EXPECT_EQ(attempt.outcome, Attempt::Outcome::Delivered) << attempt.detail;
  broker_->terminate();
  broker_->start();
  const auto records = topics.read("alerts.crash");
  ASSERT_GE(records.size(), 2U);
  EXPECT_EQ(records.front().headers.at("ce_id"), "1");
  EXPECT_EQ(records.back().headers.at("ce_id"), "2");
}

}  // namespace
}  // namespace tocsin::kafka_test
