// The broker goes away and comes back: the engine knows nothing meanwhile, and so says nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "tests/crash/engine_process.h"
#include "tests/crash/kept_state.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::crash_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::int32_t kPartitions = 2;
constexpr auto kBeat = 500ms;
constexpr auto kLimit = 120s;  // for what takes seconds on a machine with nothing else to do
// Beyond the absence: for the broker to start, and for what was kept meanwhile to be sent and read.
constexpr auto kAllowance = 40s;

// How long it is away; TOCSIN_AWAY_SECONDS for longer.
seconds away() {
  const char* given = std::getenv("TOCSIN_AWAY_SECONDS");
  return given == nullptr ? seconds(20) : seconds(std::atoi(given));
}

// A sign of life twice a second, whatever else the test waits for, kept until it is sent.
class Heart {
 public:
  // With its beats of the time since `began`, as if it had always been there.
  explicit Heart(EventTime began) {
    for (const EventTime now = as_event_time(wall_now()); began < now; began += kBeat) beat(began);
    thread_ = std::jthread([this](const std::stop_token& stopping) {
      std::unique_lock lock(mutex_);
      while (!stopping.stop_requested()) {
        beat(as_event_time(wall_now()));
        wake_.wait_for(lock, stopping, kBeat, [] { return false; });
      }
    });
  }
  void send(const kafka_test::Topics& topics) {
    std::unique_lock lock(mutex_);
    const auto beats = std::exchange(waiting_, {});
    lock.unlock();
    topics.produce("storm", beats);
    sent_ += beats.size();
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  void beat(EventTime now) {
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      waiting_.push_back({.value = R"({"account":"a000","value":1})",
                          .timestamp_ms = now.time_since_epoch().count(),
                          .partition = partition});
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<kafka_test::TopicRecord> waiting_;  // guarded by mutex_
  std::uint64_t sent_ = 0;
  std::jthread thread_;
};

// The newest line of the log with that code.
std::optional<nlohmann::json> last_note(const std::string& log, const std::string& code) {
  std::optional<nlohmann::json> found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const auto note = nlohmann::json::parse(line, nullptr, false);
    if (note.is_object() && note.value("code", "") == code) found = note;
  }
  return found;
}

EventTime time_of(const nlohmann::json& note, const char* field) {
  return parse_rfc3339(note.value(field, "")).value_or(kNever);
}

class Away : public ::testing::Test {
 protected:
  Away() {
    broker_.start();
    topics_.emplace(broker_.address());
    topics_->create("storm", kPartitions);
    std::ofstream(directory_ / "away.yaml") << fmt::format(
        R"(sources:
  storm:
    kafka: {{brokers: "{}", topics: [storm], group: away, start: earliest}}
    log_group: storm
    delay: {}s
metric_filters:
  beats:
    log_groups: [storm]
    pattern: '{{ $.value = 1 }}'
    metric: {{namespace: Storm, name: Beats, value: $.value}}
alarms:
  heart-stopped:
    metric: {{namespace: Storm, name: Beats, statistic: SampleCount, period: 10s}}
    condition: "< 1"
    datapoints: 1 of 1
    evaluation_range: 1
    missing_data: breaching
    notify: {{alarm: [alerts], ok: [alerts], insufficient_data: [alerts]}}
  kept:
    metric: {{namespace: Storm, name: Beats, statistic: Sum, period: 1d}}
    condition: "< 0"
    datapoints: 1 of 1
topics:
  alerts:
    subscriptions: [{{file: {{path: {}}}}}]
)",
        broker_.address(), delay_.count(), alerts_.string());
  }
  ~Away() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string told() const { return kafka_test::read_file(alerts_); }

  bool send_until(Heart& heart, EngineProcess& engine, Steady::duration limit,
                  const std::function<bool()>& is_over) {
    for (const auto end = Steady::now() + limit; !is_over() && Steady::now() < end;
         std::this_thread::sleep_for(kBeat)) {
      engine.expect_running();
      heart.send(*topics_);
    }
    return is_over();
  }

  static fs::path make_directory() {
    std::string name = (fs::temp_directory_path() / "tocsin-away-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  const fs::path directory_ = make_directory();
  const fs::path alerts_ = directory_ / "alerts";
  const seconds delay_ = away() + kAllowance;  // what the sender kept comes within it
  kafka_test::Broker broker_{kafka_test::kafka_jars()};
  std::optional<kafka_test::Topics> topics_;
};

TEST_F(Away, NothingIsJudgedMissingWhileTheBrokerIsAwayAndEverythingIsCaughtUp) {
  Heart heart(as_event_time(wall_now()) - delay_ - 60s);
  heart.send(*topics_);
  EngineProcess engine(kafka_test::program(), directory_, "away", kPartitions);
  engine.start();
  ASSERT_TRUE(send_until(heart, engine, kLimit, [&] {
    return told().find(R"("NewStateValue":"OK")") != std::string::npos;
  })) << engine.log();
  const std::string told_before = told();

  const EventTime gone = as_event_time(wall_now());
  const auto killed = Steady::now();
  broker_.kill();
  std::this_thread::sleep_until(killed + away());
  engine.expect_running();
  EXPECT_EQ(told(), told_before);
  const EventTime started = as_event_time(wall_now());
  broker_.start();  // here and not beside: a broker ends with the thread that started it
  heart.send(*topics_);
  const auto absence = Steady::now() - killed;
  if (absence > delay_ - 5s) {
    GTEST_SKIP() << "the machine is too busy: the broker took "
                 << std::chrono::duration_cast<seconds>(absence - away()).count()
                 << " s to come back, and the alarm listens to what its `delay` allows";
  }

  // Until everything around the absence is judged.
  const auto judged = Steady::now() + delay_ + 15s;
  ASSERT_TRUE(send_until(heart, engine, delay_ + kLimit, [&] { return Steady::now() > judged; }));
  const auto is_read = [&] { return engine.progress().read == static_cast<double>(heart.sent()); };
  for (const auto end = Steady::now() + kLimit; !is_read() && Steady::now() < end;)
    std::this_thread::sleep_for(kBeat);
  EXPECT_EQ(engine.stop(), 0) << engine.log();
  EXPECT_EQ(told(), told_before);

  const auto state = look_at_state(engine.state());
  ASSERT_TRUE(state) << describe(state.error());
  EXPECT_EQ(state->counted("events"), heart.sent());
  std::uint64_t counted = 0;
  for (const auto& [key, sums] : state->sums) counted += static_cast<std::uint64_t>(sums.count);
  EXPECT_EQ(counted, heart.sent());
  EXPECT_EQ(state->counts.late, 0U);

  // The incident: of what, from when to when, for how long.
  const auto note = last_note(engine.log(), "brokers_back");
  ASSERT_TRUE(note) << engine.log();
  EXPECT_EQ(note->value("source", ""), "storm");
  EXPECT_THAT(note->value("text", ""), ::testing::StartsWith("storm: the brokers answer again, after"));
  const EventTime from = time_of(*note, "from");
  const EventTime to = time_of(*note, "to");
  EXPECT_GT(from, gone - 5s) << note->dump();
  EXPECT_LT(from, gone + 1s) << note->dump();
  EXPECT_GE(to, started) << note->dump();
  EXPECT_NEAR(std::stod(note->value("seconds", "0")), std::chrono::duration<double>(to - from).count(), 0.2)
      << note->dump();
}

}  // namespace
}  // namespace tocsin::crash_test
