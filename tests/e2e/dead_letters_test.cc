// Poison among good records, a person who mends it, and the second life of what was dead: the whole program
// against a real broker.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "engine/base/time.h"
#include "tests/e2e/program.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/child_process.h"
#include "tests/kafka/jars.h"
#include "tests/kafka/topics.h"

namespace tocsin::kafka_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kLimit = 180s;  // a passing test takes some seconds

class DeadLetters : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    broker_ = new Broker(kafka_jars());
    broker_->start();
  }
  static void TearDownTestSuite() {
    delete broker_;
    broker_ = nullptr;
  }

  void SetUp() override {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    logs_ = "logs." + test;
    dead_ = "dead." + test;
    group_ = "tocsin." + test;
    std::string name = (fs::temp_directory_path() / "tocsin-letters-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    topics_ = std::make_unique<Topics>(broker_->address());
    topics_->create(logs_, 1);
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  void configure(const std::string& destination) {
    std::ofstream(directory_ / "tocsin.yaml") << fmt::format(
        R"(sources:
  app:
    kafka: {{brokers: "{}", topics: [{}], group: {}, start: earliest}}
    accounts: {{allow: ["111122223333"]}}
metric_filters:
  refused:
    pattern: '{{ $.errorCode = "AccessDenied" }}'
    metric: {{namespace: Security, name: Refused}}
alarms:
  refused:
    metric: {{namespace: Security, name: Refused, statistic: Sum, period: 10s}}
    condition: ">= 1"
    missing_data: not_breaching
    notify: {{alarm: [told], ok: [told]}}
  nothing-refused:
    metric: {{namespace: Security, name: Refused, statistic: Sum, period: 10s}}
    condition: "< 1"
    missing_data: breaching
    notify: [told]
topics:
  told: {{subscriptions: [{{file: {}}}]}}
dead_letters: {}
)",
        broker_->address(), logs_, group_, (directory_ / "alerts.jsonl").string(), destination);
  }

  static std::string call(const std::string& account, const std::string& more) {
    return fmt::format(
        R"({{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",)"
        R"("eventTime":"{}","recipientAccountId":"{}",{}"userIdentity":{{"accountId":"{}"}}}})",
        format_rfc3339(floor_to(as_event_time(wall_now()) - 1min, 1s)), account, more, account);
  }

  void produce_good_and_poison() {
    const std::string good = call("111122223333", "");
    std::vector<std::string> values(20, good);
    values.push_back(call("999988887777", ""));                  // refused
    values.push_back(good.substr(0, good.size() / 2));           // not_json
    values.push_back("{\"eventTime\":\"caf\xe9\"}");             // bad_utf8
    values.push_back(std::string("\x1f\x8b\x08\0garbage", 11));  // bad_gzip
    std::string deep;
    for (int i = 0; i < 300; ++i) deep += R"({"a":)";
    values.push_back(deep + "1" + std::string(300, '}'));  // too_deep
    values.insert(values.end(), 10, good);
    std::vector<TopicRecord> records;
    for (const std::string& value : values) records.push_back({.value = value});
    topics_->produce(logs_, records);
    produced_ = static_cast<std::int64_t>(values.size());
  }

  // Runs the engine until the group has come past everything that was produced.
  Json run_until_committed() {
    ChildProcess process({program(), "run", "--log", "json", "-c", (directory_ / "tocsin.yaml").string()},
                         directory_ / "run.stdout", directory_ / "run.stderr");
    for (const auto deadline = std::chrono::steady_clock::now() + kLimit;
         std::chrono::steady_clock::now() < deadline && process.running();
         std::this_thread::sleep_for(200ms)) {
      if (topics_->committed(group_, logs_, 0) == produced_) break;
    }
    EXPECT_EQ(topics_->committed(group_, logs_, 0), produced_) << read_file(directory_ / "run.stderr");
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(kLimit), 0) << read_file(directory_ / "run.stderr");
    return note_of("run.stderr", "stopped");
  }

  Json replay(const std::vector<std::string>& more, int expected_code) {
    std::vector<std::string> arguments = {program(),
                                          "run",
                                          "--log",
                                          "json",
                                          "-c",
                                          (directory_ / "tocsin.yaml").string(),
                                          "--replay-dead-letters"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ChildProcess process(arguments, directory_ / "replay.stdout", directory_ / "replay.stderr");
    EXPECT_EQ(process.wait(kLimit), expected_code) << read_file(directory_ / "replay.stderr");
    return note_of("replay.stderr", "replayed");
  }

  // The last one: the file holds what every process of the test said.
  Json note_of(const std::string& file, const std::string& code) const {
    Json found = Json::object();
    std::ifstream lines(directory_ / file);
    for (std::string line; std::getline(lines, line);) {
      Json note = Json::parse(line, nullptr, false);
      if (note.is_object() && note.value("code", "") == code) found = std::move(note);
    }
    EXPECT_FALSE(found.empty()) << "no note " << code << " in:\n" << read_file(directory_ / file);
    if (!found.empty()) fmt::print("{}\n", found.at("text").get<std::string>());
    return found;
  }

  static int number(const Json& note, const std::string& field) {
    const auto at = note.find(field);
    return at == note.end() ? -1 : at->is_string() ? std::stoi(at->get<std::string>()) : at->get<int>();
  }
  static void expect_balance(const Json& note) {
    EXPECT_EQ(number(note, "read"), number(note, "decoded") + number(note, "skipped") +
                                        number(note, "refused") + number(note, "dead"));
  }

  std::vector<std::string> lines_of(const std::string& file) const {
    std::ifstream in(directory_ / file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  // Every letter of `from` becomes the call that it should have been.
  void mend(const std::string& from, const std::string& to) const {
    std::ofstream out(directory_ / to);
    for (const std::string& line : lines_of(from)) {
      Json letter = Json::parse(line);
      letter.erase("value_base64");
      letter["value"] = call("111122223333", R"("errorCode":"AccessDenied",)");
      out << letter.dump() << '\n';
    }
  }

  static Broker* broker_;
  std::unique_ptr<Topics> topics_;
  std::string logs_;
  std::string dead_;
  std::string group_;
  fs::path directory_;
  std::int64_t produced_ = 0;
};

Broker* DeadLetters::broker_ = nullptr;

TEST_F(DeadLetters, AreKeptInAFileMendedThereAndReplayed) {
  configure((directory_ / "dead.jsonl").string().insert(0, "{file: ") + "}");
  produce_good_and_poison();
  const Json stopped = run_until_committed();
  EXPECT_EQ(number(stopped, "read"), 35);
  EXPECT_EQ(number(stopped, "decoded"), 30);
  EXPECT_EQ(number(stopped, "refused"), 1);
  EXPECT_EQ(number(stopped, "dead"), 4);
  expect_balance(stopped);
  EXPECT_THAT(read_file(directory_ / "run.stderr"), HasSubstr("dead_letters"));

  const auto letters = lines_of("dead.jsonl");
  ASSERT_THAT(letters, SizeIs(4));
  const auto records = topics_->read(logs_);
  for (const std::string& line : letters) {
    const Json letter = Json::parse(line);
    const auto offset = letter.at("offset").get<std::size_t>();
    if (letter.contains("value")) {
      EXPECT_EQ(letter.at("value"), records.at(offset).value);
    }
  }

  // As they are they die again, and nothing changes.
  const std::size_t alerts = lines_of("alerts.jsonl").size();
  const Json again = replay({"--still-dead", (directory_ / "still.jsonl").string()}, 1);
  EXPECT_EQ(number(again, "dead"), 4);
  expect_balance(again);
  EXPECT_EQ(lines_of("still.jsonl"), letters);
  EXPECT_EQ(lines_of("dead.jsonl"), letters);
  EXPECT_EQ(lines_of("alerts.jsonl").size(), alerts);

  mend("dead.jsonl", "mended.jsonl");
  const Json mended = replay({(directory_ / "mended.jsonl").string()}, 0);
  EXPECT_EQ(number(mended, "read"), 4);
  EXPECT_EQ(number(mended, "decoded"), 4);
  EXPECT_EQ(number(mended, "matched"), 4);
  expect_balance(mended);
  const auto told = lines_of("alerts.jsonl");
  ASSERT_GT(told.size(), alerts);
  EXPECT_EQ(Json::parse(told[alerts]).at("payload").at("NewStateValue"), "ALARM");
  for (std::size_t i = alerts; i < told.size(); ++i) {
    EXPECT_EQ(Json::parse(told[i]).at("payload").at("AlarmName"), "refused")
        << "what is missing here proves nothing";
  }
  EXPECT_EQ(topics_->committed(group_, logs_, 0), produced_) << "the group is left alone";
}

TEST_F(DeadLetters, AreKeptInATopicWithTheirBytesAndReplayedFromThere) {
  topics_->create(dead_, 2);
  configure("{kafka: " + dead_ + "}");
  produce_good_and_poison();
  expect_balance(run_until_committed());

  const auto letters = topics_->read(dead_);
  ASSERT_THAT(letters, SizeIs(4));
  const auto records = topics_->read(logs_);
  std::set<std::string> reasons;
  for (const TopicRecord& letter : letters) {
    EXPECT_EQ(letter.value, records.at(std::stoul(letter.headers.at("ce_offset"))).value);
    EXPECT_EQ(letter.headers.at("ce_type"), "tocsin.dead_letter");
    EXPECT_EQ(letter.headers.at("ce_topic"), logs_);
    reasons.insert(letter.headers.at("ce_reason"));
  }
  EXPECT_EQ(reasons, (std::set<std::string>{"bad_gzip", "bad_utf8", "not_json", "too_deep"}));

  const Json again = replay({"--still-dead", (directory_ / "still.jsonl").string()}, 1);
  EXPECT_EQ(number(again, "letters"), 4);
  EXPECT_EQ(number(again, "dead"), 4);
  EXPECT_THAT(topics_->read(dead_), SizeIs(4));

  // From the topic to a file, where a person can mend them.
  mend("still.jsonl", "mended.jsonl");
  const Json mended = replay({(directory_ / "mended.jsonl").string()}, 0);
  EXPECT_EQ(number(mended, "decoded"), 4);
  EXPECT_EQ(number(mended, "matched"), 4);
}

}  // namespace
}  // namespace tocsin::kafka_test
