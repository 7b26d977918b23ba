// A Kafka source that goes on from an engine's state: what became of topic and group meanwhile, and who is
// right. Each test has a topic and a group of its own; the broker is that of the suite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/source_run.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Positions = source::KafkaSettings::Positions;

class SourceResume : public ::testing::Test {
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
    topics_->create(topic_, 1);
  }

  [[nodiscard]] source::KafkaSettings settings(Positions positions = Positions::Undecided) const {
    source::KafkaSettings settings = SourceRun::settings(broker_->address(), topic_);
    settings.positions = positions;
    return settings;
  }
  [[nodiscard]] std::string group() const { return settings().group; }

  void produce(int count) {
    std::vector<TopicRecord> batch;
    for (int i = 0; i < count; ++i) batch.push_back({.value = std::to_string(produced_++)});
    topics_->produce(topic_, batch);
  }
  // What a state has after 100 records; the group has their positions, too, or only where they began.
  std::vector<source::Resume> read_100(bool commits = true) {
    produce(100);
    SourceRun run(settings());
    run.commits = commits;
    EXPECT_TRUE(run.until([&] {
      return run.records.size() == 100 && run.status.partitions[0].committed == (commits ? 100 : 0);
    }));
    EXPECT_THAT(run.close(), ::testing::Ge(Duration{0}));
    return run.kept();
  }
  // Records, and a state's positions, from an offset on: to the end as of now.
  void expect_reads_from(SourceRun& run, std::int64_t offset) const {
    const auto count = static_cast<std::size_t>(produced_ - offset);
    ASSERT_TRUE(run.until([&] { return run.records.size() >= count && run.caught_up(1); }));
    ASSERT_EQ(run.records.size(), count) << run.said();
    if (count > 0) {
      EXPECT_EQ(run.records.front().offset, offset);
    }
    ASSERT_TRUE(run.until([&] { return run.status.partitions[0].committed == produced_; }));
  }
  void expect_refused(const std::vector<source::Resume>& from, const std::string& what) const {
    SourceRun run(settings(), from);
    ASSERT_TRUE(run.until_fails());
    EXPECT_THAT(describe(*run.failure),
                AllOf(HasSubstr("topic " + topic_ + " partition 0 was read to offset 100"), HasSubstr(what),
                      HasSubstr("--positions state"), HasSubstr("--positions group")));
    EXPECT_TRUE(run.records.empty());
    [[maybe_unused]] const auto time = run.close();
  }

  static Broker* broker_;
  std::unique_ptr<Topics> topics_;
  std::string topic_;
  int produced_ = 0;
};

Broker* SourceResume::broker_ = nullptr;

TEST_F(SourceResume, GoesOnWhereTheStateIsAndTellsTheGroup) {
  const auto from = read_100(false);
  produce(5);
  SourceRun run(settings(), from);
  expect_reads_from(run, 100);
  EXPECT_EQ(run.source().partitions().size(), 1U);
  EXPECT_EQ(run.source().partitions()[0].incarnation, "1");
}

TEST_F(SourceResume, APositionOfAnotherIsTakenOverBeforeAnythingIsRead) {
  produce(10);
  topics_->commit(group(), topic_, 0, 5);
  std::vector<source::Resume> from;
  {
    SourceRun run(settings());
    run.commits = false;
    ASSERT_TRUE(run.until_records(5));
    from = run.kept();
  }
  EXPECT_EQ(topics_->committed(group(), topic_, 0), 5);
  SourceRun run(settings(), from);
  expect_reads_from(run, 10);
}

TEST_F(SourceResume, AGroupThatWasSetBackIsRefusedUntilAPersonChooses) {
  const auto from = read_100();
  topics_->commit(group(), topic_, 0, 60);
  expect_refused(from, "the group was set back to 60");
  EXPECT_EQ(topics_->committed(group(), topic_, 0), 60) << "a refusal changes nothing";
  {
    SourceRun run(settings(Positions::Group), from);
    expect_reads_from(run, 60);
    EXPECT_EQ(run.note("source_gap"), nullptr);
    [[maybe_unused]] const auto time = run.close();
  }
  topics_->commit(group(), topic_, 0, 60);
  produce(5);
  SourceRun run(settings(Positions::State), from);
  expect_reads_from(run, 100);
}

TEST_F(SourceResume, AGroupThatIsAheadIsRefusedUntilAPersonChooses) {
  const auto from = read_100();
  produce(20);
  topics_->commit(group(), topic_, 0, 110);
  expect_refused(from, "the group is ahead at 110");
  {
    SourceRun run(settings(Positions::Group), from);
    expect_reads_from(run, 110);
    EXPECT_EQ(run.field("source_gap", "from"), "100");
    EXPECT_EQ(run.field("source_gap", "to"), "109");
    [[maybe_unused]] const auto time = run.close();
  }
  SourceRun run(settings(Positions::State), from);
  expect_reads_from(run, 100);
}

TEST_F(SourceResume, AGroupThatExpiredIsRefusedUntilAPersonChooses) {
  const auto from = read_100();
  topics_->remove_group(group());
  expect_refused(from, "the group has no offset");
  {
    SourceRun run(settings(Positions::Group), from);
    expect_reads_from(run, 0);
    [[maybe_unused]] const auto time = run.close();
  }
  topics_->remove_group(group());
  produce(5);
  SourceRun run(settings(Positions::State), from);
  expect_reads_from(run, 100);
}

TEST_F(SourceResume, APartitionThatWasMetAndNeverReadBeginsWhereTheGroupIs) {
  produce(50);
  source::KafkaSettings latest = settings();
  latest.start = source::KafkaSettings::Start::Latest;
  std::vector<source::Resume> from;
  {
    SourceRun run(latest);
    ASSERT_TRUE(run.until([&] { return run.caught_up(1); }));
    from = run.kept();
    [[maybe_unused]] const auto time = run.close();
  }
  ASSERT_EQ(from.size(), 1U);
  EXPECT_EQ(from[0].next_offset, 0);
  produce(5);
  for (const Positions positions : {Positions::Undecided, Positions::State}) {
    latest.positions = positions;
    SourceRun run(latest, from);
    run.commits = false;
    ASSERT_TRUE(run.until([&] { return run.records.size() >= 5 && run.caught_up(1); }));
    EXPECT_EQ(run.records.size(), 5U) << run.said();
    EXPECT_EQ(run.records.front().offset, 50);
    EXPECT_EQ(run.note("source_gap"), nullptr);
    [[maybe_unused]] const auto time = run.close();
  }
}

TEST_F(SourceResume, ATopicCreatedAnewMeanwhileIsAnotherIncarnation) {
  const auto from = read_100();
  topics_->remove(topic_);
  topics_->create(topic_, 1);
  produced_ = 0;
  produce(5);
  std::vector<source::Resume> kept;
  {
    SourceRun run(settings(), from);
    expect_reads_from(run, 0);
    EXPECT_EQ(run.field("topic_recreated", "position"), "100");
    ASSERT_EQ(run.source().partitions().size(), 2U);
    EXPECT_EQ(run.source().partitions()[0].incarnation, "1");
    EXPECT_EQ(run.source().partitions()[1].incarnation, "2");
    [[maybe_unused]] const auto time = run.close();
    kept = run.kept();
  }
  ASSERT_EQ(kept.size(), 2U);
  produce(200);  // beyond the old one's position
  {
    SourceRun run(settings(), kept);
    expect_reads_from(run, 5);
    EXPECT_EQ(run.note("topic_recreated"), nullptr);
    [[maybe_unused]] const auto time = run.close();
  }
  // The state knows nothing of the new one, whose commit says that it was begun.
  SourceRun run(settings(), from);
  ASSERT_TRUE(run.until_says("topic_recreated"));
  ASSERT_TRUE(run.until([&] { return run.caught_up(1); }));
  EXPECT_EQ(run.source().partitions().back().incarnation, "2");
}

TEST_F(SourceResume, WhatRetentionTookMeanwhileIsAGapFromTheStatesPositionOn) {
  auto from = read_100(false);
  from[0].next_offset = 10;
  topics_->delete_before(topic_, 0, 60);
  SourceRun run(settings(), from);
  expect_reads_from(run, 60);
  EXPECT_EQ(run.field("source_gap", "from"), "10");
  EXPECT_EQ(run.field("source_gap", "to"), "59");
  EXPECT_EQ(run.field("source_gap", "count"), "50");
}

TEST_F(SourceResume, AnIncarnationThatCannotBeReadIsAnErrorThatNamesThePartition) {
  source::Resume resume{.name = {.source = "trail", .topic = topic_, .incarnation = "newest"}};
  auto made = source::make_source({.name = "trail", .kind = settings()}, {});
  const auto opened = (*made)->open({resume});
  ASSERT_FALSE(opened);
  EXPECT_THAT(describe(opened.error()),
              AllOf(HasSubstr("topic " + topic_ + " partition 0"), HasSubstr("newest")));
}

}  // namespace
}  // namespace tocsin::kafka_test
