#include "engine/notify/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace tocsin::notify {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = DeliveryReport::Kind;

constexpr Duration kPatient = 1min;  // an upper bound that a passing test never uses up

// Time that passes only by sleeping, which takes no time.
class JumpingClock final : public Clock {
 public:
  [[nodiscard]] Duration now() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  void sleep(Duration pause, const std::stop_token&) override {
    std::lock_guard lock(mutex_);
    now_ += pause;
  }

 private:
  std::mutex mutex_;
  Duration now_{0};
};

// Time that stands still: who sleeps does so until stopped, and tells the test that it does.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] Duration now() override { return 0ms; }
  void sleep(Duration, const std::stop_token& stop) override {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    slept_.notify_all();
    stopped_.wait(lock, stop, [] { return false; });
  }
  void wait_for_sleeper() {
    std::unique_lock lock(mutex_);
    slept_.wait(lock, [&] { return sleepers_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable slept_;
  std::condition_variable_any stopped_;
  int sleepers_ = 0;
};

// What a destination got to see, and what it answers: the scripted outcomes, then success. The test keeps it;
// any thread.
class Destination {
 public:
  void script(std::deque<Attempt> attempts) {
    std::lock_guard lock(mutex_);
    script_ = std::move(attempts);
  }
  void always(const Attempt& attempt) {
    std::lock_guard lock(mutex_);
    always_ = attempt;
  }
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  void wait_for_attempts(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return seen_.size() >= count; });
  }
  [[nodiscard]] std::vector<std::string> seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }

  Attempt attempt(const Notification& notification) {
    std::unique_lock lock(mutex_);
    seen_.push_back(notification.id);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    if (script_.empty()) return always_;
    const Attempt next = script_.front();
    script_.pop_front();
    return next;
  }

  Result<void> opened;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Attempt> script_;
  Attempt always_;
  bool held_ = false;
  std::vector<std::string> seen_;
};

class ScriptedSink final : public Sink {
 public:
  explicit ScriptedSink(Destination& destination) : destination_(destination) {}
  Result<void> open() override { return destination_.opened; }
  Attempt deliver(const Notification& notification) override { return destination_.attempt(notification); }
  std::string describe() const override { return "scripted"; }

 private:
  Destination& destination_;
};

class Reports {
 public:
  void add(const DeliveryReport& report) {
    std::lock_guard lock(mutex_);
    reports_.push_back(report);
  }
  [[nodiscard]] std::vector<DeliveryReport> all() {
    std::lock_guard lock(mutex_);
    return reports_;
  }
  [[nodiscard]] std::vector<Kind> kinds() {
    std::vector<Kind> kinds;
    for (const auto& report : all()) kinds.push_back(report.kind);
    return kinds;
  }

 private:
  std::mutex mutex_;
  std::vector<DeliveryReport> reports_;
};

Attempt failure(std::string detail = "away") {
  return {.outcome = Attempt::Outcome::Retry, .detail = std::move(detail)};
}

Notification notification(std::string id) {
  Notification notification;
  notification.id = std::move(id);
  notification.subject = "ALARM";
  return notification;
}

// One topic, "ops", with the subscriptions "one" and "two".
class DeliveryTest : public ::testing::Test {
 protected:
  std::unique_ptr<Delivery> make(Clock& clock, DeliverySettings settings = {}) {
    std::vector<std::vector<std::unique_ptr<Sink>>> sinks(1);
    sinks[0].push_back(std::make_unique<ScriptedSink>(one_));
    sinks[0].push_back(std::make_unique<ScriptedSink>(two_));
    return std::make_unique<Delivery>(topics_, std::move(sinks), settings, clock,
                                      [this](const DeliveryReport& report) { reports_.add(report); });
  }
  std::unique_ptr<Delivery> opened(Clock& clock, DeliverySettings settings = {}) {
    auto delivery = make(clock, settings);
    EXPECT_TRUE(delivery->open().has_value());
    return delivery;
  }

  // A delivery of dead letters to the destination "one".
  std::unique_ptr<Delivery> letters(DeliverySettings settings = {}) {
    std::vector<std::vector<std::unique_ptr<Sink>>> sinks(1);
    sinks[0].push_back(std::make_unique<ScriptedSink>(one_));
    const TopicDefinition topic{.name = "letters", .subscriptions = {{"one", "scripted"}}, .gives_up = false};
    auto delivery =
        std::make_unique<Delivery>(std::vector{topic}, std::move(sinks), settings, clock_,
                                   [this](const DeliveryReport& report) { reports_.add(report); });
    EXPECT_TRUE(delivery->open().has_value());
    return delivery;
  }

  const std::vector<TopicDefinition> topics_ = {{"ops", {{"one", "scripted"}, {"two", "scripted"}}}};
  Destination one_;
  Destination two_;
  Reports reports_;
  JumpingClock clock_;
};

TEST_F(DeliveryTest, KeepsTheOrderOfASubscription) {
  auto delivery = opened(clock_);
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(delivery->submit(notification(id), 0, kPatient));
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(two_.seen(), IsEmpty());
  EXPECT_EQ(delivery->status().at(0).delivered, 3U);
  EXPECT_THAT(reports_.all(), IsEmpty());
}

TEST_F(DeliveryTest, RetriesBeforeTheNextNotificationGetsItsTurn) {
  one_.script({failure(), failure()});
  auto delivery = opened(clock_);
  (void)delivery->submit(notification("a"), 0, kPatient);
  (void)delivery->submit(notification("b"), 0, kPatient);
  delivery->drain(kPatient);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "a", "a", "b"));
  EXPECT_EQ(delivery->status().at(0).retried, 2U);
  EXPECT_EQ(delivery->status().at(0).delivered, 2U);
}

TEST_F(DeliveryTest, AFullMailboxNeverWaitsAndTheOldestGiveWay) {
  one_.hold();
  auto delivery = opened(clock_, {.mailbox_capacity = 2});
  (void)delivery->submit(notification("first"), 0, kPatient);
  one_.wait_for_attempts(1);  // it is out of the mailbox now
  for (const char* id : {"a", "b", "c", "d", "e"})
    EXPECT_TRUE(delivery->submit(notification(id), 0, kPatient));
  const SubscriptionStatus full = delivery->status().at(0);
  EXPECT_EQ(full.waiting, 2U);
  EXPECT_EQ(full.overflowed, 3U);
  EXPECT_TRUE(full.overflowing);
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("first", "d", "e"));
  EXPECT_EQ(delivery->settled_up_to(), 6U);
  const SubscriptionStatus status = delivery->status().at(0);
  EXPECT_EQ(status.published, status.delivered + status.overflowed);
  EXPECT_FALSE(status.overflowing);
  // Told once, with what to do; and when it is over, with what it cost.
  ASSERT_THAT(reports_.kinds(), ElementsAre(Kind::Overflow, Kind::OverflowOver));
  EXPECT_EQ(
      to_text(to_note(reports_.all().at(0))),
      "ops/one (scripted): its queue is full (2 notifications waiting): the oldest give way, first ALARM "
      "(a); those are lost to it, and the newest are delivered once it takes them: mend the destination");
  EXPECT_EQ(
      to_text(to_note(reports_.all().at(1))),
      "ops/one (scripted): its queue has room again: 3 notifications gave way meanwhile; those are lost "
      "to it: `tocsin alarms` tells how things stand");
}

TEST_F(DeliveryTest, EventsGiveWayBeforeAnyAlarm) {
  one_.hold();
  auto delivery = opened(clock_, {.mailbox_capacity = 3});
  (void)delivery->submit(notification("first"), 0, kPatient);
  one_.wait_for_attempts(1);
  for (const char* id : {"alarm 1", "event 1", "alarm 2", "event 2", "alarm 3", "event 3", "alarm 4"}) {
    Notification submitted = notification(id);
    if (submitted.id.starts_with("event")) submitted.event = std::make_shared<const EventFacts>();
    EXPECT_TRUE(delivery->submit(submitted, 0, kPatient));
  }
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("first", "alarm 2", "alarm 3", "alarm 4"));
  EXPECT_EQ(delivery->settled_up_to(), 8U);
  EXPECT_EQ(delivery->status().at(0).overflowed, 4U);
}

TEST_F(DeliveryTest, AnAlarmIsDeliveredBeforeTheEventsThatWait) {
  one_.hold();
  auto delivery = opened(clock_, {.is_kept = true});
  (void)delivery->submit(notification("first"), 0, kPatient);
  one_.wait_for_attempts(1);
  for (const char* id : {"event 1", "event 2", "alarm 1", "event 3", "alarm 2"}) {
    Notification submitted = notification(id);
    if (submitted.id.starts_with("event")) submitted.event = std::make_shared<const EventFacts>();
    EXPECT_TRUE(delivery->submit(submitted, 0, kPatient));
  }
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("first", "alarm 1", "alarm 2", "event 1", "event 2", "event 3"));
  EXPECT_EQ(delivery->settled_up_to(), 6U);
}

TEST_F(DeliveryTest, TellsHowFullAMailboxIs) {
  using Room = Deliverer::Room;
  one_.hold();
  auto delivery = opened(clock_, {.mailbox_capacity = 4});
  (void)delivery->submit(notification("first"), 0, kPatient);
  one_.wait_for_attempts(1);
  std::vector<Room> rooms;
  for (int i = 0; i < 5; ++i) {
    rooms.push_back(delivery->room(notification("next"), 0));
    (void)delivery->submit(notification("next"), 0, kPatient);
  }
  EXPECT_THAT(rooms, ElementsAre(Room::Half, Room::Half, Room::Half, Room::Some, Room::None));
  EXPECT_EQ(delivery->room(notification("next"), 0), Room::Overflowing);
  EXPECT_EQ(delivery->room(notification("next"), 1), Room::Half);
  one_.release();
  delivery->drain(kPatient);
  EXPECT_EQ(delivery->room(notification("next"), 0), Room::Half);
}

TEST_F(DeliveryTest, WhileAMailboxOverflowsItsCountIsToldEachMinuteAndAtTheStop) {
  one_.hold();
  auto delivery = opened(clock_, {.mailbox_capacity = 2});
  for (const char* id : {"first", "a", "b", "c", "d"}) {
    (void)delivery->submit(notification(id), 0, kPatient);
    one_.wait_for_attempts(1);
  }
  clock_.sleep(1min, {});
  for (const char* id : {"e", "f"}) (void)delivery->submit(notification(id), 0, kPatient);
  EXPECT_THAT(reports_.kinds(), ElementsAre(Kind::Overflow, Kind::Overflowed));
  EXPECT_EQ(reports_.all().at(1).notification, "3 notifications");
  EXPECT_EQ(to_note(reports_.all().at(1)).code, to_note(reports_.all().at(0)).code);
  one_.release();
}

TEST_F(DeliveryTest, MailboxIsBoundedInBytesAndTakesOneOfAnySize) {
  one_.hold();
  auto delivery = opened(clock_, {.retry = {}, .mailbox_capacity = 100, .mailbox_bytes = 1000});
  (void)delivery->submit(notification("first"), 0, kPatient);
  one_.wait_for_attempts(1);  // it is out of the mailbox now
  for (const char* id : {"a", "b"}) EXPECT_TRUE(delivery->submit(notification(id), 0, kPatient));
  Notification large = notification("large");
  large.payload = std::string(5000, 'x');
  EXPECT_TRUE(delivery->submit(large, 0, kPatient));
  EXPECT_EQ(delivery->status().at(0).overflowed, 2U);
  EXPECT_TRUE(delivery->submit(notification("small"), 0, kPatient));
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("first", "small"));
}

TEST_F(DeliveryTest, TheTimeToRetryCountsFromTheSubmissionAndEachIsTriedOnce) {
  one_.always(failure());
  one_.hold();
  auto delivery = opened(clock_, {.retry = {.give_up_after = 1h, .max_attempts = UINT32_MAX}});
  for (const char* id : {"a", "b", "c"}) (void)delivery->submit(notification(id), 0, kPatient);
  const auto last = delivery->submit(notification("d"), 0, kPatient);
  clock_.sleep(61min, {});
  one_.release();
  one_.wait_for_attempts(4);
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(delivery->status().at(0).given_up, 4U);
  EXPECT_EQ(delivery->settled_up_to(), last);
}

TEST_F(DeliveryTest, WhatIsKeptElsewhereIsTurnedAwayByAFullMailbox) {
  one_.hold();
  auto delivery = opened(clock_, {.mailbox_capacity = 2, .is_kept = true});
  (void)delivery->submit(notification("first"), 0, 0ms);
  one_.wait_for_attempts(1);  // it is out of the mailbox now
  EXPECT_TRUE(delivery->submit(notification("a"), 0, 0ms));
  EXPECT_TRUE(delivery->submit(notification("b"), 0, 0ms));
  EXPECT_FALSE(delivery->submit(notification("c"), 0, 0ms));
  EXPECT_EQ(delivery->status().at(0).overflowed, 0U);
  EXPECT_EQ(delivery->status().at(0).published, 3U);
  one_.release();
  EXPECT_TRUE(delivery->submit(notification("c"), 0, kPatient));
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("first", "a", "b", "c"));
  EXPECT_THAT(reports_.all(), IsEmpty());
}

TEST_F(DeliveryTest, WhatIsKeptElsewhereOutlivesADestinationThatIsAwayForDays) {
  one_.always({.outcome = Attempt::Outcome::Retry, .detail = "dead", .away = true});
  auto delivery = opened(clock_, {.retry = {.give_up_after = 1h}, .is_kept = true});
  for (const char* id : {"a", "b"}) (void)delivery->submit(notification(id), 0, 0ms);
  clock_.sleep(72h, {});
  one_.wait_for_attempts(2000);  // more than the policy allows
  one_.always({});
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_EQ(delivery->status().at(0).delivered, 2U);
  EXPECT_EQ(delivery->status().at(0).given_up, 0U);
  EXPECT_THAT(reports_.kinds(), ElementsAre(Kind::Failing, Kind::Recovered));
}

TEST_F(DeliveryTest, WhatADestinationCannotTakeIsGivenUpThoughItIsKept) {
  std::deque<Attempt> script(5, {.outcome = Attempt::Outcome::Retry, .detail = "dead", .away = true});
  script.insert(script.end(), 4, failure("cannot do this one"));
  one_.script(script);
  auto delivery = opened(clock_, {.retry = {.max_attempts = 4}, .is_kept = true});
  for (const char* id : {"a", "b"}) (void)delivery->submit(notification(id), 0, 0ms);
  one_.wait_for_attempts(10);
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_EQ(delivery->status().at(0).given_up, 1U);
  EXPECT_EQ(delivery->status().at(0).delivered, 1U);
}

TEST_F(DeliveryTest, AfterAnAbsenceWhatIsKeptHasTheWholeTimeToRetry) {
  one_.script({{.outcome = Attempt::Outcome::Retry, .detail = "dead", .away = true}, failure()});
  one_.hold();
  auto delivery = opened(clock_, {.retry = {.give_up_after = 1h}, .is_kept = true});
  (void)delivery->submit(notification("a"), 0, 0ms);
  one_.wait_for_attempts(1);
  clock_.sleep(72h, {});
  one_.release();
  one_.wait_for_attempts(3);
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_EQ(delivery->status().at(0).delivered, 1U);
}

TEST_F(DeliveryTest, TopicThatGivesNothingUpTriesAgainForAsLongAsItTakes) {
  one_.script(std::deque<Attempt>(1000, failure()));
  auto delivery = letters({.retry = {.max_attempts = 5}});
  EXPECT_TRUE(delivery->submit(notification("a"), 0, kPatient));
  one_.wait_for_attempts(1001);
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_EQ(delivery->status().at(0).delivered, 1U);
  EXPECT_EQ(delivery->status().at(0).given_up, 0U);
}

TEST_F(DeliveryTest, AnOutageIsReportedOnceAndItsEndToo) {
  one_.script({failure(), failure(), failure("refused"), {}, {}, failure()});
  auto delivery = opened(clock_);
  for (const char* id : {"a", "b", "c"}) (void)delivery->submit(notification(id), 0, kPatient);
  one_.wait_for_attempts(7);
  delivery->drain(kPatient);
  EXPECT_THAT(reports_.kinds(),
              ElementsAre(Kind::Failing, Kind::Failing, Kind::Recovered, Kind::Failing, Kind::Recovered));
  EXPECT_EQ(to_text(to_note(reports_.all().at(0))),
            "ops/one (scripted): cannot deliver ALARM (a): away; will try again by itself; look at the "
            "destination if it "
            "goes on");
  EXPECT_EQ(reports_.all().at(1).detail, "refused");
}

TEST_F(DeliveryTest, RejectedNotificationIsReportedAndTheNextGoesOn) {
  one_.script({{.outcome = Attempt::Outcome::Rejected, .detail = "too large"}});
  auto delivery = opened(clock_);
  (void)delivery->submit(notification("a"), 0, kPatient);
  const auto last = delivery->submit(notification("b"), 0, kPatient);
  delivery->drain(kPatient);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "b"));
  EXPECT_EQ(delivery->status().at(0).rejected, 1U);
  EXPECT_EQ(delivery->settled_up_to(), last);
  ASSERT_THAT(reports_.kinds(), ElementsAre(Kind::Rejected));
  EXPECT_THAT(to_text(to_note(reports_.all().at(0))), AllOf(HasSubstr("ALARM (a)"), HasSubstr("too large")));
}

// A receiver that refuses everything that a rule sends must not fill the log.
TEST_F(DeliveryTest, OfManyEventsThatAreRefusedTheFirstIsNamedAndTheOthersAreCounted) {
  one_.always({.outcome = Attempt::Outcome::Rejected, .detail = "400"});
  auto delivery = opened(clock_);
  const auto submit_events = [&](std::size_t count) {
    const std::size_t before = one_.seen().size();
    for (std::size_t i = 0; i < count; ++i) {
      Notification event = notification("event");
      event.event = std::make_shared<const EventFacts>();
      EXPECT_TRUE(delivery->submit(event, 0, kPatient));
    }
    one_.wait_for_attempts(before + count);
  };
  submit_events(500);
  EXPECT_TRUE(delivery->submit(notification("an alarm's"), 0, kPatient));
  one_.wait_for_attempts(501);
  while (delivery->settled_up_to() < 501) std::this_thread::sleep_for(1ms);
  EXPECT_THAT(reports_.kinds(), ElementsAre(Kind::Rejected, Kind::Rejected));
  clock_.sleep(1min, {});
  submit_events(3);
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  ASSERT_THAT(reports_.kinds(),
              ElementsAre(Kind::Rejected, Kind::Rejected, Kind::Lost, Kind::Rejected, Kind::Lost));
  EXPECT_THAT(reports_.all().at(1).notification, HasSubstr("an alarm's"));
  EXPECT_EQ(to_note(reports_.all().at(2)).text,
            "ops/one (scripted): 499 notifications more refused or given up within a minute");
  EXPECT_EQ(reports_.all().at(4).notification, "2 notifications");
  EXPECT_EQ(delivery->status().at(0).rejected, 504U);
}

TEST_F(DeliveryTest, GivesUpInTheEndAndSaysSo) {
  one_.always(failure());
  auto delivery = opened(clock_, {.retry = {.max_attempts = 4}});
  const auto ticket = delivery->submit(notification("a"), 0, kPatient);
  one_.wait_for_attempts(4);
  delivery->drain(kPatient);
  EXPECT_EQ(delivery->status().at(0).given_up, 1U);
  EXPECT_EQ(delivery->settled_up_to(), ticket);
  ASSERT_THAT(reports_.kinds(), ElementsAre(Kind::Failing, Kind::GivenUp));
  EXPECT_EQ(reports_.all().at(1).attempts, 4U);
}

TEST_F(DeliveryTest, DeadDestinationDelaysNoOther) {
  one_.hold();
  auto delivery = opened(clock_);
  for (const char* id : {"a", "b", "c"}) {
    (void)delivery->submit(notification(id), 0, kPatient);
    (void)delivery->submit(notification(id), 1, kPatient);
  }
  two_.wait_for_attempts(3);
  EXPECT_THAT(two_.seen(), ElementsAre("a", "b", "c"));
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
}

TEST_F(DeliveryTest, AFullMailboxOfDeadLettersTakesNothingUntilThereIsRoom) {
  one_.hold();
  auto delivery = letters({.mailbox_capacity = 1});
  ASSERT_TRUE(delivery->submit(notification("a"), 0, kPatient));
  one_.wait_for_attempts(1);  // "a" has left the mailbox
  const auto second = delivery->submit(notification("b"), 0, kPatient);
  ASSERT_TRUE(second);
  EXPECT_FALSE(delivery->submit(notification("c"), 0, 0ms));
  EXPECT_EQ(delivery->status().at(0).waiting, 1U);
  one_.release();
  const auto third = delivery->submit(notification("c"), 0, kPatient);
  EXPECT_EQ(third, *second + 1);  // what was not taken got no ticket
  delivery->drain(kPatient);
  EXPECT_THAT(reports_.all(), IsEmpty());
  EXPECT_THAT(one_.seen(), ElementsAre("a", "b", "c"));
}

TEST_F(DeliveryTest, SettledUpToStopsBeforeTheOldestThatIsOpen) {
  auto delivery = opened(clock_);
  EXPECT_EQ(delivery->settled_up_to(), 0U);
  one_.hold();
  const auto first = delivery->submit(notification("a"), 0, kPatient);
  const auto second = delivery->submit(notification("a"), 1, kPatient);
  EXPECT_EQ(first, 1U);
  EXPECT_EQ(second, 2U);
  two_.wait_for_attempts(1);
  EXPECT_EQ(delivery->settled_up_to(), 0U);
  one_.release();
  delivery->drain(kPatient);
  EXPECT_EQ(delivery->settled_up_to(), 2U);
}

TEST_F(DeliveryTest, DrainFinishesWhatIsQueued) {
  one_.hold();
  auto delivery = opened(clock_);
  for (const char* id : {"a", "b", "c"}) (void)delivery->submit(notification(id), 0, kPatient);
  one_.release();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "b", "c"));
  EXPECT_FALSE(delivery->submit(notification("d"), 0, kPatient));
  EXPECT_EQ(delivery->settled_up_to(), 3U);
}

TEST_F(DeliveryTest, DrainEndsAPauseForAPromptAttempt) {
  StandingClock standing;
  one_.script({failure()});
  auto delivery = opened(standing);
  (void)delivery->submit(notification("a"), 0, kPatient);
  standing.wait_for_sleeper();
  EXPECT_EQ(delivery->drain(kPatient), 0U);
  EXPECT_THAT(one_.seen(), ElementsAre("a", "a"));
}

TEST_F(DeliveryTest, WhatADrainLeavesBehindStaysUnsettled) {
  one_.always(failure());
  // This clock runs as fast as the attempts do: nothing may be given up before the drain begins.
  auto delivery = opened(clock_, {.retry = {.give_up_after = 24h * 36'500, .max_attempts = UINT32_MAX}});
  one_.hold();
  (void)delivery->submit(notification("a"), 0, kPatient);
  (void)delivery->submit(notification("b"), 0, kPatient);
  const auto delivered = delivery->submit(notification("a"), 1, kPatient);
  two_.wait_for_attempts(1);
  one_.release();
  EXPECT_EQ(delivery->drain(5min), 2U);
  EXPECT_EQ(delivery->settled_up_to(), 0U);
  EXPECT_EQ(delivered, 3U);
  EXPECT_EQ(delivery->status().at(0).undelivered, 2U);
  EXPECT_EQ(delivery->status().at(1).delivered, 1U);
  ASSERT_THAT(reports_.all(), ::testing::Contains(Field(&DeliveryReport::kind, Kind::Undelivered)));
  EXPECT_THAT(to_text(to_note(reports_.all().back())), HasSubstr("2 notifications"));
}

TEST_F(DeliveryTest, DestructionEndsAPauseAndTriesNoMore) {
  StandingClock standing;
  one_.always(failure());
  auto delivery = opened(standing);
  (void)delivery->submit(notification("a"), 0, kPatient);
  standing.wait_for_sleeper();
  delivery.reset();
  EXPECT_THAT(one_.seen(), ElementsAre("a"));
}

TEST_F(DeliveryTest, SinkThatDoesNotOpenStopsTheStart) {
  two_.opened = fail(ErrorCode::Refused, "permission denied", "/var/alerts");
  auto delivery = make(clock_);
  const auto opened = delivery->open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Refused);
  EXPECT_EQ(describe(opened.error()), "ops/two: scripted: /var/alerts: permission denied");
}

}  // namespace
}  // namespace tocsin::notify
