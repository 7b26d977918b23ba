// The control socket with its requests, against an engine made for the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/control_requests.h"
#include "cli/control_socket.h"
#include "tests/cli/telemetry_samples.h"

namespace tocsin::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Engine final : public runtime::Answering {
 public:
  Engine() {
    for (const char* name : {"logins", "root-use"}) {
      alarm::AlarmDefinition alarm;
      alarm.name = name;
      plan_.alarms.push_back(alarm);
    }
    plan_.alarms[0].for_each = {"Account"};
    plan_.alarms[0].dimensions = {{"Region", "eu"}};
    states_ = {
        {0, {{"Account", "1111"}, {"Region", "eu"}}, alarm::State::Alarm, 3, EventTime{1h}, "too many", 12.5},
        {1, {}, alarm::State::Ok, 1, EventTime{2h}, "quiet", std::nullopt}};
  }
  [[nodiscard]] const runtime::Plan& plan() const override { return plan_; }
  [[nodiscard]] std::vector<shard::AlarmState> alarm_states() const override { return states_; }
  [[nodiscard]] std::optional<shard::SetStateOutcome> set_state(const shard::SetState& set) override {
    for (shard::AlarmState& state : states_) {
      if (state.alarm != set.alarm || state.dimensions != set.dimensions) continue;
      if (state.state == set.state) return shard::SetStateOutcome::Unchanged;
      state.state = set.state;
      state.reason = set.reason;
      return shard::SetStateOutcome::Changed;
    }
    return shard::SetStateOutcome::UnknownState;
  }

 private:
  runtime::Plan plan_;
  std::vector<shard::AlarmState> states_;
};

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() {
    std::string name = (fs::temp_directory_path() / "tocsin-control-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    path_ = directory_ / "control.sock";
    board_.publish(std::make_shared<runtime::Telemetry>(sample_telemetry()));
    thread_ = std::thread([this] {
      for (; !stop_; std::this_thread::sleep_for(1ms)) {
        engine_requests_.answer(engine_);
        if (reloads_.wanted()) reloads_.settle(reload_outcome_);
      }
    });
  }
  ~ControlTest() override {
    stop_ = true;
    thread_.join();
    server_.reset();
    fs::remove_all(directory_);
  }

  void open() {
    auto opened =
        ControlServer::open(path_, [this](std::string_view line) { return requests_.answer(line); });
    ASSERT_TRUE(opened.has_value()) << describe(opened.error());
    server_ = std::move(*opened);
  }
  Json ask(const std::string& line) {
    const auto answer = ask_engine(path_, line);
    EXPECT_TRUE(answer.has_value()) << describe(answer.error());
    return answer ? Json::parse(*answer) : Json();
  }
  std::string error_of(const std::string& line) {
    const Json answer = ask(line);
    EXPECT_TRUE(answer.contains("error")) << answer;
    return answer.value("error", "");
  }

  fs::path directory_;
  fs::path path_;
  runtime::TelemetryBoard board_;
  runtime::Requests engine_requests_;
  Reloads reloads_;
  Reloads::Outcome reload_outcome_{true, {}};
  std::vector<std::string> noted_;
  ControlRequests requests_{board_, engine_requests_, reloads_, "1.2.3",
                            [this](const Note& note) { noted_.push_back(note.text); }};
  Engine engine_;
  std::unique_ptr<ControlServer> server_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(ControlTest, StatusTellsWhatTheEngineKnows) {
  open();
  const Json status = ask(R"({"command":"status"})");
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("sources").at(0).at("lag"), 7);
  EXPECT_EQ(status.at("sources").at(0).at("rejected"), (Json{{"not_json", 12}}));
  EXPECT_EQ(status.at("alarms").at("ALARM"), 2);
  EXPECT_EQ(status.at("subscriptions").at(0).at("delivered"), 120);
  EXPECT_FALSE(status.at("ready"));
}

TEST_F(ControlTest, AlarmsAreListedByStateAndPrefix) {
  open();
  EXPECT_EQ(ask(R"({"command":"alarms"})").at("total"), 2);
  const Json ringing = ask(R"({"command":"alarms","state":"ALARM"})");
  ASSERT_EQ(ringing.at("alarms").size(), 1U);
  EXPECT_EQ(ringing["alarms"][0], (Json{{"alarm", "logins"},
                                        {"dimensions", {{"Account", "1111"}, {"Region", "eu"}}},
                                        {"state", "ALARM"},
                                        {"since", "1970-01-01T01:00:00Z"},
                                        {"value", 12.5},
                                        {"reason", "too many"}}));
  EXPECT_EQ(ask(R"({"command":"alarms","prefix":"root"})").at("alarms").at(0).at("alarm"), "root-use");
  const Json cut = ask(R"({"command":"alarms","limit":1})");
  EXPECT_EQ(cut.at("alarms").size(), 1U);
  EXPECT_EQ(cut.at("total"), 2);
}

TEST_F(ControlTest, AStateIsSetByHandAndTheLogSaysSo) {
  open();
  const std::string line =
      R"({"command":"set-alarm-state","alarm":"logins","dimensions":{"Account":"1111"},"state":"OK","reason":"a drill"})";
  EXPECT_EQ(ask(line).at("changed"), true);
  EXPECT_EQ(ask(line).at("changed"), false);
  EXPECT_EQ(noted_,
            std::vector<std::string>{R"(logins{Account="1111", Region="eu"}: set to OK by hand: a drill)"});
  EXPECT_EQ(ask(R"({"command":"alarms","prefix":"logins"})").at("alarms").at(0).at("reason"), "a drill");
}

TEST_F(ControlTest, WhatCannotBeDoneIsSaidAndTheNextRequestIsAnswered) {
  open();
  EXPECT_THAT(error_of("nonsense"), HasSubstr("JSON object"));
  EXPECT_THAT(error_of("[1]"), HasSubstr("JSON object"));
  EXPECT_THAT(error_of(std::string(10'000, '[')), HasSubstr("JSON object"));
  EXPECT_THAT(error_of(R"({"command":7})"), HasSubstr("JSON object"));
  EXPECT_THAT(error_of(R"({"command":"stop"})"), HasSubstr("unknown command `stop`"));
  EXPECT_THAT(error_of(R"({"command":"status","verbose":true})"), HasSubstr("unknown key `verbose`"));
  EXPECT_THAT(error_of(R"({"command":"alarms","state":"RINGING"})"), HasSubstr("OK, ALARM"));
  EXPECT_THAT(error_of(R"({"command":"alarms","limit":-1})"), HasSubstr("wrong type"));
  EXPECT_THAT(error_of(R"({"command":"set-alarm-state","alarm":"x","state":"OK"})"),
              HasSubstr("there is no alarm `x`"));
  EXPECT_THAT(error_of(R"({"command":"set-alarm-state","alarm":"logins","state":"OK"})"),
              HasSubstr("has a state for each Account: choose one that `tocsin alarms` shows, by "
                        "--dimension Account=VALUE"));
  EXPECT_THAT(
      error_of(R"({"command":"set-alarm-state","alarm":"logins","state":"OK","dimensions":{"Account":1}})"),
      HasSubstr("texts"));
  EXPECT_EQ(ask(R"({"command":"status"})").at("version"), "1.2.3");
}

TEST_F(ControlTest, ALineWithoutEndIsRefused) {
  open();
  EXPECT_THAT(error_of(std::string(kMaxControlLine + 10, 'x')), HasSubstr("at most"));
  EXPECT_EQ(ask(R"({"command":"status"})").at("version"), "1.2.3");
}

TEST_F(ControlTest, AReloadSaysWhatCameOfIt) {
  open();
  EXPECT_EQ(ask(R"({"command":"reload"})").at("reloading"), true);
  reload_outcome_ = {false, {"a.yaml:7:1: unknown key `x`"}};
  EXPECT_THAT(error_of(R"({"command":"reload"})"), HasSubstr("a.yaml:7:1: unknown key `x`"));
}

TEST_F(ControlTest, AnEngineThatDoesNotComeToARequestIsSaidToBeBusy) {
  runtime::Requests nobody;
  ControlRequests requests(board_, nobody, reloads_, "1.2.3", {}, 10ms);
  EXPECT_THAT(requests.answer(R"({"command":"alarms"})"),
              AllOf(HasSubstr("the engine is busy"), HasSubstr("nothing was done within 10ms")));
  EXPECT_THAT(requests.answer(R"({"command":"set-alarm-state","alarm":"logins","state":"OK"})"),
              HasSubstr("nothing was done"));
  EXPECT_THAT(requests.answer(R"({"command":"status"})"), HasSubstr(R"("version":"1.2.3")"));
}

TEST_F(ControlTest, OnlyItsOwnerMayOpenIt) {
  open();
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ControlTest, ASocketThatNobodyAnswersOnIsReplacedAndTheFileGoesWithTheEngine) {
  {  // what an engine that was killed leaves behind
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = path_.string();
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(socket);
  }
  open();
  EXPECT_EQ(ask(R"({"command":"status"})").at("version"), "1.2.3");
  server_.reset();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(ControlTest, AnotherEnginesSocketAndAnotherFileAreLeftAlone) {
  open();
  const auto second = ControlServer::open(path_, [](std::string_view) { return ""; });
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("another engine answers there"));
  const fs::path file = directory_ / "notes.txt";
  std::ofstream(file) << "mine";
  EXPECT_FALSE(ControlServer::open(file, [](std::string_view) { return ""; }).has_value());
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(ControlTest, WithoutAnEngineTheClientSaysWhatToDo) {
  EXPECT_THAT(describe(ask_engine(path_, "{}").error()), HasSubstr("tocsin run --control PATH"));
  EXPECT_THAT(ask_engine(std::string(200, 'p'), "{}").error().message, HasSubstr("bytes"));
}

}  // namespace
}  // namespace tocsin::cli
