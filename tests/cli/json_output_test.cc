#include "cli/json_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/cli/alarm_samples.h"

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

class JsonOutputTest : public ::testing::Test {
 protected:
  JsonOutputTest() {
    auto plan = std::make_shared<runtime::Plan>();
    plan->alarms.push_back(sum_alarm("ssh-failures", 5min, 10));
    plan->rules.push_back({"backup-failed", "", {}, {0}});
    plan->topics = {{"team", {{"console", "console"}, {"file", "file"}}}};
    plan_ = plan;
    source::SourceSettings source;
    source.name = "backup";
    partitions_.add(source, 0, {.source = "backup", .topic = {}, .number = 0, .file = "backup.jsonl"}, false);
  }
  ~JsonOutputTest() override { std::fclose(file_); }

  std::vector<std::string> lines() {
    std::fflush(file_);
    std::rewind(file_);
    std::string all(1 << 16, '\0');
    all.resize(std::fread(all.data(), 1, all.size(), file_));
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = all.find('\n', at);
      lines.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }

  static notify::Notification telling(EventTime time, std::string payload) {
    notify::EventFacts facts;
    facts.account = "111122223333";
    facts.region = "eu-central-1";
    notify::Notification notification;
    notification.id = "1";
    notification.time = time;
    notification.payload = std::move(payload);
    notification.event = std::make_shared<const notify::EventFacts>(std::move(facts));
    return notification;
  }
  static std::vector<notify::FilterOutcome> passed_by(std::size_t subscriptions) {
    return std::vector(subscriptions, notify::FilterOutcome::Passed);
  }
  void tell(JsonOutput& output, EventTime time, std::string payload = "{}") {
    output.event(0, {.time = time, .offset = 7}, {{telling(time, std::move(payload)), passed_by(2)}});
  }

  std::shared_ptr<const runtime::Plan> plan_;
  runtime::PartitionTable partitions_;
  std::FILE* file_ = std::tmpfile();
};

TEST_F(JsonOutputTest, EventOfARuleIsANotificationWithTheEventAsItStood) {
  JsonOutput output(file_, plan_, partitions_, false);
  tell(output, at("09:05:00"), R"({"n":1.0,"big":1e999,"n":2})");
  output.advance(at("09:06:00"));
  const auto written = lines();
  ASSERT_EQ(written.size(), 2U) << "one for each subscription";
  EXPECT_EQ(written[0],
            R"({"type":"notification","time":"2026-03-01T09:05:00Z","id":"1","topic":"team",)"
            R"("subscription":"console","rule":"backup-failed","account":"111122223333",)"
            R"("region":"eu-central-1","evidence":{"source":"backup","file":"backup.jsonl","line":7},)"
            R"("payload":{"n":1.0,"big":1e999,"n":2}})");
}

TEST_F(JsonOutputTest, EventsAndTransitionsComeInTheOrderOfTime) {
  JsonOutput output(file_, plan_, partitions_, false);
  for (const char* time : {"09:07:00", "09:01:00", "09:05:00"}) tell(output, at(time));
  alarm::Transition transition =
      transition_of(plan_->alarms[0], at("09:05:00"), alarm::State::Ok, alarm::State::Alarm, {12});
  transition.reason_data = "{}";
  output.transition(transition, {});
  output.advance(at("09:05:00"));
  output.summary({.rule_matches = 3});
  std::string order;
  for (const std::string& line : lines()) {
    const Json json = Json::parse(line);
    if (json.contains("time")) order += json.at("time").get<std::string>().substr(14, 2);
    order += json.at("type").get<std::string>()[0];
    order += ' ';
  }
  EXPECT_EQ(order, "01n 01n 05n 05n 05t 07n 07n s ");
  EXPECT_EQ(Json::parse(lines().back()).at("rule_matches"), 3);
}

TEST_F(JsonOutputTest, EventsThatWaitAreBounded) {
  JsonOutput output(file_, plan_, partitions_, false);
  const std::string payload = "\"" + std::string(1 << 20, 'x') + "\"";
  for (int i = 0; i < 40; ++i) tell(output, at("09:00:00") + i * 1s, payload);
  std::fflush(file_);
  EXPECT_GT(std::ftell(file_), 10L << 20);
}

}  // namespace
}  // namespace tocsin::cli
