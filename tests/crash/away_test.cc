// The broker goes away and comes back: the engine knows nothing meanwhile, and so says nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
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

constexpr auto kLimit = 180s;  // a passing test takes two minutes
constexpr std::int32_t kPartitions = 2;

// How long it is away; TOCSIN_AWAY_SECONDS for longer.
seconds away() {
  const char* given = std::getenv("TOCSIN_AWAY_SECONDS");
  return given == nullptr ? seconds(10) : seconds(std::atoi(given));
}

// A sign of life twice a second from a sender that keeps what the broker does not take.
class Heart {
 public:
  void beat() {
    const EventTime now = as_event_time(wall_now());
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      waiting_.push_back({.value = R"({"account":"a000","value":1})",
                          .timestamp_ms = now.time_since_epoch().count(),
                          .partition = partition});
    }
  }
  void send(const kafka_test::Topics& topics) {
    topics.produce("storm", waiting_);
    sent_ += waiting_.size();
    waiting_.clear();
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  std::vector<kafka_test::TopicRecord> waiting_;
  std::uint64_t sent_ = 0;
};

TEST(Away, NothingIsJudgedMissingWhileTheBrokerIsAwayAndEverythingIsCaughtUp) {
  // Its alarm listens to a period of 10 s: it needs a machine that has time for everybody, and minutes.
  if (std::getenv("TOCSIN_AWAY_SECONDS") == nullptr) {
    GTEST_SKIP()
        << "takes minutes of a quiet machine: TOCSIN_AWAY_SECONDS=300 crash_tests --gtest_filter='Away.*'";
  }
  kafka_test::Broker broker(kafka_test::kafka_jars());
  broker.start();
  std::string name = (fs::temp_directory_path() / "tocsin-away-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  const kafka_test::Topics topics(broker.address());
  topics.create("storm", kPartitions);
  // What the sender kept comes within the delay.
  const seconds delay = away() + 35s;
  const fs::path alerts = directory / "alerts";
  std::ofstream(directory / "away.yaml") << fmt::format(
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
      broker.address(), delay.count(), alerts.string());

  EngineProcess engine(kafka_test::program(), directory, "away", kPartitions);
  const auto told = [&] { return kafka_test::read_file(alerts); };
  Heart heart;
  const auto beat_until = [&](const std::function<bool()>& is_over) {
    for (const auto end = Steady::now() + kLimit + 3 * delay; !is_over() && Steady::now() < end;
         std::this_thread::sleep_for(500ms)) {
      engine.expect_running();
      heart.beat();
      heart.send(topics);
    }
    return is_over();
  };
  heart.beat();
  heart.send(topics);
  engine.start();
  ASSERT_TRUE(beat_until([&] { return told().find(R"("NewStateValue":"OK")") != std::string::npos; }))
      << engine.log();
  const std::string told_before = told();

  broker.kill();
  for (const auto back = Steady::now() + away(); Steady::now() < back; std::this_thread::sleep_for(500ms)) {
    heart.beat();
    engine.expect_running();
  }
  EXPECT_EQ(told(), told_before);
  // A broker takes its time to start, on a busy machine longer than a period.
  const auto started = std::async(std::launch::async, [&] { broker.start(); });
  while (started.wait_for(500ms) != std::future_status::ready) heart.beat();
  heart.beat();
  heart.send(topics);

  // Until everything around the absence is judged.
  const auto judged = Steady::now() + delay + 15s;
  ASSERT_TRUE(beat_until([&] { return Steady::now() > judged; }));
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(engine.stop(), 0) << engine.log();
  EXPECT_EQ(told(), told_before);
  const auto state = look_at_state(engine.state());
  ASSERT_TRUE(state) << describe(state.error());
  EXPECT_EQ(state->counted("events"), heart.sent());
  std::uint64_t counted = 0;
  for (const auto& [key, sums] : state->sums) counted += static_cast<std::uint64_t>(sums.count);
  EXPECT_EQ(counted, heart.sent());
  EXPECT_EQ(state->counts.late, 0U);
  EXPECT_THAT(engine.log(), ::testing::HasSubstr("the brokers answer again, after"));
  fs::remove_all(directory);
}

}  // namespace
}  // namespace tocsin::crash_test
