// Against librdkafka's own mock of a broker; tests/kafka has a real one.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <chrono>

#include "tests/sinks/sink_contract.h"

namespace tocsin::sinks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Outcome = notify::Attempt::Outcome;

constexpr const char* kTopic = "alerts.security";
constexpr std::int16_t kProduceRequest = 0;  // of Kafka's protocol

// One mock broker with the topic of one partition.
class KafkaHarness {
 public:
  KafkaHarness() {
    client_ = client(RD_KAFKA_PRODUCER, {});
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
  }
  ~KafkaHarness() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  KafkaHarness(const KafkaHarness&) = delete;
  KafkaHarness& operator=(const KafkaHarness&) = delete;

  [[nodiscard]] SinkSettings settings() const {
    return {.kind = "kafka",
            .texts = {{"topic", kTopic}, {"brokers", rd_kafka_mock_cluster_bootstraps(cluster_)}},
            .maps = {{"properties",
                      {{"sasl.password", std::string(kSecret)},
                       {"message.timeout.ms", "2000"},
                       {"reconnect.backoff.max.ms", "100"}}}}};
  }
  [[nodiscard]] SinkSettings unusable() const {
    SinkSettings settings = this->settings();
    settings.maps["properties"]["security.protocol"] = kSecret;
    return settings;
  }
  void break_destination() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void mend_destination() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  void refuse_next_record(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, kProduceRequest, 1, error);
  }

  // key, headers and value of each record
  [[nodiscard]] std::vector<std::string> received() const {
    rd_kafka_t* consumer =
        client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
                                   {"group.id", "test"},
                                   {"enable.partition.eof", "true"}});
    rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(partitions, kTopic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    std::vector<std::string> records;
    for (bool at_end = false; !at_end;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 1000);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(text_of(message));
      at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return records;
  }

 private:
  static rd_kafka_t* client(rd_kafka_type_t type, const std::map<std::string, std::string>& properties) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : properties) {
      EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0), RD_KAFKA_CONF_OK);
    }
    rd_kafka_conf_set_log_cb(conf, nullptr);
    rd_kafka_t* made = rd_kafka_new(type, conf, nullptr, 0);
    EXPECT_NE(made, nullptr);
    return made;
  }

  static std::string text_of(const rd_kafka_message_t* message) {
    std::string text(static_cast<const char*>(message->key), message->key_len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name = nullptr;
      const void* value = nullptr;
      std::size_t size = 0;
      for (std::size_t i = 0;
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        text += " " + std::string(name) + "=" + std::string(static_cast<const char*>(value), size);
      }
    }
    return text + " " + std::string(static_cast<const char*>(message->payload), message->len);
  }

  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, SinkContract, KafkaHarness);

class KafkaSinkTest : public ::testing::Test {
 protected:
  static std::unique_ptr<notify::Sink> make(const SinkSettings& settings) {
    return find_sink("kafka")->make(settings);
  }
  std::unique_ptr<notify::Sink> opened() {
    auto sink = make(harness_.settings());
    const auto result = sink->open();
    EXPECT_TRUE(result) << describe(result.error());
    return sink;
  }
  static std::string error_of(const SinkSettings& settings) {
    const auto result = make(settings)->open();
    EXPECT_FALSE(result);
    return result ? std::string() : describe(result.error());
  }

  KafkaHarness harness_;
};

TEST_F(KafkaSinkTest, RecordHasKeyCloudEventsHeadersAndThePayload) {
  EXPECT_EQ(opened()->deliver(contract_notification("id-1")).outcome, Outcome::Delivered);
  EXPECT_THAT(
      harness_.received(),
      ::testing::ElementsAre(
          R"(logins{User="o'neil \ sons"} ce_specversion=1.0 ce_id=id-1 content-type=application/json )"
          R"(ce_state=ALARM {"AlarmName":"logins","NewStateReason":"Threshold Crossed: id-1"})"));
}

TEST_F(KafkaSinkTest, ProducerIsMadeAnewAfterAFatalError) {
  auto sink = opened();
  EXPECT_EQ(sink->deliver(contract_notification("id-1")).outcome, Outcome::Delivered);
  harness_.refuse_next_record(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  const auto failed = sink->deliver(contract_notification("id-2"));
  EXPECT_EQ(failed.outcome, Outcome::Retry);
  EXPECT_THAT(failed.detail, HasSubstr("made anew"));
  EXPECT_EQ(sink->deliver(contract_notification("id-2")).outcome, Outcome::Delivered);
  EXPECT_THAT(harness_.received(), SizeIs(2));
}

TEST_F(KafkaSinkTest, RecordThatTheBrokerWillNeverTakeIsRejected) {
  auto sink = opened();
  harness_.refuse_next_record(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_EQ(sink->deliver(contract_notification("id-1")).outcome, Outcome::Rejected);
  auto huge = contract_notification("id-2");
  huge.payload.assign(2'000'000, 'x');  // more than message.max.bytes: refused by the client
  EXPECT_EQ(sink->deliver(huge).outcome, Outcome::Rejected);
  EXPECT_EQ(sink->deliver(contract_notification("id-3")).outcome, Outcome::Delivered);
}

TEST_F(KafkaSinkTest, MissingRightsMayCome) {
  auto sink = opened();
  harness_.refuse_next_record(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto failed = sink->deliver(contract_notification("id-1"));
  EXPECT_EQ(failed.outcome, Outcome::Retry);
  EXPECT_TRUE(failed.away);
}

// Else it would hold back those behind it for ever.
TEST_F(KafkaSinkTest, WhatABrokerThatIsThereRefusesIsNotRetriedForEver) {
  auto sink = opened();
  for (const auto error :
       {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT}) {
    harness_.refuse_next_record(error);
    const auto failed = sink->deliver(contract_notification("id-1"));
    EXPECT_EQ(failed.outcome, Outcome::Retry);
    EXPECT_FALSE(failed.away) << failed.detail;
  }
}

TEST_F(KafkaSinkTest, BrokerThatIsAwayIsNamed) {
  auto sink = opened();
  EXPECT_EQ(sink->deliver(contract_notification("id-1")).outcome, Outcome::Delivered);
  harness_.break_destination();
  const auto failed = sink->deliver(contract_notification("id-2"));
  EXPECT_TRUE(failed.away);
  EXPECT_THAT(failed.detail, AllOf(HasSubstr("not acknowledged within 2s"), HasSubstr("127.0.0.1"),
                                   Not(HasSubstr(" (after "))));
}

TEST_F(KafkaSinkTest, BadOptionsAreNamedAndValuesAreNotShown) {
  SinkSettings settings = harness_.settings();
  settings.maps["properties"] = {{"sasl.passwort", std::string(kSecret)}};
  EXPECT_THAT(error_of(settings), AllOf(HasSubstr("'sasl.passwort'"), Not(HasSubstr(std::string(kSecret)))));
  settings.maps["properties"] = {{"acks", "1"}};
  EXPECT_THAT(error_of(settings), HasSubstr("'acks'"));
  settings.maps["properties"] = {{"message.timeout.ms", "0"}};
  EXPECT_THAT(error_of(settings), HasSubstr("'message.timeout.ms'"));
  settings.maps["properties"] = {};
  settings.texts["topic"] = "no such/topic";
  EXPECT_THAT(error_of(settings), HasSubstr("'no such/topic'"));
  settings.texts["topic"] = kTopic;
  settings.texts.erase("brokers");
  EXPECT_THAT(error_of(settings), HasSubstr("brokers"));
}

}  // namespace
}  // namespace tocsin::sinks
