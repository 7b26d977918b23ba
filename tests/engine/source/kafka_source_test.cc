// Against librdkafka's mock cluster, which lives in this process: group, offsets and fetching are real,
// retention and timestamps are not (those are for the tests with a real broker).
#include "engine/source/kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "engine/source/kafka_history.h"
#include "engine/source/open_source.h"

namespace tocsin::source {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MockCluster {
 public:
  MockCluster() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    cluster_ = rd_kafka_mock_cluster_new(producer_, 2);
    brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    rd_kafka_conf_t* user_conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(user_conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_conf_set(user_conf, "bootstrap.servers", brokers_.c_str(), nullptr, 0);
    user_ = rd_kafka_new(RD_KAFKA_PRODUCER, user_conf, nullptr, 0);
  }
  ~MockCluster() {
    rd_kafka_destroy(user_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(producer_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  [[nodiscard]] const std::string& brokers() const { return brokers_; }
  void create(const std::string& topic, int partitions) const {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
  }
  void produce(const std::string& topic, int partition, std::string value) const {
    EXPECT_EQ(rd_kafka_producev(user_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(rd_kafka_flush(user_, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void produce_tombstone(const std::string& topic, int partition) const {
    rd_kafka_producev(user_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                      RD_KAFKA_V_KEY("k", 1), RD_KAFKA_V_END);
    rd_kafka_flush(user_, 10'000);
  }
  void set_missing(const std::string& topic, bool missing) const {
    rd_kafka_mock_topic_set_error(
        cluster_, topic.c_str(),
        missing ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void set_leader(const std::string& topic, int partition, std::int32_t broker) const {
    rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker);
  }
  // Broker 1 keeps the group's positions. Its next commit fails, and takes `after` to say so.
  void set_coordinator(const std::string& group) const {
    rd_kafka_mock_coordinator_set(cluster_, "group", group.c_str(), 1);
  }
  void fail_next_commit(Duration after) const {
    rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, kOffsetCommit, 1,
                                                 RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                                 static_cast<int>(after.count()));
  }
  void set_down(bool down) const {
    for (std::int32_t id = 1; id <= 2; ++id) {
      if (down) {
        rd_kafka_mock_broker_set_down(cluster_, id);
      } else {
        rd_kafka_mock_broker_set_up(cluster_, id);
      }
    }
  }

 private:
  static constexpr std::int16_t kOffsetCommit = 8;

  rd_kafka_t* producer_;
  rd_kafka_t* user_;
  rd_kafka_mock_cluster_t* cluster_;
  std::string brokers_;
};

// Owns its share of the partitions and does nothing with them.
class OtherMember final : private KafkaListener {
 public:
  explicit OtherMember(const KafkaSettings& settings)
      : client_(*KafkaClient::create(*group_properties(settings), this)) {
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    for (const std::string& topic : settings.topics)
      rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(client_->handle(), topics);
    rd_kafka_topic_partition_list_destroy(topics);
  }
  ~OtherMember() override { KafkaClient::close(client_, Duration{5'000}); }
  OtherMember(const OtherMember&) = delete;
  OtherMember& operator=(const OtherMember&) = delete;

  void poll() const {
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), 20))
      rd_kafka_message_destroy(message);
  }

 private:
  void on_assigned(const std::vector<KafkaPartition>& partitions) override { client_->hold(partitions); }
  void on_revoked(const std::vector<KafkaPartition>&, bool) override {}
  void on_error(int, const std::string&) override {}

  std::shared_ptr<KafkaClient> client_;
};

class KafkaSourceTest : public ::testing::Test {
 protected:
  KafkaSettings settings(KafkaSettings::Start start = KafkaSettings::Start::Earliest) const {
    KafkaSettings settings;
    settings.brokers = cluster.brokers();
    settings.topics = {"events"};
    settings.group = "tocsin";
    settings.start = start;
    settings.properties = {{"session.timeout.ms", "6000"}, {"topic.metadata.propagation.max.ms", "0"}};
    return settings;
  }

  // Polls until `done`; fails after a time that only a hang needs.
  void poll_until(KafkaSource& source, const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!done()) {
      auto batch = source.poll(Duration{20});
      ASSERT_TRUE(batch.has_value()) << describe(batch.error());
      if (*batch) take(source, **batch);
      for (const Note& note : source.status().notes) notes.push_back(to_text(note));
      ASSERT_LT(std::chrono::steady_clock::now(), deadline)
          << "records " << records.size() << ", notes " << notes.size();
    }
  }
  void take(KafkaSource& source, const event::RawBatch& batch) {
    const PartitionName& name = source.partitions().at(batch.partition);
    for (const event::RawRecord& record : batch.records) {
      records.push_back(std::to_string(name.number) + "/" + std::to_string(record.offset) + ":" +
                        std::string(record.value));
    }
    last_next_offset = batch.next_offset;
    last_place = batch.place;
    if (commits) source.commit(batch.partition, batch.next_offset);
    std::ranges::sort(records);
  }
  [[nodiscard]] std::vector<std::string> notes_with(const std::string& part) const {
    std::vector<std::string> found;
    std::ranges::copy_if(notes, std::back_inserter(found),
                         [&](const std::string& note) { return note.find(part) != std::string::npos; });
    return found;
  }
  // Where the group of settings() is in a partition of "events".
  std::int64_t committed(std::int32_t partition) const {
    const auto client = KafkaClient::create(*group_properties(settings()), nullptr);
    EXPECT_TRUE(client.has_value());
    const auto offsets = committed_offsets(**client, {{"events", partition}}, Duration{10'000});
    return offsets ? offsets->at({"events", partition}).offset : kNoOffset;
  }
  static bool all_caught_up(KafkaSource& source, std::size_t partitions) {
    const SourceStatus status = source.status();
    return status.partitions.size() == partitions &&
           std::ranges::all_of(status.partitions, &Progress::caught_up);
  }

  MockCluster cluster;
  std::vector<std::string> records;
  std::vector<std::string> notes;
  bool commits = true;
  std::int64_t last_next_offset = -1;
  std::string last_place;
};

TEST_F(KafkaSourceTest, ReadsAllPartitionsAndGoesOnWhereItCommitted) {
  cluster.create("events", 2);
  cluster.produce("events", 0, "a");
  cluster.produce("events", 0, "b");
  cluster.produce("events", 1, "c");
  {
    KafkaSource source("trail", settings(), {});
    ASSERT_TRUE(source.open({}).has_value());
    poll_until(source, [&] { return records.size() == 3; });
    EXPECT_THAT(records, ElementsAre("0/0:a", "0/1:b", "1/0:c"));
    source.close();
  }
  records.clear();
  cluster.produce("events", 1, "d");
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return !records.empty() && all_caught_up(source, 2); });
  EXPECT_THAT(records, ElementsAre("1/1:d"));
}

TEST_F(KafkaSourceTest, ReadsAgainWhatWasNotCommitted) {
  cluster.create("events", 1);
  cluster.produce("events", 0, "a");
  for (int round = 0; round < 2; ++round) {
    KafkaSource source("trail", settings(), {});
    ASSERT_TRUE(source.open({}).has_value());
    bool read = false;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!read) {
      auto batch = source.poll(Duration{20});
      ASSERT_TRUE(batch.has_value());
      read = batch->has_value() && !(*batch)->records.empty();
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
  }
}

// A reload without a state: the process knows what it read, and after a crash only the group would.
TEST_F(KafkaSourceTest, APositionThatDoesNotOutliveTheProcessIsNotCommittedBeforeItIsJudged) {
  cluster.create("events", 1);
  for (const char* value : {"a", "b", "c"}) cluster.produce("events", 0, value);
  commits = false;
  std::vector<Resume> from;
  {
    KafkaSource source("trail", settings(), {});
    ASSERT_TRUE(source.open({}).has_value());
    poll_until(source, [&] { return records.size() == 3; });
    source.commit(0, 1);
    from.push_back({source.partitions()[0], last_next_offset, last_place, false});
    source.close();
  }
  ASSERT_EQ(committed(0), 1);
  records.clear();
  KafkaSettings reloaded = settings();
  reloaded.positions = KafkaSettings::Positions::State;
  KafkaSource source("trail", reloaded, {});
  ASSERT_TRUE(source.open(from).has_value());
  poll_until(source, [&] { return all_caught_up(source, 1); });
  EXPECT_THAT(records, IsEmpty());
  EXPECT_EQ(committed(0), 1);
  source.commit(0, 3);
  source.close();
  EXPECT_EQ(committed(0), 3);
}

TEST_F(KafkaSourceTest, TheTopicOfAnotherClusterIsAnotherOneAndBeginsAsTheGroupThereSays) {
  cluster.create("events", 1);
  for (const char* value : {"a", "b", "c"}) cluster.produce("events", 0, value);
  std::vector<Resume> from;
  {
    KafkaSource source("trail", settings(), {});
    ASSERT_TRUE(source.open({}).has_value());
    poll_until(source, [&] { return records.size() == 3; });
    from.push_back({source.partitions()[0], last_next_offset, last_place});
    source.close();
  }
  records.clear();
  const MockCluster other;
  other.create("events", 1);
  for (const char* value : {"d", "e", "f", "g"}) other.produce("events", 0, value);
  KafkaSettings elsewhere = settings();
  elsewhere.brokers = other.brokers();
  KafkaSource source("trail", elsewhere, {});
  ASSERT_TRUE(source.open(from).has_value());
  poll_until(source, [&] { return records.size() == 4 && all_caught_up(source, 1); });
  EXPECT_THAT(records, ElementsAre("0/0:d", "0/1:e", "0/2:f", "0/3:g"));
  ASSERT_EQ(source.partitions().size(), 2U);
  EXPECT_EQ(source.partitions()[1].incarnation, "2");
  EXPECT_THAT(notes_with("is of another Kafka cluster"), SizeIs(1));
}

TEST_F(KafkaSourceTest, StartsAtTheEndAndKeepsThatStart) {
  cluster.create("events", 1);
  cluster.produce("events", 0, "old");
  {
    KafkaSource source("trail", settings(KafkaSettings::Start::Latest), {});
    ASSERT_TRUE(source.open({}).has_value());
    poll_until(source, [&] { return all_caught_up(source, 1); });
    EXPECT_THAT(records, IsEmpty());
    EXPECT_THAT(notes_with("is new to topic events: records that are there already are not read: 1"),
                SizeIs(1));
  }
  cluster.produce("events", 0, "while it was away");
  KafkaSource source("trail", settings(KafkaSettings::Start::Latest), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return !records.empty(); });
  EXPECT_THAT(records, ElementsAre("0/1:while it was away"));
  EXPECT_THAT(notes_with("are not read"), SizeIs(1)) << "the group is not new any more";
}

TEST_F(KafkaSourceTest, StartsAtTheEndOfAPartitionWhoseLeaderComesLate) {
  cluster.create("events", 2);
  cluster.produce("events", 0, "old");
  cluster.produce("events", 1, "old");
  cluster.set_leader("events", 1, -1);
  KafkaSource source("trail", settings(KafkaSettings::Start::Latest), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return committed(0) == 1; });
  EXPECT_EQ(committed(1), kNoOffset);
  cluster.set_leader("events", 1, 2);
  poll_until(source, [&] { return committed(1) != kNoOffset && all_caught_up(source, 2); });
  EXPECT_THAT(records, IsEmpty());
}

TEST_F(KafkaSourceTest, FirstOfAGroupCommitsTheStartsOfAllPartitions) {
  cluster.create("events", 2);
  cluster.produce("events", 0, "old");
  cluster.produce("events", 1, "old");
  OtherMember other(settings());
  KafkaSource source("trail", settings(KafkaSettings::Start::Latest), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] {
    other.poll();
    return all_caught_up(source, 1) && committed(0) == 1 && committed(1) == 1;
  });
  EXPECT_THAT(records, IsEmpty());
}

TEST_F(KafkaSourceTest, WarnsThatAlarmsSeeOnlyPartOfASharedTopic) {
  cluster.create("events", 2);
  OtherMember other(settings());
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] {
    other.poll();
    return !notes_with("alarms see only part of topic events: 1 of 2 partitions").empty();
  });
  EXPECT_THAT(source.status().unheard, IsEmpty());
}

TEST_F(KafkaSourceTest, HearsNothingOfATopicThatIsNotThere) {
  cluster.create("events", 1);
  cluster.set_missing("more", true);
  KafkaSettings two = settings();
  two.topics.emplace_back("more");
  two.properties["topic.metadata.refresh.interval.ms"] = "200";
  KafkaSource source("trail", two, {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return all_caught_up(source, 1); });
  EXPECT_THAT(source.status().unheard, ElementsAre("more"));
  cluster.set_missing("more", false);
  poll_until(source, [&] {
    const SourceStatus status = source.status();
    return status.partitions.size() > 1 && status.unheard.empty();
  });
}

TEST_F(KafkaSourceTest, SaysThatALeaderIsAwayFromTheStart) {
  cluster.create("events", 2);
  cluster.set_leader("events", 1, -1);
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return !notes_with("lead 1 of the partitions do not answer").empty(); });
  cluster.set_leader("events", 1, 2);
  poll_until(source, [&] { return !notes_with("all partitions' leaders answer again").empty(); });
}

TEST_F(KafkaSourceTest, TriesACommitAgainAndNeverGoesBack) {
  cluster.create("events", 1);
  cluster.set_coordinator("tocsin");
  commits = false;
  for (int i = 0; i < 3; ++i) cluster.produce("events", 0, "x");
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return records.size() == 3 && committed(0) == 0; });
  cluster.fail_next_commit(Duration{100});
  source.commit(0, 2);
  poll_until(source, [&] { return !notes_with("could not be saved").empty(); });
  source.commit(0, 1);
  poll_until(source, [&] { return committed(0) == 2; });
  source.commit(0, 4);  // never handed over
  source.commit(0, 3);
  source.close();
  EXPECT_EQ(committed(0), 3);
}

TEST_F(KafkaSourceTest, ARebalanceCommitsNothingThatIsNotSettled) {
  cluster.create("events", 2);
  commits = false;
  for (int i = 0; i < 10; ++i) {
    for (int partition = 0; partition < 2; ++partition) cluster.produce("events", partition, "x");
  }
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return records.size() == 20; });
  KafkaSource second("trail", settings(), {});
  ASSERT_TRUE(second.open({}).has_value());
  bool second_read = false;
  poll_until(source, [&] {
    const auto batch = second.poll(Duration{20});
    second_read |= batch->has_value();
    return second_read && all_caught_up(source, 1);
  });
  EXPECT_LE(committed(0), 0);
  EXPECT_LE(committed(1), 0);
  const std::uint32_t kept = source.status().partitions.front().partition;
  const std::int32_t number = source.partitions().at(kept).number;
  source.commit(kept, 10);
  poll_until(source, [&] { return committed(number) == 10; });
  EXPECT_LE(committed(1 - number), 0);
  second.close();
}

TEST_F(KafkaSourceTest, IsCaughtUpOnlyByAnAnswerAndOnlyWithAllOfItPolled) {
  cluster.create("events", 1);
  for (int i = 0; i < 20; ++i) cluster.produce("events", 0, "x");
  KafkaSource source("trail", settings(), {.batch_bytes = 1, .batch_records = 1});
  ASSERT_TRUE(source.open({}).has_value());
  const WallTime before = wall_now();
  poll_until(source, [&] {
    const SourceStatus status = source.status();
    const bool caught_up = !status.partitions.empty() && status.partitions[0].caught_up;
    EXPECT_TRUE(!caught_up || records.size() == 20) << "after " << records.size();
    return caught_up;
  });
  // What is not owned is not proven either: without its brokers a group falls apart.
  const auto proven_at = [&] {
    const SourceStatus status = source.status();
    return status.partitions.empty() ? WallTime{} : status.partitions[0].at;
  };
  EXPECT_GE(proven_at(), before);
  cluster.set_down(true);
  poll_until(source, [&] { return !notes_with("no broker of").empty(); });
  const WallTime proven = std::max(proven_at(), wall_now());
  poll_until(source, [&] {
    EXPECT_LE(proven_at(), proven) << "without an answer nothing is proven";
    return wall_now() > proven + std::chrono::seconds{3};
  });
  cluster.set_down(false);
  poll_until(source, [&] { return proven_at() > proven; });
  poll_until(source, [&] { return !notes_with("the brokers answer again, after").empty(); });
}

TEST_F(KafkaSourceTest, HandsTombstonesOverAsRecordsWithoutAValue) {
  cluster.create("events", 1);
  cluster.produce("events", 0, "a");
  cluster.produce_tombstone("events", 0);
  KafkaSource source("trail", settings(), {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return last_next_offset == 2; });
  EXPECT_THAT(records, ElementsAre("0/0:a", "0/1:"));
}

TEST_F(KafkaSourceTest, WaitsForATopicThatDoesNotExist) {
  cluster.set_missing("events", true);
  KafkaSettings missing = settings();
  missing.properties["topic.metadata.refresh.interval.ms"] = "200";
  KafkaSource source("trail", missing, {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return !notes_with("topic events").empty(); });
  EXPECT_THAT(notes, Contains("topic events does not exist (yet); create it or mend the name; trying again"));
  cluster.set_missing("events", false);
  cluster.create("events", 1);
  cluster.produce("events", 0, "at last");
  poll_until(source, [&] { return !records.empty(); });
  EXPECT_THAT(records, ElementsAre("0/0:at last"));
}

TEST_F(KafkaSourceTest, BatchesOutliveTheSource) {
  cluster.create("events", 1);
  cluster.produce("events", 0, "kept");
  event::RawBatch kept;
  {
    KafkaSource source("trail", settings(), {});
    ASSERT_TRUE(source.open({}).has_value());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (kept.records.empty()) {
      auto batch = source.poll(Duration{20});
      ASSERT_TRUE(batch.has_value());
      if (*batch) kept = std::move(**batch);
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
  }
  EXPECT_EQ(kept.records[0].value, "kept");
}

TEST_F(KafkaSourceTest, SaysThatNoBrokerAnswersAndCloses) {
  KafkaSettings nowhere = settings();
  nowhere.brokers = "127.0.0.1:1";
  KafkaSource source("trail", nowhere, {});
  ASSERT_TRUE(source.open({}).has_value());
  poll_until(source, [&] { return !notes_with("no broker of 127.0.0.1:1 answers").empty(); });
  source.close();
  EXPECT_FALSE(source.poll(Duration{0})->has_value());
}

TEST_F(KafkaSourceTest, IsHistoryFromStartToTheEndOfNow) {
  cluster.create("events", 3);
  for (int i = 0; i < 50; ++i) cluster.produce("events", i % 2, std::to_string(i));
  SourceSettings source;
  source.name = "trail";
  source.kind = settings();
  const auto partitions = open_history(source, {.batch_bytes = 1024, .batch_records = 7});
  ASSERT_TRUE(partitions.has_value()) << describe(partitions.error());
  ASSERT_EQ(partitions->size(), 3U);
  cluster.produce("events", 0, "too late");
  std::vector<std::unique_ptr<PartitionReader>> readers;
  for (const HistoryPartition& partition : *partitions) {
    EXPECT_EQ(partition.name.topic, "events");
    auto reader = partition.open();
    ASSERT_TRUE(reader.has_value()) << describe(reader.error());
    readers.push_back(std::move(*reader));
  }
  // Unevenly: the last partition first, and of the others one before the other.
  for (std::size_t i = readers.size(); i-- > 0;) {
    for (bool last = false; !last;) {
      const auto batch = readers[i]->read();
      ASSERT_TRUE(batch.has_value()) << describe(batch.error());
      EXPECT_LE(batch->records.size(), 7U);
      for (const event::RawRecord& record : batch->records) {
        records.push_back(std::to_string(i) + "/" + std::to_string(record.offset) + ":" +
                          std::string(record.value));
      }
      last = batch->last;
    }
  }
  ASSERT_EQ(records.size(), 50U);
  EXPECT_EQ(records[0], "1/0:1");
  EXPECT_EQ(records[24], "1/24:49");
  EXPECT_EQ(records[49], "0/24:48");
}

TEST(KafkaProperties, HasSafeDefaultsThatTheUserMayChange) {
  KafkaSettings settings;
  settings.brokers = "b:9092";
  settings.group = "g";
  settings.properties = {{"fetch.wait.max.ms", "7"}, {"security.protocol", "SASL_SSL"}};
  const auto properties = reader_properties(settings);
  ASSERT_TRUE(properties.has_value());
  EXPECT_EQ(properties->at("bootstrap.servers"), "b:9092");
  EXPECT_EQ(properties->at("group.id"), "g");
  EXPECT_EQ(properties->at("enable.auto.commit"), "false");
  EXPECT_EQ(properties->at("check.crcs"), "true");
  EXPECT_EQ(properties->at("fetch.wait.max.ms"), "7");
  EXPECT_EQ(properties->at("security.protocol"), "SASL_SSL");
  EXPECT_EQ(properties->at("queued.max.messages.kbytes"), "65536");
  settings.ahead_bytes = 3 << 20;
  EXPECT_EQ(reader_properties(settings)->at("queued.max.messages.kbytes"), "3072");
}

TEST(KafkaProperties, SharesTheMemoryAmongThePartitionsOfAHistory) {
  KafkaSettings settings;
  EXPECT_EQ(history_properties(settings, 1)->at("queued.max.messages.kbytes"), "32768");
  EXPECT_EQ(history_properties(settings, 100)->at("queued.max.messages.kbytes"), "2621");
  EXPECT_EQ(history_properties(settings, 100'000)->at("queued.max.messages.kbytes"), "512");
}

TEST(KafkaProperties, RefusesWhatTheEngineRestsOn) {
  for (const char* name : {"enable.auto.commit", "auto.offset.reset", "group.id", "bootstrap.servers",
                           "partition.assignment.strategy"}) {
    SourceSettings source;
    KafkaSettings kafka;
    kafka.properties = {{name, "x"}};
    source.kind = kafka;
    const auto made = make_source(source, {});
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().code, ErrorCode::Invalid);
    EXPECT_THAT(made.error().message, HasSubstr(name));
  }
}

TEST(KafkaProperties, NamesABadPropertyWithoutItsValue) {
  const auto unknown = KafkaClient::create({{"securty.protocol", "hunter2"}}, nullptr);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().message, HasSubstr("securty.protocol"));
  const auto bad = KafkaClient::create({{"security.protocol", "hunter2"}}, nullptr);
  ASSERT_FALSE(bad.has_value());
  EXPECT_THAT(bad.error().message, HasSubstr("security.protocol"));
  EXPECT_THAT(describe(bad.error()) + describe(unknown.error()), ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tocsin::source
