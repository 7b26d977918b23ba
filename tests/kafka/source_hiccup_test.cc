// What happens to a Kafka source when its broker, its topic or its group does: what it says, what it counts,
// what is lost. Each test has a topic and a group of its own; the broker is that of the suite.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/source_run.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr auto kCloseLimit = 12s;

class SourceHiccup : public ::testing::Test {
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
    topic_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    topics_ = std::make_unique<Topics>(broker_->address());
  }

  [[nodiscard]] source::KafkaSettings settings() const {
    return SourceRun::settings(broker_->address(), topic_);
  }

  // `count` numbered records, around the partitions.
  void produce(int count, int partitions = 1) {
    std::vector<TopicRecord> batch;
    for (int i = 0; i < count; ++i) {
      expected_.push_back(std::to_string(produced_));
      batch.push_back({.value = std::to_string(produced_), .partition = produced_ % partitions});
      ++produced_;
    }
    topics_->produce(topic_, batch);
  }
  // Everything produced was read, each record once.
  void expect_all_once(const SourceRun& run) const {
    EXPECT_THAT(run.values(), ::testing::UnorderedElementsAreArray(expected_)) << run.said();
  }

  static Broker* broker_;
  std::unique_ptr<Topics> topics_;
  std::string topic_;
  int produced_ = 0;
  std::vector<std::string> expected_;
};

Broker* SourceHiccup::broker_ = nullptr;

TEST_F(SourceHiccup, SaysWhatItReadsAndHowFarItIs) {
  topics_->create(topic_, 2);
  produce(10, 2);
  SourceRun run(settings());
  ASSERT_TRUE(run.until([&] { return run.records.size() == 10 && run.caught_up(2); }));
  ASSERT_TRUE(run.until([&] {
    return std::ranges::all_of(run.status.partitions, [](const auto& p) { return p.committed == 5; });
  }));
  for (const source::Progress& progress : run.status.partitions) {
    EXPECT_EQ(progress.position, 5);
    EXPECT_EQ(progress.end, 5);
  }
  EXPECT_TRUE(run.status.connected);
  EXPECT_EQ(run.status.rebalances, 1U);
  EXPECT_THAT(run.field("kafka_client", "version"), HasSubstr("."));
  EXPECT_EQ(run.note("partitions_assigned")->text, fmt::format("partitions assigned: 2 ({} 2)", topic_));
}

TEST_F(SourceHiccup, BrokerThatIsKilledAndComesBackCostsNothing) {
  topics_->create(topic_, 2);
  produce(100, 2);
  SourceRun run(settings());
  ASSERT_TRUE(run.until_records(100));
  broker_->kill();
  ASSERT_TRUE(run.until_says("brokers_away"));
  EXPECT_FALSE(run.status.connected);
  broker_->start();
  produce(100, 2);
  ASSERT_TRUE(run.until_records(200));
  ASSERT_TRUE(run.until_says("brokers_back"));
  EXPECT_GT(std::stod(run.field("brokers_back", "seconds")), 0.5);
  expect_all_once(run);
}

TEST_F(SourceHiccup, BrokerThatStandsStillHoldsTimeAndCostsNothing) {
  topics_->create(topic_, 1);
  produce(100);
  SourceRun run(settings());
  ASSERT_TRUE(run.until([&] { return run.records.size() == 100 && run.caught_up(1); }));
  broker_->pause();
  ASSERT_TRUE(run.until_says("brokers_away"));
  const WallTime noticed = wall_now();
  ASSERT_TRUE(run.until([&] { return wall_now() > noticed + 2s; }));
  EXPECT_FALSE(run.caught_up(1, noticed)) << "silence was taken for quiet";
  broker_->resume();
  produce(100);
  ASSERT_TRUE(run.until([&] { return run.records.size() == 200 && run.caught_up(1, noticed); }));
  ASSERT_TRUE(run.until_says("brokers_back"));
  expect_all_once(run);
}

TEST_F(SourceHiccup, QuietPartitionsAreProvenQuietOverAndOver) {
  topics_->create(topic_, 3);
  SourceRun run(settings());
  ASSERT_TRUE(run.until([&] { return run.caught_up(3); }));
  const WallTime first = wall_now();
  topics_->produce(topic_, {{.value = "only here", .partition = 1}});
  ASSERT_TRUE(run.until([&] { return run.records.size() == 1 && run.caught_up(3, first); }));
}

TEST_F(SourceHiccup, TopicDeletedAndCreatedAnewIsReadFromItsStart) {
  topics_->create(topic_, 1);
  produce(100);
  SourceRun run(settings());
  ASSERT_TRUE(
      run.until([&] { return run.records.size() == 100 && run.status.partitions[0].committed == 100; }));
  topics_->remove(topic_);
  ASSERT_TRUE(run.until_says("topic_deleted"));
  topics_->create(topic_, 1);
  produce(5);
  ASSERT_TRUE(run.until_records(105));
  EXPECT_EQ(run.field("topic_recreated", "position"), "100");
  expect_all_once(run);
  EXPECT_EQ(run.source().partitions().size(), 2U) << "the new topic's partition is another one";
  ASSERT_TRUE(run.until([&] { return run.caught_up(1) && run.status.partitions[0].committed == 5; }));
}

TEST_F(SourceHiccup, TopicRecreatedFasterThanAnybodyLooksIsNoticedByItsEnd) {
  topics_->create(topic_, 1);
  produce(100);
  source::KafkaSettings slow = settings();
  slow.properties["topic.metadata.refresh.interval.ms"] = "60000";
  SourceRun run(slow);
  ASSERT_TRUE(run.until([&] { return run.records.size() == 100 && run.caught_up(1); }));
  topics_->remove(topic_);
  topics_->create(topic_, 1);
  produce(5);
  ASSERT_TRUE(run.until_says("topic_recreated"));
  ASSERT_TRUE(run.until_records(105));
  expect_all_once(run);
}

TEST_F(SourceHiccup, AddedPartitionsAreReadFromTheirFirstRecord) {
  topics_->create(topic_, 1);
  source::KafkaSettings latest = settings();
  latest.start = source::KafkaSettings::Start::Latest;
  SourceRun run(latest);
  ASSERT_TRUE(run.until([&] { return run.caught_up(1) && run.status.partitions[0].committed == 0; }));
  topics_->add_partitions(topic_, 3);
  produce(30, 3);
  ASSERT_TRUE(run.until_records(30));
  EXPECT_EQ(run.field("partitions_added", "partitions"), "1,2");
  expect_all_once(run);
}

TEST_F(SourceHiccup, RetentionThatOvertookTheReaderIsAGapWithItsRange) {
  topics_->create(topic_, 1);
  produce(10);
  {
    SourceRun run(settings());
    ASSERT_TRUE(run.until(
        [&] { return !run.status.partitions.empty() && run.status.partitions[0].committed == 10; }));
  }
  produce(90);
  topics_->delete_before(topic_, 0, 60);
  SourceRun run(settings());
  ASSERT_TRUE(run.until_records(40));
  EXPECT_EQ(run.field("source_gap", "from"), "10");
  EXPECT_EQ(run.field("source_gap", "to"), "59");
  EXPECT_EQ(run.field("source_gap", "count"), "50");
  EXPECT_EQ(run.records.front().value, "60");
  EXPECT_EQ(run.records.back().value, "99");
}

TEST_F(SourceHiccup, RetentionThatOvertakesWhileReadingIsAGapWithItsRange) {
  topics_->create(topic_, 1);
  produce(1);
  // Fetches hardly ahead, so that not reading lets the topic run away.
  source::KafkaSettings slow = settings();
  slow.properties["queued.min.messages"] = "1";
  slow.properties["fetch.message.max.bytes"] = "1000";
  SourceRun run(slow);
  ASSERT_TRUE(run.until_records(1));
  std::vector<TopicRecord> large(50, {.value = std::string(2000, 'x')});
  topics_->produce(topic_, large, {{"batch.num.messages", "1"}});
  topics_->delete_before(topic_, 0, 40);
  ASSERT_TRUE(run.until_says("source_gap"));
  ASSERT_TRUE(run.until([&] { return run.records.back().offset == 50; }));
  const auto from = std::stoll(run.field("source_gap", "from"));
  EXPECT_EQ(run.field("source_gap", "to"), "39");
  for (std::size_t i = 1; i < run.records.size(); ++i) {
    const std::int64_t expected = run.records[i - 1].offset + 1;
    EXPECT_EQ(run.records[i].offset, expected == from ? 40 : expected) << "read, or named as lost";
  }
}

TEST_F(SourceHiccup, OddRecordsComeAsTheyAre) {
  topics_->create(topic_, 1);
  std::map<std::string, std::string> many_headers;
  for (int i = 0; i < 10'000; ++i) many_headers[fmt::format("h{}", i)] = "v";
  constexpr std::int64_t kYear2262 = 9'214'646'400'000;
  const std::string at_the_limit(1'048'450, 'x');  // with what a batch adds, the broker's message.max.bytes
  topics_->produce(topic_, {{.key = "k", .tombstone = true},
                            {.key = "", .value = "no key"},
                            {.value = "headers", .headers = many_headers},
                            {.value = "1970", .timestamp_ms = 1},
                            {.value = "2262", .timestamp_ms = kYear2262}});
  topics_->produce(topic_, {{.value = at_the_limit}}, {{"message.max.bytes", "1048588"}});
  for (const char* codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    topics_->produce(topic_, {{.value = std::string(codec) + std::string(2000, 'c')}},
                     {{"compression.type", codec}});
  }
  SourceRun run(settings());
  ASSERT_TRUE(run.until_records(11));
  EXPECT_THAT(run.records[0].value, IsEmpty());
  EXPECT_EQ(run.records[1].value, "no key");
  EXPECT_EQ(run.records[2].value, "headers");
  EXPECT_EQ(run.records[3].timestamp, EventTime{Duration{1}});
  EXPECT_EQ(run.records[4].timestamp, EventTime{Duration{kYear2262}});
  EXPECT_EQ(run.records[5].value, at_the_limit);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(run.records[6 + i].value.size(), 2000U + (i < 1 ? 4U : i == 2 ? 6U : i == 3 ? 3U : 4U));
  ASSERT_TRUE(run.until([&] { return run.caught_up(1) && run.status.partitions[0].committed == 11; }));
}

TEST_F(SourceHiccup, SecondMemberOfTheGroupSharesThePartitionsAndGivesThemBack) {
  topics_->create(topic_, 4);
  produce(40, 4);
  SourceRun first(settings());
  ASSERT_TRUE(first.until_records(40));
  SourceRun second(settings());
  ASSERT_TRUE(second.until([&] {
    first.step();
    return first.status.partitions.size() == 2 && second.status.partitions.size() == 2;
  }));
  EXPECT_NE(first.note("partitions_revoked"), nullptr);
  EXPECT_EQ(first.status.rebalances, 2U);
  produce(40, 4);
  ASSERT_TRUE(second.until([&] {
    first.step();
    return first.records.size() + second.records.size() >= 80;
  }));
  EXPECT_EQ(second.records.size(), 20U);
  EXPECT_THAT(second.close(), Le(kCloseLimit));
  ASSERT_TRUE(first.until([&] { return first.status.partitions.size() == 4; }));
  produce(40, 4);
  ASSERT_TRUE(
      first.until([&] { return first.records.size() + second.records.size() >= 120 && first.caught_up(4); }));
  std::ranges::move(second.records, std::back_inserter(first.records));
  expect_all_once(first);
}

TEST_F(SourceHiccup, StaticMemberThatRestartsCausesNoRebalance) {
  topics_->create(topic_, 1);
  source::KafkaSettings node = settings();
  node.properties["group.instance.id"] = "node-1";
  {
    SourceRun run(node);
    ASSERT_TRUE(run.until([&] { return run.caught_up(1); }));
    EXPECT_THAT(to_text(*run.note("kafka_client")), HasSubstr("static member"));
  }
  produce(10);
  SourceRun run(node);
  ASSERT_TRUE(run.until_records(10));
  expect_all_once(run);
}

TEST_F(SourceHiccup, OneDeadBrokerOfTwoInTheListIsNamedAndTheOtherUsed) {
  topics_->create(topic_, 1);
  produce(10);
  source::KafkaSettings two = settings();
  two.brokers = "127.0.0.1:1," + two.brokers;
  // Which of the two is asked first is the client's choice, at random in each of its handles.
  for (int tries = 0; tries < 20; ++tries) {
    two.group = topic_ + std::to_string(tries);
    SourceRun run(two);
    ASSERT_TRUE(run.until([&] { return run.records.size() >= 10 && run.caught_up(1); })) << run.said();
    EXPECT_TRUE(run.status.connected);
    const Note* note = run.note("broker_connection");
    if (note == nullptr) continue;
    EXPECT_THAT(note->text, HasSubstr("127.0.0.1:1"));
    return;
  }
  FAIL() << "in twenty runs the dead broker was never asked, or not named";
}

TEST_F(SourceHiccup, ClosesInTimeWhateverTheBrokerDoes) {
  topics_->create(topic_, 2);
  produce(10, 2);
  SourceRun reading(settings());
  ASSERT_TRUE(reading.until_records(10));
  {
    SourceRun joining(settings());  // a rebalance that the first takes no part in
    joining.step();
    EXPECT_THAT(joining.close(), Le(kCloseLimit));
  }
  broker_->pause();
  EXPECT_THAT(reading.close(), Le(kCloseLimit));
  broker_->resume();
  SourceRun again(settings());
  ASSERT_TRUE(again.until([&] { return again.caught_up(2); }));
  broker_->kill();
  EXPECT_THAT(again.close(), Le(kCloseLimit));
  broker_->start();
}

}  // namespace
}  // namespace tocsin::kafka_test
