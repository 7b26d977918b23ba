// The live engine between a source and a sink made for the test: the real threads, no outside world.
#include "engine/runtime/live.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "config/load.h"

#include "engine/runtime/plan_definitions.h"

namespace tocsin::runtime {
namespace {

// Each test event is a minute of its own in the past; the source then says how far it is known to be
// complete.
constexpr std::string_view kConfiguration = R"(
sources:
  app: {stdin: {}, format: json, time: {field: $.t}}
metric_filters:
  errors:
    log_groups: [app]
    pattern: '{ $.error IS TRUE }'
    metric: {namespace: App, name: Errors}
topics:
  told: {subscriptions: [SUBSCRIPTIONS]}
alarms:
  errors:
    metric: {namespace: App, name: Errors, statistic: Sum, period: 1m}
    condition: ">= 1"
    evaluation_range: 1
    missing_data: not_breaching
    notify: [told]
)";

// Alarms of `more` come after the one above.
std::shared_ptr<const Plan> make_plan(std::string_view more, std::string_view subscriptions) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("tocsin-live-{}.yaml", getpid());
  std::string configuration(kConfiguration);
  constexpr std::string_view kPlace = "SUBSCRIPTIONS";
  configuration.replace(configuration.find(kPlace), kPlace.size(), subscriptions);
  std::ofstream(path) << configuration << more;
  config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  return loaded.configuration->plan;
}

// What the test and the engine's threads share.
struct World {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::vector<std::string>> batches;  // to be polled
  bool caught_up = false;  // after the batches: the source has proven that nothing more is there
  bool ended = false;      // after the batches: nothing will ever come
  bool sink_works = true;
  Duration sink_pause{0};              // that it takes for each notification
  std::vector<std::string> delivered;  // subjects
  bool other_hangs = true;             // the second destination, where there is one
  std::vector<EventTime> other_delivered;
  std::vector<notify::DeliveryReport::Kind> reports;
  std::vector<std::string> noted;  // codes
  std::int64_t committed = 0;
  std::vector<std::string> notes;
  bool closed = false;

  void change(const std::function<void(World&)>& how) {
    std::lock_guard lock(mutex);
    how(*this);
    changed.notify_all();
  }
  // False when it does not come about within a generous time, which fails the test.
  bool wait(const std::function<bool(const World&)>& what) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), [&] { return what(*this); });
  }
};

class MemorySource final : public source::Source {
 public:
  explicit MemorySource(World& world) : world_(world) {
    partitions_.push_back({.source = "app", .file = "memory"});
  }

  Result<void> open(const std::vector<source::Resume>&) override { return {}; }
  Result<std::optional<event::RawBatch>> poll(Duration wait) override {
    std::unique_lock lock(world_.mutex);
    world_.changed.wait_for(lock, wait, [&] { return !world_.batches.empty(); });
    if (world_.batches.empty()) return std::optional<event::RawBatch>();
    const auto lines = std::make_shared<std::vector<std::string>>(std::move(world_.batches.front()));
    world_.batches.pop_front();
    world_.changed.notify_all();
    event::RawBatch batch;
    for (const std::string& line : *lines) batch.records.push_back({line, std::nullopt, ++offset_});
    batch.bytes = lines;
    batch.next_offset = offset_ + 1;
    batch.read_at = wall_now();
    return std::optional(std::move(batch));
  }
  [[nodiscard]] const std::vector<source::PartitionName>& partitions() const override { return partitions_; }
  source::SourceStatus status() override {
    std::lock_guard lock(world_.mutex);
    const bool drained = world_.batches.empty();
    return {{{.partition = 0,
              .caught_up = drained && world_.caught_up,
              .finished = drained && world_.ended,
              .at = wall_now()}},
            {}};
  }
  void commit(std::uint32_t, std::int64_t next_offset) override {
    world_.change([&](World& world) { world.committed = next_offset; });
  }
  void close() override {
    world_.change([](World& world) { world.closed = true; });
  }

 private:
  World& world_;
  std::vector<source::PartitionName> partitions_;
  std::int64_t offset_ = 0;
};

class MemorySink final : public notify::Sink {
 public:
  explicit MemorySink(World& world) : world_(world) {}
  Result<void> open() override { return {}; }
  notify::Attempt deliver(const notify::Notification& notification) override {
    std::this_thread::sleep_for(world_.sink_pause);
    notify::Attempt attempt;
    world_.change([&](World& world) {
      if (world.sink_works) {
        world.delivered.push_back(notification.subject);
      } else {
        attempt = {notify::Attempt::Outcome::Retry, "away", Duration{20}};
      }
    });
    return attempt;
  }
  [[nodiscard]] std::string describe() const override { return "memory"; }

 private:
  World& world_;
};

// Takes a notification and does not answer, for as long as the world says.
class HangingSink final : public notify::Sink {
 public:
  explicit HangingSink(World& world) : world_(world) {}
  Result<void> open() override { return {}; }
  notify::Attempt deliver(const notify::Notification& notification) override {
    std::unique_lock lock(world_.mutex);
    world_.changed.wait(lock, [&] { return !world_.other_hangs; });
    world_.other_delivered.push_back(notification.time);
    world_.changed.notify_all();
    return {};
  }
  [[nodiscard]] std::string describe() const override { return "hanging"; }

 private:
  World& world_;
};

class LiveTest : public testing::Test {
 protected:
  explicit LiveTest(std::string_view more_alarms = {},
                    notify::DeliverySettings settings = {.mailbox_capacity = 2},
                    std::string_view subscriptions = "{console: {}}")
      : plan_(make_plan(more_alarms, subscriptions)) {
    std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks(2);
    for (auto& topic : sinks) topic.push_back(std::make_unique<MemorySink>(world_));
    if (plan_->topics[0].subscriptions.size() > 1) sinks[0].push_back(std::make_unique<HangingSink>(world_));
    std::vector<notify::TopicDefinition> topics = plan_->topics;
    topics.push_back({.name = "dead_letters", .subscriptions = {{"memory", "memory"}}, .gives_up = false});
    delivery_ = std::make_unique<notify::Delivery>(
        topics, std::move(sinks), settings, clock_, [this](const notify::DeliveryReport& report) {
          world_.change([&](World& world) { world.reports.push_back(report.kind); });
        });
    EXPECT_TRUE(delivery_->open().has_value());
  }

  void start() {
    std::vector<std::unique_ptr<source::Source>> sources;
    sources.push_back(std::make_unique<MemorySource>(world_));
    LiveOptions options{.drain_limit = drain_limit_,
                        .now = [this] { return wall_now() + clock_jump_.load(); },
                        .stall_limit = stall_limit_,
                        .board = &board_,
                        .requests = &requests_};
    if (keeps_letters_)
      options.dead_letters = {.topic = 1, .form = LetterForm::Line, .destination = "memory"};
    live_ = std::make_unique<Live>(
        plan_, std::move(sources),
        journal_.emplace(std::make_shared<const shard::Definitions>(definitions_of(*plan_))), *delivery_,
        std::move(options), [this](const Note& note) {
          world_.change([&](World& world) {
            world.noted.push_back(note.code);
            world.notes.push_back(to_text(note));
          });
        });
    thread_ = std::thread([this] {
      auto result = live_->run([this] { return stop_.load(); });
      EXPECT_TRUE(result.has_value());
      result_ = *result;
    });
  }
  LiveResult join() {
    thread_.join();
    return result_;
  }
  LiveResult stop() {
    stop_ = true;
    return join();
  }

  // Waits for a snapshot that says so.
  [[nodiscard]] bool shows(const std::function<bool(const Telemetry&)>& what) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
         std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
      if (const auto telemetry = board_.latest(); telemetry && what(*telemetry)) return true;
    }
    return false;
  }

  // An event `ago` before now.
  static std::string line(Duration ago, bool error) {
    return fmt::format(R"({{"t":"{}","error":{}}})", format_rfc3339(as_event_time(wall_now()) - ago), error);
  }

  World world_;
  const std::shared_ptr<const Plan> plan_;
  TelemetryBoard board_;
  Requests requests_;
  std::atomic<Duration> clock_jump_{Duration{0}};
  Duration stall_limit_ = std::chrono::minutes(5);
  Duration drain_limit_{300};
  bool keeps_letters_ = true;
  notify::SteadyClock clock_;
  std::unique_ptr<notify::Delivery> delivery_;
  std::optional<shard::Journal> journal_;
  std::unique_ptr<Live> live_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  LiveResult result_;
};

using std::chrono::minutes;

TEST_F(LiveTest, TellsAnAlarmAndCommitsOnceItIsDeliveredAndJudged) {
  world_.sink_works = false;
  world_.batches.push_back({line(minutes(30), true), line(minutes(20), false)});
  world_.caught_up = true;
  start();
  // The notification waits for its sink, and the offset for the notification.
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  world_.change([](World& world) {
    EXPECT_EQ(world.committed, 0);
    world.sink_works = true;
  });
  ASSERT_TRUE(world_.wait([](const World& world) { return world.committed == 3; }));
  const LiveResult result = stop();
  EXPECT_EQ(world_.delivered, (std::vector<std::string>{"ALARM: \"errors\" in local"}));
  EXPECT_TRUE(world_.closed);
  EXPECT_EQ(result.undelivered, 0U);
  EXPECT_EQ(result.counts.events, 2U);
}

TEST_F(LiveTest, WhatASourceHasNotProvenIsNotJudged) {
  world_.batches.push_back({line(minutes(30), true)});  // the newest record; its own minute is not over
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  const LiveResult result = stop();
  EXPECT_TRUE(world_.delivered.empty());
  EXPECT_EQ(world_.committed, 0);
  EXPECT_EQ(result.counts.events, 1U);
}

TEST_F(LiveTest, AtTheEndOfAllHistoryTheLastMinuteIsJudged) {
  world_.batches.push_back({line(minutes(30), true)});
  world_.ended = true;
  start();
  const LiveResult result = join();
  EXPECT_EQ(world_.delivered.size(), 1U);
  EXPECT_FALSE(result.asked_to_stop);
}

TEST_F(LiveTest, AStopIsBoundedWhileADestinationIsAwayAndItsEventsStayUncommitted) {
  world_.sink_works = false;
  std::vector<std::string> lines;
  for (int i = 300; i > 100; i -= 4)
    lines.push_back(line(minutes(i), true));  // 50 alarms, each in its own minute
  world_.batches.push_back(lines);
  world_.caught_up = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  const LiveResult result = stop();
  EXPECT_GT(result.undelivered, 0U);
  EXPECT_EQ(world_.committed, 0);
  EXPECT_TRUE(world_.closed);
}

TEST_F(LiveTest, ShowsWhatWasReadAndHowThingsStand) {
  world_.batches.push_back({line(minutes(30), true), line(minutes(20), false), "no JSON"});
  world_.caught_up = true;
  start();
  ASSERT_TRUE(
      shows([](const Telemetry& t) { return t.alarms[2] + t.alarms[1] == 1 && t.sources[0].was_caught_up; }));
  const auto telemetry = board_.latest();
  const SourceTelemetry& app = telemetry->sources.at(0);
  EXPECT_EQ(app.name, "app");
  EXPECT_EQ(app.records, 3U);
  EXPECT_EQ(app.events, 2U);
  EXPECT_EQ(app.rejects[event::RejectReason::NotJson], 1U);
  EXPECT_TRUE(app.connected);
  EXPECT_EQ(app.partitions.at(0).name, "memory");
  ASSERT_TRUE(app.lateness.has_value());
  EXPECT_GE(app.lateness->greatest, minutes(30));
  EXPECT_EQ(telemetry->filters.at(0).matched, 1U);
  EXPECT_TRUE(awaited(*telemetry).empty());
  EXPECT_GT(telemetry->process.resident_bytes, 0U);
  (void)stop();
  EXPECT_EQ(board_.latest()->phase, Telemetry::Phase::Stopping);
}

TEST_F(LiveTest, AStateSetByHandIsToldToTheTopics) {
  world_.batches.push_back({line(minutes(3), false)});
  world_.caught_up = true;
  start();
  ASSERT_TRUE(shows([](const Telemetry& t) { return t.evaluations > 0; }));
  const auto outcome = std::make_shared<shard::SetStateOutcome>();
  ASSERT_EQ(requests_.ask(
                [outcome](Answering& engine) {
                  *outcome =
                      *engine.set_state({0, {}, alarm::State::Alarm, "a drill", as_event_time(wall_now())});
                },
                minutes(1)),
            Requests::Outcome::Answered);
  EXPECT_EQ(*outcome, shard::SetStateOutcome::Changed);
  EXPECT_TRUE(world_.wait([](const World& world) { return world.delivered.size() == 1; }));
  (void)stop();
}

TEST_F(LiveTest, ASourceWhoseTimeStandsStillIsTold) {
  stall_limit_ = Duration{20};
  world_.batches.push_back({line(minutes(30), false)});
  start();
  ASSERT_TRUE(
      world_.wait([](const World& world) { return std::ranges::count(world.noted, "source_stalled") >= 1; }));
  EXPECT_TRUE(shows([](const Telemetry& t) { return t.sources[0].stalled_since.has_value(); }));
  // It may be told first that nothing has been heard yet; then why it lags, and what to do.
  EXPECT_TRUE(world_.wait([](const World& world) {
    return std::ranges::any_of(world.notes, [](const std::string& note) {
      return note.contains("memory lags by 30m") && note.contains("reading goes on");
    });
  }));
  EXPECT_TRUE(
      shows([](const Telemetry& t) { return t.sources[0].held && t.sources[0].held->reason == "lagging"; }));
  world_.change([](World& world) { world.caught_up = true; });
  EXPECT_TRUE(world_.wait([](const World& world) {
    return std::ranges::any_of(world.notes, [](const std::string& note) {
      return note.contains("app: its time goes on, after ") && note.contains(": it stood still from 20");
    });
  }));
  (void)stop();
}

class LiveOwnMetricsTest : public LiveTest {
 protected:
  LiveOwnMetricsTest()
      : LiveTest(R"(
  reading:
    metric: {namespace: Tocsin, name: RecordsRead, statistic: Sum, period: 10s}
    for_each: [Source]
    condition: ">= 3"
    missing_data: not_breaching
    notify: [told]
)") {}
};

TEST_F(LiveOwnMetricsTest, AnAlarmOnTheEngineItselfIsJudgedByTheClock) {
  world_.batches.push_back({line(minutes(30), false), line(minutes(20), false), line(minutes(10), false)});
  start();
  ASSERT_TRUE(shows([](const Telemetry& t) { return t.sources[0].records == 3; }));
  clock_jump_ = std::chrono::seconds(30);
  EXPECT_TRUE(world_.wait([](const World& world) {
    return std::ranges::count(world.delivered, "ALARM: \"reading\" in local") == 1;
  }));
  (void)stop();
}

class LiveDestinationsTest : public LiveTest {
 protected:
  LiveDestinationsTest()
      : LiveTest({}, {.mailbox_capacity = 1000}, "{console: {}}, {file: {path: hanging}}") {}
};

TEST_F(LiveDestinationsTest, ADestinationThatHangsForEverDelaysNeitherTheOtherNorTheReading) {
  constexpr std::size_t kBatch = 100;
  constexpr std::size_t kAlarms = 5000;
  start();
  // An alarm each second minute. One batch ahead of what the other destination has, for its queue has an end,
  // too.
  const EventTime now = as_event_time(wall_now());
  for (std::size_t sent = 0; sent < kAlarms; sent += kBatch) {
    std::vector<std::string> lines;
    for (std::size_t i = sent; i < sent + kBatch; ++i) {
      const EventTime time = now - minutes(2 * (kAlarms - i) + 10);
      lines.push_back(fmt::format(R"({{"t":"{}","error":true}})", format_rfc3339(time)));
    }
    ASSERT_TRUE(world_.wait([&](const World& world) { return world.delivered.size() + kBatch >= sent; }));
    world_.change([&](World& world) { world.batches.push_back(std::move(lines)); });
  }
  world_.change([](World& world) { world.caught_up = true; });
  ASSERT_TRUE(world_.wait([](const World& world) { return world.delivered.size() == kAlarms; }));
  // One is being tried for ever, a thousand wait, the others gave way.
  ASSERT_TRUE(shows([](const Telemetry& t) { return t.subscriptions[0].status.delivered == kAlarms; }));
  const notify::SubscriptionStatus hanging = board_.latest()->subscriptions[1].status;
  EXPECT_EQ(hanging.published, kAlarms);
  EXPECT_EQ(hanging.waiting, 1000U);
  EXPECT_EQ(hanging.overflowed, kAlarms - 1001);
  EXPECT_EQ(board_.latest()->subscriptions[0].status.overflowed, 0U);
  using Kind = notify::DeliveryReport::Kind;
  world_.change([](World& world) {
    EXPECT_EQ(std::ranges::count(world.reports, Kind::Overflow), 1);
    EXPECT_EQ(std::ranges::count(world.noted, "queue_full"), 0);
    EXPECT_EQ(world.committed, 0);  // the first may still be delivered
    world.other_hangs = false;
  });
  // It answers again: the first and the newest arrive in their order, and nothing holds the offset any more.
  ASSERT_TRUE(world_.wait([](const World& world) { return world.committed == kAlarms + 1; }));
  const LiveResult result = stop();
  EXPECT_EQ(result.undelivered, 0U);
  EXPECT_EQ(world_.other_delivered.size(), 1001U);
  EXPECT_TRUE(std::ranges::is_sorted(world_.other_delivered));
  EXPECT_EQ(world_.other_delivered.back() - world_.other_delivered.at(1), minutes(2 * 999));
  EXPECT_EQ(std::ranges::count(world_.reports, Kind::OverflowOver), 1);
}

class LiveRetryTest : public LiveTest {
 protected:
  LiveRetryTest() : LiveTest({}, {.retry = {.give_up_after = Duration{100}}, .mailbox_capacity = 2}) {}
};

TEST_F(LiveRetryTest, WhatADestinationIsGivenUpForHoldsNoOffsetBack) {
  world_.sink_works = false;
  world_.batches.push_back({line(minutes(30), true), line(minutes(20), true)});
  world_.caught_up = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.committed == 3; }));
  (void)stop();
  EXPECT_EQ(std::ranges::count(world_.reports, notify::DeliveryReport::Kind::GivenUp), 2);
  EXPECT_TRUE(world_.delivered.empty());
}

class LiveRulesTest : public LiveTest {
 protected:
  LiveRulesTest() : LiveTest("rules:\n  quiet: {event_pattern: {error: [false]}, notify: [told]}\n") {}
};

TEST_F(LiveRulesTest, AnEventIsToldThoughNoTimeIsKnown) {
  world_.batches.push_back({line(-minutes(30), false)});  // of a clock that is ahead: it proves nothing
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return !world.delivered.empty(); }));
  (void)stop();
  EXPECT_EQ(world_.committed, 0);
}

TEST_F(LiveRulesTest, AnEventIsToldAtOnceAndItsOffsetCommittedOnceItsMinuteIsJudged) {
  world_.batches.push_back({line(minutes(30), false)});  // nothing says that its minute is over
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return !world.delivered.empty(); }));
  world_.change([](World& world) {
    EXPECT_EQ(world.committed, 0);
    world.caught_up = true;
  });
  ASSERT_TRUE(world_.wait([](const World& world) { return world.committed == 2; }));
  const LiveResult result = stop();
  EXPECT_EQ(world_.delivered, (std::vector<std::string>{"EVENT: \"quiet\""}));
  EXPECT_EQ(result.counts.rule_matches, 1U);
  EXPECT_EQ(board_.latest()->rules.at(0).matched, 1U);
}

// A mailbox of two.
TEST_F(LiveRulesTest, MoreEventsThanAMailboxHoldsAllArrive) {
  drain_limit_ = minutes(1);  // which a passing test does not need
  for (int batch = 0; batch < 5; ++batch)
    world_.batches.push_back(std::vector<std::string>(20, line(minutes(30), false)));
  world_.ended = true;
  start();
  const LiveResult result = join();
  EXPECT_EQ(world_.delivered.size(), 100U);
  EXPECT_EQ(result.undelivered, 0U);
  EXPECT_EQ(world_.committed, 101);
}

TEST_F(LiveRulesTest, EventsThatTheirDestinationDoesNotTakeHoldTheReadingAndComeAgain) {
  world_.sink_works = false;
  for (int batch = 0; batch < 3; ++batch)
    world_.batches.push_back(std::vector<std::string>(10, line(minutes(30), false)));
  world_.caught_up = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  const LiveResult result = stop();
  EXPECT_GT(result.undelivered, 0U);
  EXPECT_EQ(world_.committed, 0);
}

TEST_F(LiveRulesTest, AfterTheEndOfAllHistoryASlowDestinationGetsEverything) {
  world_.sink_pause = Duration{30};  // more than the drain limit in all
  world_.batches.push_back(std::vector<std::string>(40, line(minutes(30), false)));
  world_.ended = true;
  start();
  const LiveResult result = join();
  EXPECT_EQ(world_.delivered.size(), 40U);
  EXPECT_EQ(result.undelivered, 0U);
  EXPECT_FALSE(result.asked_to_stop);
}

TEST_F(LiveRulesTest, EventsAndAlarmsThatAStopFindsWaitingAreJudgedAndCounted) {
  world_.sink_works = false;
  std::vector<std::string> lines(30, line(minutes(30), false));
  lines.push_back(line(minutes(20), true));
  world_.batches.push_back(lines);
  world_.batches.push_back(lines);
  world_.ended = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  const LiveResult result = stop();
  EXPECT_GT(result.counts.transitions, 0U);
  EXPECT_EQ(result.undelivered + result.lost, result.counts.notifications);
  EXPECT_GT(result.counts.notifications, 60U);
}

TEST_F(LiveTest, WhatDiesIsKeptBeforeItsOffsetIsCommitted) {
  world_.sink_works = false;
  world_.batches.push_back({line(minutes(30), false), R"({"t":"cut)", line(minutes(20), false)});
  world_.caught_up = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) {
    return std::ranges::any_of(world.notes,
                               [](const std::string& note) { return note.contains("cannot deliver"); }) ||
           world.notes.size() >= 2;
  }));
  world_.change([](World& world) {
    EXPECT_EQ(world.committed, 0);
    world.sink_works = true;
  });
  ASSERT_TRUE(world_.wait([](const World& world) { return world.committed == 4; }));
  const LiveResult result = stop();
  EXPECT_EQ(world_.delivered, (std::vector<std::string>{"dead letter memory:2"}));
  EXPECT_EQ(
      world_.notes.at(1),
      "an item of app could not be used: not_json, at memory:2; kept in memory: "
      "`tocsin run --replay-dead-letters --still-dead FILE` gives a file to mend `value` in and to replay");
  const event::ItemCounts& items = result.counts.items;
  EXPECT_EQ(items.read, 3U);
  EXPECT_EQ(items.decoded, 2U);
  EXPECT_EQ(items.dead, 1U);
}

TEST_F(LiveTest, LettersThatTheirDestinationDoesNotTakeHoldTheReadingAndComeAgain) {
  world_.sink_works = false;
  world_.batches.push_back(std::vector<std::string>(50, R"({"cut)"));
  world_.caught_up = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) {
    return std::ranges::any_of(world.notes, [](const std::string& note) { return note.contains("is full"); });
  }));
  const LiveResult result = stop();
  EXPECT_GT(result.undelivered, 0U);
  EXPECT_EQ(world_.committed, 0);
}

// Nothing in them says a time, so nothing is ever judged.
TEST_F(LiveTest, AllLettersOfAFileThatIsDeadToItsEndAreWritten) {
  world_.batches.push_back(std::vector<std::string>(50, R"({"cut)"));
  world_.ended = true;
  start();
  const LiveResult result = join();
  EXPECT_EQ(world_.delivered.size(), 50U);
  EXPECT_EQ(result.undelivered, 0U);
}

TEST_F(LiveTest, LettersThatAreLeftAtTheEndAreCounted) {
  world_.sink_works = false;
  world_.batches.push_back(std::vector<std::string>(50, R"({"cut)"));
  world_.ended = true;
  start();
  ASSERT_TRUE(world_.wait([](const World& world) { return world.batches.empty(); }));
  EXPECT_EQ(stop().undelivered, 50U);
  EXPECT_TRUE(world_.delivered.empty());
  EXPECT_EQ(world_.committed, 0);
}

TEST_F(LiveTest, WithoutADestinationLettersAreCountedAndToldWithAdvice) {
  keeps_letters_ = false;
  world_.batches.push_back({R"({"t":"cut)", R"({"t":"cut, too)"});
  world_.ended = true;
  start();
  const LiveResult result = join();
  EXPECT_EQ(result.counts.items.dead, 2U);
  EXPECT_TRUE(world_.delivered.empty());
  ASSERT_EQ(world_.notes.size(), 3U);  // running, the first at once, the rest at the end
  EXPECT_TRUE(world_.notes[1].contains("set `dead_letters: {file: PATH}`")) << world_.notes[1];
  EXPECT_TRUE(world_.notes[2].contains("memory:2")) << world_.notes[2];
}

}  // namespace
}  // namespace tocsin::runtime
