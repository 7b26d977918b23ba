// What every sink owes, whatever it talks to. A sink's test brings a harness and runs the whole suite against
// it:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(File, SinkContract, FileHarness);
//
// A harness owns one destination:
//
//   SinkSettings settings() const                options of a sink that works
//   SinkSettings unusable() const                options with which open() must fail
//   std::vector<std::string> received()          all the destination has, one text a notification, in order
//   void break_destination(), mend_destination() an outage, and its end
//   std::string why_not() const                  if it may be missing here: why, so that its tests are
//   skipped
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/notify/clock.h"
#include "engine/notify/delivery.h"
#include "sinks/sink_kind.h"

namespace tocsin::sinks {

inline constexpr std::string_view kSecret = "correct-horse-battery-staple";

// A notification such as compose() makes them.
inline notify::Notification contract_notification(const std::string& id) {
  notify::Notification notification;
  notification.id = id;
  notification.time = EventTime{std::chrono::seconds(1'800'000'000)};
  notification.subject = R"(ALARM: "logins" in local)";
  notification.key = R"(logins{User="o'neil \ sons"})";
  notification.payload = R"({"AlarmName":"logins","NewStateReason":"Threshold Crossed: )" + id + R"("})";
  notification.attributes = {
      {"specversion", "1.0"}, {"id", id}, {"datacontenttype", "application/json"}, {"state", "ALARM"}};
  return notification;
}

// Time that passes only by sleeping, which takes no time.
class JumpingClock final : public notify::Clock {
 public:
  [[nodiscard]] Duration now() override { return now_; }
  void sleep(Duration pause, const std::stop_token&) override { now_ = now_.load() + pause; }

 private:
  std::atomic<Duration> now_{Duration{0}};
};

template <typename Harness>
class SinkContract : public ::testing::Test {
 protected:
  void SetUp() override {
    if constexpr (requires { harness_.why_not(); }) {
      if (const std::string why = harness_.why_not(); !why.empty()) GTEST_SKIP() << why;
    }
  }
  std::unique_ptr<notify::Sink> make(const SinkSettings& settings) {
    const SinkKind* kind = find_sink(settings.kind);
    return kind == nullptr ? nullptr : kind->make(settings);
  }
  std::unique_ptr<notify::Sink> opened() {
    auto sink = make(harness_.settings());
    const auto result = sink->open();
    EXPECT_TRUE(result) << describe(result.error());
    return sink;
  }
  static void expect_delivered(const notify::Attempt& attempt) {
    EXPECT_EQ(attempt.outcome, notify::Attempt::Outcome::Delivered) << attempt.detail;
  }

  Harness harness_;
};

TYPED_TEST_SUITE_P(SinkContract);

TYPED_TEST_P(SinkContract, IsInTheTableWithDescribedOptions) {
  const SinkKind* kind = find_sink(this->harness_.settings().kind);
  ASSERT_NE(kind, nullptr);
  bool scalar_found = kind->scalar_option.empty();
  for (const SinkOption& option : kind->options) {
    EXPECT_FALSE(option.description.empty()) << option.name;
    scalar_found =
        scalar_found || (option.name == kind->scalar_option && option.type == SinkOption::Type::Text);
  }
  EXPECT_TRUE(scalar_found);
}

TYPED_TEST_P(SinkContract, DeliversInOrder) {
  auto sink = this->opened();
  for (const char* id : {"id-1", "id-2", "id-3"})
    this->expect_delivered(sink->deliver(contract_notification(id)));
  using ::testing::HasSubstr;
  EXPECT_THAT(this->harness_.received(),
              ::testing::ElementsAre(HasSubstr("id-1"), HasSubstr("id-2"), HasSubstr("id-3")));
}

TYPED_TEST_P(SinkContract, RepeatHasTheSameBytes) {
  auto sink = this->opened();
  this->expect_delivered(sink->deliver(contract_notification("id-1")));
  this->expect_delivered(sink->deliver(contract_notification("id-1")));
  const auto received = this->harness_.received();
  ASSERT_THAT(received, ::testing::SizeIs(2));
  EXPECT_EQ(received[0], received[1]);
}

TYPED_TEST_P(SinkContract, OutageAsksForARetryAndLosesNothing) {
  auto sink = this->opened();
  this->expect_delivered(sink->deliver(contract_notification("id-1")));
  this->harness_.break_destination();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto failed = sink->deliver(contract_notification("id-2"));
    EXPECT_EQ(failed.outcome, notify::Attempt::Outcome::Retry);
    EXPECT_TRUE(failed.away) << failed.detail;
    EXPECT_FALSE(failed.detail.empty());
  }
  this->harness_.mend_destination();
  this->expect_delivered(sink->deliver(contract_notification("id-2")));
  const auto received = this->harness_.received();
  ASSERT_FALSE(received.empty());
  EXPECT_THAT(received.front(), ::testing::HasSubstr("id-1"));
  EXPECT_THAT(received.back(), ::testing::HasSubstr("id-2"));
}

TYPED_TEST_P(SinkContract, DestinationThatIsAwayAtTheStartIsNoError) {
  this->harness_.break_destination();
  auto sink = this->make(this->harness_.settings());
  if (const auto result = sink->open(); result) {
    EXPECT_EQ(sink->deliver(contract_notification("id-1")).outcome, notify::Attempt::Outcome::Retry);
  }
  this->harness_.mend_destination();
}

TYPED_TEST_P(SinkContract, UnusableOptionsStopTheStartAndAreNamed) {
  auto sink = this->make(this->harness_.unusable());
  const auto result = sink->open();
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.error().message.empty());
  EXPECT_THAT(describe(result.error()), ::testing::Not(::testing::HasSubstr(std::string(kSecret))));
}

TYPED_TEST_P(SinkContract, DescribesItselfWithoutSecrets) {
  auto sink = this->make(this->harness_.settings());
  EXPECT_THAT(sink->describe(), ::testing::StartsWith(this->harness_.settings().kind));
  EXPECT_THAT(sink->describe(), ::testing::Not(::testing::HasSubstr(std::string(kSecret))));
}

TYPED_TEST_P(SinkContract, DeliveryOutlastsAnOutage) {
  const std::vector<notify::TopicDefinition> topics{
      {.name = "t", .subscriptions = {{.name = "s", .kind = this->harness_.settings().kind}}}};
  std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks(1);
  sinks[0].push_back(this->make(this->harness_.settings()));
  JumpingClock clock;
  std::atomic<bool> shown{false};
  notify::Delivery delivery(topics, std::move(sinks), {}, clock, [&](const notify::DeliveryReport& report) {
    shown = shown || (report.destination + report.detail).find(kSecret) != std::string::npos;
    if (report.kind == notify::DeliveryReport::Kind::Failing) this->harness_.mend_destination();
  });
  ASSERT_TRUE(delivery.open());
  this->harness_.break_destination();
  EXPECT_TRUE(delivery.submit(contract_notification("id-1"), 0, Duration{0}));
  EXPECT_TRUE(delivery.submit(contract_notification("id-2"), 0, Duration{0}));
  EXPECT_EQ(delivery.drain(std::chrono::minutes(5)), 0U);
  const auto status = delivery.status();
  ASSERT_THAT(status, ::testing::SizeIs(1));
  EXPECT_EQ(status[0].delivered, 2U);
  EXPECT_GE(status[0].retried, 1U);
  EXPECT_EQ(status[0].rejected + status[0].given_up + status[0].undelivered, 0U);
  EXPECT_EQ(delivery.settled_up_to(), 2U);
  EXPECT_FALSE(shown);
}

TYPED_TEST_P(SinkContract, StopDuringAnOutageLeavesTheNotificationUnsettled) {
  const std::vector<notify::TopicDefinition> topics{
      {.name = "t", .subscriptions = {{.name = "s", .kind = this->harness_.settings().kind}}}};
  std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks(1);
  sinks[0].push_back(this->make(this->harness_.settings()));
  JumpingClock clock;
  notify::Delivery delivery(topics, std::move(sinks), {}, clock, {});
  ASSERT_TRUE(delivery.open());
  this->harness_.break_destination();
  EXPECT_TRUE(delivery.submit(contract_notification("id-1"), 0, Duration{0}));
  EXPECT_EQ(delivery.drain(Duration{0}), 1U);
  EXPECT_EQ(delivery.status().at(0).undelivered, 1U);
  EXPECT_EQ(delivery.settled_up_to(), 0U);
  this->harness_.mend_destination();
}

REGISTER_TYPED_TEST_SUITE_P(SinkContract, DeliveryOutlastsAnOutage,
                            StopDuringAnOutageLeavesTheNotificationUnsettled,
                            IsInTheTableWithDescribedOptions, DeliversInOrder, RepeatHasTheSameBytes,
                            OutageAsksForARetryAndLosesNothing, DestinationThatIsAwayAtTheStartIsNoError,
                            UnusableOptionsStopTheStartAndAreNamed, DescribesItselfWithoutSecrets);

}  // namespace tocsin::sinks
