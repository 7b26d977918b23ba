#include "cli/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tocsin::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const WallTime kMorning{Duration{1772355900000}};  // 2026-03-01T09:05:00Z

Note away(std::string broker = "1") {
  return {Severity::Warning,
          "broker_away",
          "trail: broker " + broker + " is away",
          "trying again",
          {{"broker", broker}}};
}

// A log into memory, by a clock that the test moves.
class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override {
    std::fclose(stream_);
    std::free(bytes_);
  }
  std::unique_ptr<Log> log(LogFormat format = LogFormat::Text) {
    return std::make_unique<Log>(stream_, format, TextStyle{}, [this] { return now_; });
  }
  std::vector<std::string> lines() {
    std::fflush(stream_);
    std::vector<std::string> all;
    std::istringstream text(std::string(bytes_, size_));
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  WallTime now_ = kMorning;

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_ = ::open_memstream(&bytes_, &size_);
};

TEST_F(LogTest, TextSaysWhenHowBadWhatAndWhatToDo) {
  log()->write(away());
  EXPECT_THAT(lines(), ElementsAre("2026-03-01T09:05:00Z warning trail: broker 1 is away; trying again"));
}

TEST_F(LogTest, JsonHasTheFieldsBesideTheText) {
  log(LogFormat::Json)->write(away());
  EXPECT_EQ(Json::parse(lines().at(0)), (Json{{"time", "2026-03-01T09:05:00Z"},
                                              {"severity", "warning"},
                                              {"code", "broker_away"},
                                              {"text", "trail: broker 1 is away"},
                                              {"advice", "trying again"},
                                              {"broker", "1"}}));
}

TEST_F(LogTest, AFieldDoesNotTakeThePlaceOfTheText) {
  log(LogFormat::Json)->write({Severity::Info, "c", "what happened", {}, {{"text", "forged"}}});
  EXPECT_EQ(Json::parse(lines().at(0)).at("text"), "what happened");
}

TEST_F(LogTest, WhatComesFromTheOutsideCannotForgeALine) {
  const Note note{Severity::Info, "c", "name \n\x1b[2Jforged \xFF", {}, {}};
  log()->write(note);
  log(LogFormat::Json)->write(note);
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_THAT(lines().at(0), HasSubstr("\\x0a\\x1b[2Jforged \\xff"));
  EXPECT_THAT(Json::parse(lines().at(1)).at("text").get<std::string>(),
              HasSubstr("\x1b[2Jforged \xEF\xBF\xBD"));
}

TEST_F(LogTest, RepeatsWithinAMinuteAreCountedAndSaidOnce) {
  const auto log = this->log();
  for (int i = 0; i < 5; ++i) log->write(away());
  log->write(away("2"));  // another broker is other news
  EXPECT_EQ(lines().size(), 2U);
  now_ += 61s;
  log->write(away());
  ASSERT_EQ(lines().size(), 4U);
  EXPECT_THAT(lines().at(2), HasSubstr("broker 1 is away (4 more times)"));
  EXPECT_THAT(lines().at(3), HasSubstr("broker 1 is away;"));
}

TEST_F(LogTest, ANoteWithoutFieldsIsAlwaysSaid) {
  const auto log = this->log();
  for (int i = 0; i < 3; ++i) log->write({Severity::Info, "reloading", "reloading", {}, {}});
  EXPECT_EQ(lines().size(), 3U);
}

TEST_F(LogTest, TheEndSaysWhatWasHeldBack) {
  auto log = this->log();
  for (int i = 0; i < 2; ++i) log->write(away());
  log.reset();
  EXPECT_THAT(lines().at(1), HasSubstr("(1 more time)"));
}

TEST_F(LogTest, AClockThatIsSetBackHoldsNothingBack) {
  const auto log = this->log();
  log->write(away());
  now_ -= 1h;
  log->write(away());
  EXPECT_EQ(lines().size(), 2U);
}

TEST(LogFormat, ColourIsForTerminals) {
  TextStyle style;
  style.colour = true;
  EXPECT_THAT(render(away(), kMorning, LogFormat::Text, style), HasSubstr("\x1b["));
  EXPECT_THAT(render(away(), kMorning, LogFormat::Json, style), ::testing::Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace tocsin::cli
