#include "engine/runtime/event_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;
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
    queue_.step(mailbox_, now_, [&](const OutboxNotification& event) {
      EXPECT_EQ(event.number, 7U);
      EXPECT_TRUE(mailbox_.submit(event.notification, 0, 0s));
    });
    return mailbox_.taken.size() - before;
  }

  EventQueue queue_;
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

}  // namespace
}  // namespace tocsin::runtime
