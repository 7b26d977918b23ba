#include "engine/runtime/event_queue.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Room = notify::Deliverer::Room;

// A mailbox of which the test says how full it is.
class Mailbox final : public notify::Deliverer {
 public:
  std::optional<Ticket> submit(const notify::Notification& notification, std::uint32_t, Duration) override {
    taken.push_back(notification.id);
    if (rooms > 0 && --rooms == 0) room_ = Room::None;
    return taken.size();
  }
  [[nodiscard]] Room room(const notify::Notification& notification, std::uint32_t) const override {
    return notification.topic == 0 ? room_ : Room::Half;
  }
  std::vector<Settled> take_settled() override { return {}; }
  [[nodiscard]] Ticket settled_up_to() const override { return 0; }
  [[nodiscard]] std::vector<notify::SubscriptionStatus> status() const override { return {}; }

  Room room_ = Room::Half;
  int rooms = 0;  // then it is full
  std::vector<std::string> taken;
};

class EventQueueTest : public ::testing::Test {
 protected:
  void push(int count, std::uint32_t topic = 0, std::uint32_t subscription = 0) {
    for (int i = 0; i < count; ++i) {
      notify::Notification notification;
      notification.id = std::to_string(pushed_++);
      notification.topic = topic;
      queue_.push({{7, "topic", {"console"}, notification}, subscription});
    }
  }
  // The number of those that are taken at this moment.
  std::size_t step(Duration later) {
    now_ += later;
    const std::size_t before = mailbox_.taken.size();
    queue_.step(mailbox_, now_,
                {[&](const OutboxNotification& event) {
                   EXPECT_EQ(event.number, 7U);
                   EXPECT_TRUE(mailbox_.submit(event.notification, 0, 0s));
                 },
                 [&](std::uint32_t topic, std::uint32_t) { return topic == 0 && outbox_keeps_more_; }});
    return mailbox_.taken.size() - before;
  }

  static std::shared_ptr<const Plan> make_plan() {
    Plan plan;
    plan.topics = {{"ops", {}}, {"team", {{"hook", "webhook"}}}};
    for (int i = 0; i < 10; ++i)
      plan.topics[0].subscriptions.push_back({fmt::format("hook-{}", i), "webhook"});
    return std::make_shared<const Plan>(std::move(plan));
  }
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const Note& note : std::exchange(notes_, {})) all.push_back(note.code + " " + note.text);
    return all;
  }

  std::vector<Note> notes_;
  EventQueue queue_{make_plan(), [this](const Note& note) { notes_.push_back(note); }};
  bool outbox_keeps_more_ = false;
  Mailbox mailbox_;
  EventQueue::Time now_{1h};
  int pushed_ = 0;
};

TEST_F(EventQueueTest, WhatFindsRoomGoesAtOnceAndInOrder) {
  push(3);
  EXPECT_EQ(step(0s), 3U);
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(mailbox_.taken, (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(EventQueueTest, WhatFindsNoneWaitsForIt) {
  push(5);
  mailbox_.room_ = Room::Some;
  mailbox_.rooms = 2;
  EXPECT_EQ(step(0s), 2U);
  EXPECT_EQ(queue_.size(), 3U);
  EXPECT_EQ(step(20s), 0U);
  mailbox_.room_ = Room::Some;
  mailbox_.rooms = 1;
  EXPECT_EQ(step(1s), 1U);
  EXPECT_EQ(step(1s), 0U);
}

TEST_F(EventQueueTest, PatienceIsForAllOfACongestion) {
  push(5);
  mailbox_.room_ = Room::None;
  EXPECT_EQ(step(0s), 0U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(step(14s), 0U);
    mailbox_.room_ = Room::Some;  // for one, now and then
    mailbox_.rooms = 1;
    EXPECT_EQ(step(0s), 1U);
    EXPECT_EQ(step(0s), 0U);
  }
  EXPECT_EQ(step(1s), 0U);
  EXPECT_EQ(step(1s), 3U) << "thirty seconds in all: from now on the oldest give way";
}

TEST_F(EventQueueTest, HalfAnEmptyMailboxEndsACongestion) {
  push(2);
  mailbox_.room_ = Room::None;
  EXPECT_EQ(step(0s), 0U);
  EXPECT_EQ(step(29s), 0U);
  mailbox_.room_ = Room::Half;
  mailbox_.rooms = 1;
  EXPECT_EQ(step(0s), 1U);
  EXPECT_EQ(step(29s), 0U) << "patience begins anew";
}

TEST_F(EventQueueTest, AnOverflowingMailboxHoldsNothing) {
  push(1000);
  mailbox_.room_ = Room::Overflowing;
  EXPECT_EQ(step(0s), 1000U);
}

TEST_F(EventQueueTest, PatienceIsOfADestination) {
  mailbox_.room_ = Room::None;
  push(1);
  EXPECT_EQ(step(0s), 0U);
  push(1, 1);
  EXPECT_EQ(step(30s), 2U) << "the second need not wait, and the first has waited";
}

TEST_F(EventQueueTest, DestinationsThatAreAwayHoldTogetherAndNotOneAfterTheOther) {
  mailbox_.room_ = Room::None;
  for (std::uint32_t subscription = 0; subscription < 10; ++subscription) push(2, 0, subscription);
  EXPECT_EQ(step(0s), 0U);
  EXPECT_EQ(step(29s), 0U);
  EXPECT_EQ(step(1s), 20U);
}

TEST_F(EventQueueTest, WhatHasRoomIsNotBehindWhatHasNone) {
  mailbox_.room_ = Room::None;
  push(1);
  push(2, 1);
  EXPECT_EQ(step(0s), 2U);
  EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(EventQueueTest, AnOutboxThatKeepsMoreHoldsNothing) {
  push(1000);
  mailbox_.room_ = Room::None;
  outbox_keeps_more_ = true;
  EXPECT_EQ(step(0s), 1000U);
  outbox_keeps_more_ = false;
  push(1);
  EXPECT_EQ(step(0s), 0U);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(step(29s), 0U);
  EXPECT_EQ(step(1s), 1U);
}

TEST_F(EventQueueTest, WhatWaitsIsSeen) {
  push(3);
  push(2, 0, 4);
  mailbox_.room_ = Room::None;
  EXPECT_EQ(step(0s), 0U);
  EXPECT_EQ(queue_.waiting(0, 0), 3U);
  EXPECT_EQ(queue_.waiting(0, 4), 2U);
  EXPECT_EQ(queue_.waiting(0, 1), 0U);
  EXPECT_EQ(queue_.waiting(1, 0), 0U);
}

TEST_F(EventQueueTest, ThatReadingWaitsIsToldWhenItBeginsAndWhenItIsOver) {
  push(3);
  mailbox_.room_ = Room::None;
  EXPECT_EQ(step(0s), 0U);
  EXPECT_THAT(told(), IsEmpty()) << "a moment is no news";
  EXPECT_EQ(step(1s), 0U);
  EXPECT_THAT(
      told(),
      ElementsAre(
          "reading_waits ops/hook-0: its queue is full: reading waits, with 3 events of rules for it"));
  EXPECT_EQ(step(10s), 0U);
  EXPECT_THAT(told(), IsEmpty());
  mailbox_.room_ = Room::Half;
  EXPECT_EQ(step(1s), 3U);
  EXPECT_THAT(told(),
              ElementsAre("reading_goes_on ops/hook-0: its queue has taken what reading waited with"));
}

TEST_F(EventQueueTest, ThatReadingGoesOnWithoutRoomIsAWarning) {
  push(1);
  mailbox_.room_ = Room::None;
  EXPECT_EQ(step(0s), 0U);
  EXPECT_EQ(step(2s), 0U);
  EXPECT_EQ(step(28s), 1U);
  ASSERT_THAT(notes_, SizeIs(2));
  EXPECT_EQ(notes_[1].severity, Severity::Warning);
  EXPECT_EQ(notes_[1].text, "ops/hook-0: reading has waited for it for long enough and goes on");
}

TEST_F(EventQueueTest, ADestinationThatComesAndGoesIsToldOfOnceAMinute) {
  for (int i = 0; i < 60; ++i) {
    push(1);
    mailbox_.room_ = Room::None;
    EXPECT_EQ(step(0s), 0U);
    EXPECT_EQ(step(1s), 0U);
    mailbox_.room_ = Room::Half;
    EXPECT_EQ(step(1s), 1U);
  }
  EXPECT_THAT(told(), SizeIs(4)) << "two minutes";
}

}  // namespace
}  // namespace tocsin::runtime
