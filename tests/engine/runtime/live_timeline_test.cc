// What alarms say, and when, as sources stop, lag, fall silent and go away: the live engine on a clock that
// the test moves, reading sources whose answers the test writes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "config/load.h"
#include "engine/runtime/live.h"

#include "engine/runtime/plan_definitions.h"

namespace tocsin::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const WallTime kStart{parse_rfc3339("2026-03-01T09:00:00Z")->time_since_epoch()};

// `silent` rings for a minute without events, `errors` for one with an error; `slow` is the same silence on a
// source of its own.
constexpr std::string_view kConfiguration = R"(
sources:
  app: {kafka: {brokers: "none:9092", topics: [app], group: g}, format: json, time: {field: $.t}}
  other: {kafka: {brokers: "none:9092", topics: [other], group: g}, format: json, time: {field: $.t}}
metric_filters:
  events:
    log_groups: [app]
    pattern: '{ $.t = "*" }'
    metric: {namespace: App, name: Events}
  errors:
    log_groups: [app]
    pattern: '{ $.error IS TRUE }'
    metric: {namespace: App, name: Errors}
  others:
    log_groups: [other]
    pattern: '{ $.t = "*" }'
    metric: {namespace: Other, name: Events}
alarms:
  silent:
    metric: {namespace: App, name: Events, statistic: SampleCount, period: 1m}
    condition: "< 1"
    evaluation_range: 1
    missing_data: breaching
    notify: {alarm: [told], ok: [told]}
  errors:
    metric: {namespace: App, name: Errors, statistic: Sum, period: 1m}
    condition: ">= 1"
    evaluation_range: 1
    missing_data: not_breaching
    notify: {alarm: [told], ok: [told]}
  other-silent:
    metric: {namespace: Other, name: Events, statistic: SampleCount, period: 1m}
    condition: "< 1"
    evaluation_range: 1
    missing_data: breaching
    notify: {alarm: [told], ok: [told]}
topics:
  told: {subscriptions: [{console: {}}]}
)";

std::shared_ptr<const Plan> make_plan() {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("tocsin-timeline-{}.yaml", getpid());
  std::ofstream(path) << kConfiguration;
  config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  return loaded.configuration->plan;
}

std::string clock_text(EventTime time) { return format_rfc3339(time).substr(11, 8); }

// No source says that it is caught up before it has handed everything over: until then the status is the one
// that was answered last.
struct Script {
  std::deque<event::RawBatch> batches;
  source::SourceStatus status;
  source::SourceStatus answered;
  std::uint64_t asked = 0;  // how often for its status
};

struct Stage {
  std::mutex mutex;
  std::condition_variable changed;
  WallTime now = kStart;
  std::chrono::steady_clock::time_point steady{hours(1)};
  std::vector<Script> scripts = std::vector<Script>(2);
  std::uint64_t steps = 0;  // of the engine's thread
  std::vector<std::string> told;
  std::vector<std::vector<std::string>> examples;  // beside `told`
  std::vector<std::string> notes;
};

class ScriptedSource final : public source::Source {
 public:
  ScriptedSource(Stage& stage, std::size_t number, std::string topic) : stage_(stage), number_(number) {
    for (int partition = 0; partition < 2; ++partition)
      partitions_.push_back({.source = topic, .topic = topic, .number = partition});
  }
  Result<void> open(const std::vector<source::Resume>&) override { return {}; }
  Result<std::optional<event::RawBatch>> poll(Duration) override {
    std::unique_lock lock(stage_.mutex);
    auto& batches = stage_.scripts[number_].batches;
    stage_.changed.wait_for(lock, Duration{5}, [&] { return !batches.empty(); });
    if (batches.empty()) return std::optional<event::RawBatch>();
    event::RawBatch batch = std::move(batches.front());
    batches.pop_front();
    return std::optional(std::move(batch));
  }
  [[nodiscard]] const std::vector<source::PartitionName>& partitions() const override { return partitions_; }
  source::SourceStatus status() override {
    std::lock_guard lock(stage_.mutex);
    Script& script = stage_.scripts[number_];
    if (script.batches.empty()) script.answered = script.status;
    ++script.asked;
    stage_.changed.notify_all();
    return script.answered;
  }
  void commit(std::uint32_t, std::int64_t) override {}
  void close() override {}

 private:
  Stage& stage_;
  std::size_t number_;
  std::vector<source::PartitionName> partitions_;
};

class Listening final : public notify::Sink {
 public:
  explicit Listening(Stage& stage) : stage_(stage) {}
  Result<void> open() override { return {}; }
  notify::Attempt deliver(const notify::Notification& notification) override {
    std::lock_guard lock(stage_.mutex);
    stage_.told.push_back(fmt::format("{} {} {} {}", clock_text(as_event_time(stage_.now)),
                                      notification.facts->alarm, to_string(notification.facts->to),
                                      clock_text(notification.time)));
    std::vector<std::string> texts;
    for (const auto& example : notification.facts->examples)
      texts.push_back(example.place + " " + example.text);
    stage_.examples.push_back(std::move(texts));
    stage_.changed.notify_all();
    return {};
  }
  [[nodiscard]] std::string describe() const override { return "the test"; }

 private:
  Stage& stage_;
};

// Times are minutes and seconds after 09:00. Each `told` is "<clock> <alarm> <state> <time of the change>".
class LiveTimeline : public testing::Test {
 protected:
  LiveTimeline() {
    std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks(1);
    sinks[0].push_back(std::make_unique<Listening>(stage_));
    delivery_ =
        std::make_unique<notify::Delivery>(plan_->topics, std::move(sinks), notify::DeliverySettings{},
                                           clock_, [](const notify::DeliveryReport&) {});
    EXPECT_TRUE(delivery_->open().has_value());
    std::vector<std::unique_ptr<source::Source>> sources;
    sources.push_back(std::make_unique<ScriptedSource>(stage_, 0, "app"));
    sources.push_back(std::make_unique<ScriptedSource>(stage_, 1, "other"));
    LiveOptions options;
    options.drain_limit = seconds(30);
    options.now = [this] { return read(&Stage::now); };
    options.steady = [this] { return read(&Stage::steady); };
    live_ = std::make_unique<Live>(
        plan_, std::move(sources),
        journal_.emplace(std::make_shared<const shard::Definitions>(definitions_of(*plan_))), *delivery_,
        options, [this](const Note& note) {
          std::lock_guard lock(stage_.mutex);
          if (note.code != "running") stage_.notes.push_back(note.code + ": " + to_text(note));
        });
    thread_ = std::thread([this] {
      const auto result = live_->run([this] {
        std::lock_guard lock(stage_.mutex);
        ++stage_.steps;
        stage_.changed.notify_all();
        return stop_;
      });
      EXPECT_TRUE(result.has_value());
    });
    both_caught_up(0);
    both_caught_up(1);
    settle();
  }
  ~LiveTimeline() override {
    {
      std::lock_guard lock(stage_.mutex);
      stop_ = true;
    }
    thread_.join();
  }

  template <typename T>
  T read(T Stage::* member) {
    std::lock_guard lock(stage_.mutex);
    return stage_.*member;
  }

  void clock(Duration since) {
    std::lock_guard lock(stage_.mutex);
    const WallTime now = kStart + since;
    stage_.steady += now - stage_.now;
    stage_.now = now;
  }
  void set_clock(Duration since) {
    std::lock_guard lock(stage_.mutex);
    stage_.now = kStart + since;
  }

  // An event of a partition that says `time`, appended then.
  void event(std::uint32_t partition, Duration time, bool error = false, std::size_t source = 0) {
    const EventTime at = as_event_time(kStart) + time;
    const auto text =
        std::make_shared<std::string>(fmt::format(R"({{"t":"{}","error":{}}})", format_rfc3339(at), error));
    std::lock_guard lock(stage_.mutex);
    event::RawBatch batch;
    batch.partition = partition;
    batch.records.push_back({*text, at, ++offset_});
    batch.bytes = text;
    batch.next_offset = offset_ + 1;
    batch.read_at = stage_.now;
    stage_.scripts[source].batches.push_back(std::move(batch));
  }

  source::Progress caught_up(std::uint32_t partition) {
    return {.partition = partition, .caught_up = true, .at = read(&Stage::now)};
  }
  void status(std::vector<source::Progress> partitions, std::size_t source = 0, bool connected = true) {
    std::lock_guard lock(stage_.mutex);
    stage_.scripts[source].status = {.partitions = std::move(partitions), .connected = connected};
  }
  void both_caught_up(std::size_t source = 0) { status({caught_up(0), caught_up(1)}, source); }

  // Waits until the engine has taken in all of the script: everything was polled, then a status asked for was
  // posted (another was asked for after it), and then more steps were made than messages may wait.
  void settle() {
    std::unique_lock lock(stage_.mutex);
    const auto wait = [&](auto&& what) { ASSERT_TRUE(stage_.changed.wait_for(lock, seconds(120), what)); };
    wait([&] { return stage_.scripts[0].batches.empty() && stage_.scripts[1].batches.empty(); });
    const std::uint64_t first = stage_.scripts[0].asked;
    const std::uint64_t second = stage_.scripts[1].asked;
    wait([&] { return stage_.scripts[0].asked >= first + 2 && stage_.scripts[1].asked >= second + 2; });
    const std::uint64_t step = stage_.steps;
    wait([&] { return stage_.steps >= step + 20; });
  }

  // All that was told so far, once it is `count` lines.
  std::vector<std::string> told(std::size_t count) {
    settle();
    std::unique_lock lock(stage_.mutex);
    stage_.changed.wait_for(lock, seconds(60), [&] { return stage_.told.size() >= count; });
    std::vector<std::string> lines = stage_.told;
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  // The first minute, with an event, and everything known: three alarms that are OK or silent.
  void begin() {
    event(0, seconds(10));
    event(0, seconds(10), false, 1);
    clock(seconds(61));
    both_caught_up(0);
    both_caught_up(1);
    ASSERT_THAT(told(3), ElementsAre("09:01:01 errors OK 09:01:00", "09:01:01 other-silent OK 09:01:00",
                                     "09:01:01 silent OK 09:01:00"));
    std::lock_guard lock(stage_.mutex);
    stage_.told.clear();
    stage_.examples.clear();
  }
  // The other source is of no interest: it always has events.
  void other_is_busy(Duration until) {
    for (Duration at = minutes(1) + seconds(5); at < until; at += minutes(1)) event(0, at, false, 1);
    both_caught_up(1);
  }

  Stage stage_;
  const std::shared_ptr<const Plan> plan_ = make_plan();
  notify::SteadyClock clock_;
  std::unique_ptr<notify::Delivery> delivery_;
  std::optional<shard::Journal> journal_;
  std::unique_ptr<Live> live_;
  std::thread thread_;
  bool stop_ = false;  // guarded by the stage's mutex
  std::int64_t offset_ = 0;
};

TEST_F(LiveTimeline, ASourceThatStopsIsHeardAtTheEndOfTheFirstMinuteWithoutEvents) {
  begin();
  event(0, seconds(70));
  clock(seconds(121));
  both_caught_up();
  other_is_busy(minutes(4));
  EXPECT_THAT(told(0), IsEmpty());
  clock(seconds(179));
  both_caught_up();
  EXPECT_THAT(told(0), IsEmpty());
  clock(seconds(180));
  both_caught_up();
  EXPECT_THAT(told(1), ElementsAre("09:03:00 silent ALARM 09:03:00"));
}

TEST_F(LiveTimeline, ASourceThatLagsAnHourIsJudgedByWhatItSaidThenAndSilenceIsNotSeenInTheLag) {
  begin();
  other_is_busy(minutes(65));
  // Nothing of an hour has been read yet, though the clock has passed it.
  clock(minutes(60));
  status({{.partition = 0}, {.partition = 1}});
  EXPECT_THAT(told(0), IsEmpty());
  // The hour is read: an event a minute, one error.
  for (int minute = 1; minute < 30; ++minute) {
    event(0, minutes(minute) + seconds(20), minute == 10);
    event(1, minutes(minute) + seconds(20));
  }
  EXPECT_THAT(told(2), ElementsAre("10:00:00 errors ALARM 09:11:00", "10:00:00 errors OK 09:12:00"));
  for (int minute = 30; minute < 60; ++minute) {
    event(0, minutes(minute) + seconds(20));
    event(1, minutes(minute) + seconds(20));
  }
  EXPECT_EQ(told(2).size(), 2U);
  clock(minutes(60) + seconds(1));
  both_caught_up();
  EXPECT_EQ(told(2).size(), 2U);
  clock(minutes(61));
  both_caught_up();
  EXPECT_THAT(told(3), testing::Contains("10:01:00 silent ALARM 10:01:00"));
}

TEST_F(LiveTimeline, OneSilentPartitionAmongBusyOnesHoldsNothingWhileItIsCaughtUp) {
  begin();
  other_is_busy(minutes(5));
  for (int minute = 1; minute < 4; ++minute) {
    event(0, minutes(minute) + seconds(20), minute == 2);
    clock(minutes(minute + 1) + seconds(1));
    both_caught_up();
    settle();
  }
  EXPECT_THAT(told(2), ElementsAre("09:03:01 errors ALARM 09:03:00", "09:04:01 errors OK 09:04:00"));
}

TEST_F(LiveTimeline, OnePartitionThatLagsHoldsItsSourceAndNoOther) {
  begin();
  event(0, seconds(70), true);
  clock(minutes(10));
  both_caught_up(1);  // and it has no events: `other-silent` rings
  status({caught_up(0), {.partition = 1}});
  EXPECT_THAT(told(1), ElementsAre("09:10:00 other-silent ALARM 09:02:00"));
  event(1, seconds(90));
  event(1, seconds(130));
  EXPECT_THAT(told(2), ElementsAre("09:10:00 errors ALARM 09:02:00", "09:10:00 other-silent ALARM 09:02:00"));
}

TEST_F(LiveTimeline, ABrokerThatIsAwayIsNoSilence) {
  begin();
  other_is_busy(minutes(40));
  const source::Progress first = caught_up(0);
  const source::Progress second = caught_up(1);
  clock(minutes(30));
  status({first, second}, 0, false);
  EXPECT_THAT(told(0), IsEmpty());
  // It is back, with all that was said in the meantime but for the minute from 09:20.
  for (int minute = 1; minute < 30; ++minute) {
    if (minute != 20) event(static_cast<std::uint32_t>(minute) % 2, minutes(minute) + seconds(20));
  }
  clock(minutes(30) + seconds(1));
  both_caught_up();
  EXPECT_THAT(told(2), ElementsAre("09:30:01 silent ALARM 09:21:00", "09:30:01 silent OK 09:22:00"));
}

TEST_F(LiveTimeline, APartitionThatIsAddedHoldsUntilItIsKnownAndOneThatGoesHoldsNothing) {
  begin();
  other_is_busy(minutes(10));
  clock(minutes(3));
  status({caught_up(0), {.partition = 1}});
  event(0, seconds(80), true);
  EXPECT_THAT(told(0), IsEmpty());  // partition 1 was last known at 09:01:01
  status({caught_up(0)});
  EXPECT_THAT(told(3), ElementsAre("09:03:00 errors ALARM 09:02:00", "09:03:00 errors OK 09:03:00",
                                   "09:03:00 silent ALARM 09:03:00"));
  clock(minutes(4));
  status({caught_up(0), {.partition = 1}});
  settle();
  EXPECT_EQ(told(3).size(), 3U);
  status({});  // all given up: nothing is known
  clock(minutes(5));
  EXPECT_EQ(told(3).size(), 3U);
}

TEST_F(LiveTimeline, AForwardJumpOfTheClockMakesNothingMissingUntilTheSourceAnswers) {
  begin();
  other_is_busy(minutes(70));
  set_clock(minutes(61));
  EXPECT_THAT(told(0), IsEmpty());
  EXPECT_THAT(read(&Stage::notes),
              ElementsAre(testing::StartsWith(
                  "clock_jump: the clock went forward by 59m59s, to 2026-03-01T10:01:00Z; alarms are "
                  "judged by the time before the jump")));
  // The machine slept, and events were appended all the while.
  for (int minute = 1; minute < 61; ++minute)
    event(static_cast<std::uint32_t>(minute) % 2, minutes(minute) + seconds(30));
  status({{.partition = 0}, {.partition = 1}});
  settle();
  both_caught_up();
  EXPECT_THAT(told(0), IsEmpty());
}

TEST_F(LiveTimeline, AfterASuspendTheSourcesHaveAMinuteBeforeWhatTheyDoNotHaveIsMissing) {
  begin();
  other_is_busy(minutes(70));
  event(0, seconds(70));
  set_clock(minutes(61));
  both_caught_up();
  both_caught_up(1);  // and says so at once, with nothing of the hour
  EXPECT_THAT(told(0), IsEmpty());
  clock(minutes(61) + seconds(58));
  both_caught_up();
  EXPECT_THAT(told(0), IsEmpty());
  clock(minutes(62) + seconds(1));
  both_caught_up();
  EXPECT_THAT(told(1), testing::Contains("10:02:01 silent ALARM 09:03:00"));
}

TEST_F(LiveTimeline, AForwardJumpThatIsTakenBackWithinAMinuteChangesNothing) {
  begin();
  other_is_busy(minutes(70));
  event(0, seconds(70));
  set_clock(minutes(61));
  both_caught_up();
  both_caught_up(1);
  EXPECT_THAT(told(0), IsEmpty());
  set_clock(seconds(62));
  settle();
  EXPECT_THAT(read(&Stage::notes), testing::Contains(testing::HasSubstr("time goes on as before")));
  both_caught_up();
  both_caught_up(1);
  settle();  // no answer from that hour is left
  event(0, seconds(80), true);
  clock(seconds(121));
  both_caught_up();
  both_caught_up(1);
  EXPECT_THAT(told(1), ElementsAre("09:02:01 errors ALARM 09:02:00"));
}

TEST_F(LiveTimeline, ABackwardJumpOfTheClockTakesNothingBackAndWaitsForTheClock) {
  begin();
  set_clock(-minutes(59));
  both_caught_up(0);
  both_caught_up(1);
  EXPECT_THAT(told(0), IsEmpty());
  EXPECT_THAT(read(&Stage::notes),
              ElementsAre(testing::StartsWith(
                  "clock_jump: the clock went back by 1h1s, to 2026-03-01T08:01:00Z; time "
                  "does not go back: alarms are judged again when the clock has passed "
                  "2026-03-01T09:01:01Z")));
  event(0, seconds(70), true);
  clock(minutes(2));
  both_caught_up(0);
  EXPECT_THAT(told(1), ElementsAre("09:02:00 errors ALARM 09:02:00"));
}

TEST_F(LiveTimeline, ANotificationShowsTheEventsBehindIt) {
  begin();
  other_is_busy(minutes(3));
  event(0, seconds(70), true);
  event(1, seconds(75), true);
  clock(seconds(120));
  both_caught_up();
  ASSERT_THAT(told(1), ElementsAre("09:02:00 errors ALARM 09:02:00"));
  std::lock_guard lock(stage_.mutex);
  ASSERT_EQ(stage_.examples.size(), 1U);
  EXPECT_THAT(stage_.examples[0],
              ElementsAre(testing::AllOf(testing::StartsWith("app[0]@"), testing::HasSubstr("09:01:10Z")),
                          testing::AllOf(testing::StartsWith("app[1]@"), testing::HasSubstr("09:01:15Z"))));
}

}  // namespace
}  // namespace tocsin::runtime
