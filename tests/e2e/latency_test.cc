// How long it takes from an event to its alarm, through a real broker and back: printed, not judged.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "engine/base/time.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kTrials = 20;
constexpr int kPartitions = 4;
constexpr auto kPeriod = 10s;
constexpr auto kLimit = 180s;  // a passing test takes half a minute

std::string account(std::size_t trial) { return fmt::format("{:012}", trial); }

void produce_refused_call(const Topics& topics, const std::string& topic, std::size_t trial) {
  const EventTime time = as_event_time(wall_now());
  topics.produce(
      topic,
      {{.value = fmt::format(R"({{"eventVersion":"1.08","eventTime":"{}","eventSource":"ec2.amazonaws.com",)"
                             R"("eventName":"RunInstances","awsRegion":"eu-central-1",)"
                             R"("errorCode":"Client.UnauthorizedOperation","recipientAccountId":"{}"}})",
                             format_rfc3339(floor_to(time, 1s)), account(trial)),
        .timestamp_ms = time.time_since_epoch().count(),
        .partition = static_cast<std::int32_t>(trial) % kPartitions}});
}

// Two alarms on the same calls: one that waits for its period to end, and one that need not.
void configure(const fs::path& file, const std::string& brokers) {
  std::ofstream yaml(file);
  yaml << fmt::format(R"(sources:
  trail:
    kafka: {{brokers: "{}", topics: [trail], group: tocsin, start: earliest}}
    log_group: cloudtrail
metric_filters:
  refused-calls:
    log_groups: [cloudtrail]
    pattern: '{{ $.errorCode = "*UnauthorizedOperation" }}'
    metric: {{namespace: Security, name: RefusedCalls, value: 1, dimensions: {{Account: $.recipientAccountId}}}}
topics:
  security: {{kafka: alerts}}
alarms:
)",
                      brokers);
  for (const bool early : {false, true}) {
    yaml << fmt::format(R"(  {}:
    metric: {{namespace: Security, name: RefusedCalls, statistic: Sum, period: 10s}}
    for_each: [Account]
    condition: ">= 1"
    missing_data: not_breaching
    early: {}
    notify: {{alarm: [security]}}
)",
                        early ? "early" : "latency", early);
  }
}

using Trial = std::pair<std::string, std::string>;  // alarm and account

Trial trial_of(const TopicRecord& alert) {
  const Json payload = Json::parse(alert.value);
  return {payload.at("AlarmName"), payload.at("Trigger").at("Dimensions").at(0).at("value")};
}

TEST(Latency, EveryRefusedCallRaisesBothAlarmsOnceAndTheTimeItTookIsPrinted) {
  Broker broker(kafka_jars());
  broker.start();
  const Topics topics(broker.address());
  topics.create("trail", kPartitions);
  topics.create("alerts", 1);
  std::string name = (fs::temp_directory_path() / "tocsin-latency-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  configure(directory / "tocsin.yaml", broker.address());
  TopicReader reader(broker.address(), "alerts");
  Engine engine(directory, "engine");

  // Account 0 tells that the engine has started; the trials are the accounts from 1 on.
  produce_refused_call(topics, "trail", 0);
  std::map<Trial, Clock::time_point> arrived;
  const auto read_until = [&](std::size_t count) {
    for (const auto deadline = Clock::now() + kLimit; arrived.size() < count && Clock::now() < deadline;) {
      if (const auto alert = reader.next(1s)) arrived.try_emplace(trial_of(*alert), Clock::now());
    }
    return arrived.size() >= count;
  };
  ASSERT_TRUE(read_until(1)) << engine.standard_error();

  // At random over one period, by a thread of their own: to produce takes time in which alerts arrive.
  std::vector<Clock::duration> offsets;
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> milliseconds(0, std::chrono::milliseconds(kPeriod).count());
  for (std::size_t i = 0; i < kTrials; ++i)
    offsets.emplace_back(std::chrono::milliseconds(milliseconds(random)));
  std::ranges::sort(offsets);
  auto produced = std::async(std::launch::async, [&, start = Clock::now()] {
    std::vector<Clock::time_point> times;
    for (std::size_t trial = 1; trial <= kTrials; ++trial) {
      std::this_thread::sleep_until(start + offsets[trial - 1]);
      times.push_back(Clock::now());
      produce_refused_call(topics, "trail", trial);
    }
    return times;
  });
  EXPECT_TRUE(read_until(2 * (kTrials + 1))) << engine.standard_error();
  const std::vector<Clock::time_point> times = produced.get();
  EXPECT_EQ(engine.stop(), 0) << engine.standard_error();

  std::map<Trial, int> alerts;
  for (const TopicRecord& alert : topics.read("alerts")) ++alerts[trial_of(alert)];
  for (const char* alarm : {"latency", "early"}) {
    std::vector<double> seconds;
    for (std::size_t trial = 1; trial <= kTrials; ++trial) {
      const Trial key(alarm, account(trial));
      EXPECT_EQ(alerts[key], 1) << alarm << " of " << account(trial) << "\n" << engine.standard_error();
      if (const auto found = arrived.find(key); found != arrived.end())
        seconds.push_back(std::chrono::duration<double>(found->second - times[trial - 1]).count());
    }
    if (seconds.empty()) continue;
    std::ranges::sort(seconds);
    fmt::print("{}: median {:.1f} s, max {:.1f} s ({} trials)\n", alarm, seconds[seconds.size() / 2],
               seconds.back(), seconds.size());
  }
  std::error_code ignored;
  fs::remove_all(directory, ignored);
}

}  // namespace
}  // namespace tocsin::kafka_test
