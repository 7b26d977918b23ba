// What has no room in a queue waits in the outbox: with a delivery made for the test.
#include "engine/runtime/outbox_feed.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "engine/notify/notification_wire.h"
#include "engine/shard/memory_log.h"

namespace tocsin::runtime {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Queues of two, which the test empties.
class Queues final : public notify::Deliverer {
 public:
  explicit Queues(std::size_t count) : queues_(count) {}

  std::optional<Ticket> submit(const notify::Notification& notification, std::uint32_t subscription,
                               Duration) override {
    auto& queue = queues_[notification.topic + subscription];
    if (queue.size() >= kRoom) return std::nullopt;
    queue.emplace_back(++last_, notification.id);
    return last_;
  }
  [[nodiscard]] Room room(const notify::Notification&, std::uint32_t) const override { return Room::Some; }
  std::vector<Settled> take_settled() override { return std::exchange(settled_, {}); }
  [[nodiscard]] Ticket settled_up_to() const override { return 0; }
  [[nodiscard]] std::vector<notify::SubscriptionStatus> status() const override {
    std::vector<notify::SubscriptionStatus> all;
    for (const auto& queue : queues_) all.push_back({.waiting = queue.size()});
    return all;
  }

  // The destination takes what is in the queue.
  std::vector<std::string> deliver(std::size_t queue = 0) {
    std::vector<std::string> ids;
    for (const auto& [ticket, id] : std::exchange(queues_[queue], {})) {
      settled_.push_back({ticket, true});
      ids.push_back(id);
    }
    return ids;
  }

 private:
  static constexpr std::size_t kRoom = 2;
  std::vector<std::deque<std::pair<Ticket, std::string>>> queues_;
  std::vector<Settled> settled_;
  Ticket last_ = 0;
};

std::shared_ptr<const Plan> make_plan() {
  Plan plan;
  plan.topics = {{"ops", {{"hook", "webhook"}, {"mail", "email"}}}};
  return std::make_shared<const Plan>(std::move(plan));
}

class OutboxFeedTest : public testing::Test {
 protected:
  OutboxFeedTest() { open(); }

  void open() {
    journal_.reset();
    auto opened = shard::Journal::open(log_, log_, {}, {}, [](const Note&) {});
    EXPECT_TRUE(opened);
    journal_.emplace(std::move(*opened));
    feed_ = std::make_unique<OutboxFeed>(
        plan_, *journal_, queues_, letters_, limits_, [this](const Note& note) { notes_.push_back(note); },
        [this](std::uint64_t number, std::string subscription, bool delivered) {
          acks_.settled.push_back({number, std::move(subscription), delivered});
        });
  }

  // As the engine does it: kept first.
  void post(const std::string& id, std::vector<std::string> subscriptions = {"hook"}) {
    notify::Notification notification;
    notification.id = id;
    notification.payload = std::string(100, 'x');
    if (id.starts_with("event")) notification.event = std::make_shared<const notify::EventFacts>();
    const std::uint64_t number = journal_->machine().next_number();
    commit(shard::Outbox{{}, {{number, "ops", subscriptions, notify::encode(notification)}}});
    feed_->take({number, "ops", std::move(subscriptions), notification}, now_);
  }
  void post_many(int count) {
    for (int i = 0; i < count; ++i) post(fmt::format("n{}", i));
  }
  void commit(shard::Record record) {
    shard::Output none;
    std::vector<shard::Record> records;
    records.push_back(std::move(record));
    ASSERT_TRUE(journal_->commit(records, none));
  }
  // What was settled is kept too.
  void acknowledge() {
    (void)feed_->take_settled();
    if (!acks_.settled.empty()) commit(std::exchange(acks_, {}));
  }
  std::vector<std::string> codes() const {
    std::vector<std::string> all;
    for (const Note& note : notes_) all.push_back(note.code);
    return all;
  }

  const std::shared_ptr<const Plan> plan_ = make_plan();
  const std::optional<DeadLetterRoute> letters_;
  OutboxLimits limits_;
  shard::MemoryLog log_;
  Queues queues_{2};
  std::vector<Note> notes_;
  shard::Ack acks_;
  OutboxFeed::Steady now_{};
  std::optional<shard::Journal> journal_;
  std::unique_ptr<OutboxFeed> feed_;
};

TEST_F(OutboxFeedTest, WhatFindsNoRoomWaitsInTheOutboxAndComesInItsOrder) {
  post_many(5);
  EXPECT_EQ(feed_->waiting(), 3U);
  EXPECT_THAT(queues_.deliver(), ElementsAre("n0", "n1"));
  post("n5");  // there is room now, but others came before it
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("n2", "n3"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("n4", "n5"));
  EXPECT_EQ(feed_->waiting(), 0U);
  acknowledge();
  EXPECT_THAT(journal_->machine().outbox(), IsEmpty());
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(OutboxFeedTest, AFullQueueHoldsBackNoOther) {
  for (int i = 0; i < 4; ++i) post(fmt::format("n{}", i), {"hook", "mail"});
  EXPECT_THAT(queues_.deliver(1), ElementsAre("n0", "n1"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(1), ElementsAre("n2", "n3"));
  const auto status = feed_->status();
  EXPECT_EQ(status[0].waiting, 2U);
  EXPECT_EQ(status[0].in_outbox, 2U);
  EXPECT_EQ(status[1].in_outbox, 0U);
  acknowledge();
  EXPECT_THAT(journal_->machine().outbox(), SizeIs(4));  // of which the hook has none
}

TEST_F(OutboxFeedTest, NoAlarmWaitsForEventsOfRules) {
  for (const char* id : {"event 1", "event 2", "event 3", "alarm 1", "event 4", "alarm 2"}) post(id);
  EXPECT_THAT(queues_.deliver(), ElementsAre("event 1", "event 2"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("alarm 1", "alarm 2"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("event 3", "event 4"));
  EXPECT_EQ(feed_->waiting(), 0U);
  post("event 5");
  EXPECT_THAT(queues_.deliver(), ElementsAre("event 5"));
}

TEST_F(OutboxFeedTest, NoEventTakesAPlaceThatAnAlarmWaitsFor) {
  for (const char* id : {"alarm 1", "alarm 2", "alarm 3"}) post(id);
  EXPECT_THAT(queues_.deliver(), ElementsAre("alarm 1", "alarm 2"));
  post("event 1");  // there is room now, but an alarm came before it
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("alarm 3", "event 1"));
  EXPECT_EQ(feed_->waiting(), 0U);
}

TEST_F(OutboxFeedTest, EventsAreGivenUpBeforeAnyAlarm) {
  limits_.notifications = 3;
  open();
  for (const char* id : {"alarm 0", "alarm 1", "alarm 2", "event 1", "alarm 3", "event 2", "alarm 4"})
    post(id);
  EXPECT_EQ(feed_->waiting(), 3U);
  (void)queues_.deliver();
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("alarm 2", "alarm 3"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("alarm 4"));
  EXPECT_THAT(acks_.settled, SizeIs(2)) << "the events";
}

TEST_F(OutboxFeedTest, BeyondTheLimitTheOldestAreGivenUpAndThatIsTold) {
  limits_.notifications = 3;
  open();
  post_many(7);  // two are in the queue, and three may wait
  EXPECT_EQ(feed_->waiting(), 3U);
  EXPECT_THAT(codes(), ElementsAre("outbox_full"));
  EXPECT_EQ(to_text(notes_.at(0)),
            "ops/hook: its outbox is full (4 notifications waiting): from now on the oldest are given up; "
            "those are lost to it: mend the destination");
  const notify::SubscriptionStatus status = feed_->status().at(0);
  EXPECT_EQ(status.overflowed, 2U);
  EXPECT_TRUE(status.overflowing);
  EXPECT_EQ(status.published, 5U);  // and what the queue counts
  now_ += minutes(1);
  post("n7");
  EXPECT_EQ(notes_.at(1).text, "ops/hook: its outbox is full: 3 notifications given up by now");

  EXPECT_THAT(queues_.deliver(), ElementsAre("n0", "n1"));
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("n5", "n6"));
  EXPECT_EQ(notes_.at(2).text, "ops/hook: its outbox has room again: 3 notifications given up meanwhile");
  EXPECT_FALSE(feed_->status().at(0).overflowing);
  feed_->refill();
  EXPECT_THAT(queues_.deliver(), ElementsAre("n7"));
  acknowledge();
  EXPECT_THAT(journal_->machine().outbox(), IsEmpty());
  EXPECT_EQ(journal_->machine().ledger().at("given_up"), 3U);
  EXPECT_EQ(journal_->machine().ledger().at("delivered"), 5U);
}

TEST_F(OutboxFeedTest, KeepsMoreUpToHalfOfItsLimit) {
  limits_.notifications = 4;
  open();
  post_many(4);  // two are in the queue
  EXPECT_TRUE(feed_->keeps_more(0, 0));
  post("n4");
  EXPECT_FALSE(feed_->keeps_more(0, 0));
  EXPECT_TRUE(feed_->keeps_more(0, 1)) << "of another subscription";
  (void)queues_.deliver();
  feed_->refill();
  EXPECT_TRUE(feed_->keeps_more(0, 0));
}

TEST_F(OutboxFeedTest, TheLimitIsInBytesTooAndOneOfAnySizeMayWait) {
  post_many(3);
  const std::uint64_t one = journal_->machine().outbox_bytes() / 3;
  limits_.bytes = 2 * one;
  shard::Ack all;
  for (std::uint64_t number = 1; number <= 3; ++number) all.settled.push_back({number, "hook"});
  commit(all);
  (void)queues_.deliver();
  open();
  post_many(5);
  EXPECT_EQ(feed_->waiting(), 2U);
  limits_.bytes = 1;
  open();
  (void)queues_.deliver();
  post_many(4);
  EXPECT_EQ(feed_->waiting(), 1U);
}

// A restart finds many: in memory are those that the outbox holds, once, and the queue.
TEST_F(OutboxFeedTest, FiftyThousandAfterARestartComeInTheirOrder) {
  constexpr std::uint64_t kMany = 50'000;
  notify::Notification notification;
  notification.payload = std::string(200, 'x');
  shard::Outbox posted;
  for (std::uint64_t number = 1; number <= kMany; ++number) {
    notification.id = std::to_string(number);
    posted.entries.push_back({number, "ops", {"hook"}, notify::encode(notification)});
  }
  commit(std::move(posted));
  open();
  for (const auto& [number, entry] : journal_->machine().outbox()) {
    feed_->take({number, entry.topic, entry.subscriptions, *notify::decode_notification(entry.content)},
                now_);
  }
  EXPECT_EQ(feed_->waiting(), kMany - 2);
  std::uint64_t next = 1;
  while (next <= kMany) {
    for (const std::string& id : queues_.deliver()) EXPECT_EQ(id, std::to_string(next++));
    acknowledge();
    feed_->refill();
  }
  EXPECT_THAT(journal_->machine().outbox(), IsEmpty());
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(OutboxFeedTest, OfThoseThatAreGoneItIsSaidOnceHowMuchWaited) {
  for (int i = 0; i < 3; ++i) post("n" + std::to_string(i), {"pager"});
  EXPECT_THAT(codes(), IsEmpty());
  feed_->tell_of_the_gone();
  feed_->tell_of_the_gone();
  ASSERT_THAT(codes(), ElementsAre("nobody_to_tell"));
  EXPECT_THAT(notes_[0].text, HasSubstr("3 notifications waited for"));
  ASSERT_THAT(acks_.settled, SizeIs(3));
  EXPECT_FALSE(acks_.settled[0].delivered);
}

}  // namespace
}  // namespace tocsin::runtime
