#include "engine/event/written_times.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/event/event_time.h"

namespace tocsin::event {
namespace {

using namespace std::chrono_literals;

const EventTime kTime = *parse_rfc3339("2025-12-31T23:59:58Z");

std::string moved(std::string record, std::chrono::seconds shift, EventTime time = kTime) {
  move_times(record.data(), find_times(record, time), shift);
  return record;
}

TEST(WrittenTimes, MovesEveryTimeOfAJsonRecordTogether) {
  EXPECT_EQ(
      moved(R"({"eventTime":"2025-12-31T23:59:58Z","s":{"creationDate":"2025-12-31T23:00:00.123+02:00"}})",
            2s),
      R"({"eventTime":"2026-01-01T00:00:00Z","s":{"creationDate":"2025-12-31T23:00:02.123+02:00"}})");
}

TEST(WrittenTimes, MovesTimesInJsonInsideOfAString) {
  EXPECT_EQ(
      moved(R"({"logEvents":[{"timestamp":1767225598123,"message":"{\"time\":\"2025-12-31T23:59:58Z\"}"}]})",
            2s),
      R"({"logEvents":[{"timestamp":1767225600123,"message":"{\"time\":\"2026-01-01T00:00:00Z\"}"}]})");
}

TEST(WrittenTimes, MovesNumbersOnlyUnderNamesOfTimes) {
  EXPECT_EQ(moved(R"({"ts": 1767225598,"account":1767225598,"time":0.25,"Timestamp":1767225598})", 1h),
            R"({"ts": 1767229198,"account":1767225598,"time":0.25,"Timestamp":1767229198})");
}

TEST(WrittenTimes, LeavesDatesAndWordsAlone) {
  const std::string record = R"({"Version":"2012-10-17","name":"2025-12-31 and so on","n":"12:00:00"})";
  EXPECT_EQ(moved(record, 1h), record);
}

TEST(WrittenTimes, MovesTheTimeOfALine) {
  EXPECT_EQ(moved("2025-12-31T23:59:58.487703+00:00 host sshd[1]: at 2025-12-31T23:59:58Z", 2s),
            "2026-01-01T00:00:00.487703+00:00 host sshd[1]: at 2025-12-31T23:59:58Z");
  EXPECT_EQ(moved("[2025/12/31 23:59:58] error", 2s), "[2026/01/01 00:00:00] error");
  EXPECT_EQ(moved("host app 2025-12-31 23:59:58,747 INFO", 2s), "host app 2026-01-01 00:00:00,747 INFO");
  EXPECT_EQ(moved("1767225598.5 x", 2s), "1767225600.5 x");
  EXPECT_EQ(moved(R"(10.0.0.1 - - [31/Dec/2025:23:59:58 +0000] "GET /")", 2s),
            R"(10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET /")");
}

TEST(WrittenTimes, MovesALineWithoutAYearOverTheTurnOfTheYear) {
  EXPECT_EQ(moved("Dec 31 23:59:58 LabSZ sshd[1]: x", 2s), "Jan  1 00:00:00 LabSZ sshd[1]: x");
  EXPECT_EQ(moved("<34>Jan  1 00:00:00 host x", -2s, *parse_rfc3339("2026-01-01T00:00:00Z")),
            "<34>Dec 31 23:59:58 host x");
}

TEST(WrittenTimes, MovesALineWithWeekdayAndYear) {
  EXPECT_EQ(moved("[Wed Dec 31 23:59:58 2025] [error] x", 2s), "[Wed Jan  1 00:00:00 2026] [error] x");
  EXPECT_EQ(moved("[Wed Dec 31 23:59:58.123456 2025] x", 2s), "[Wed Jan  1 00:00:00.123456 2026] x");
}

TEST(WrittenTimes, ADayKeepsItsPadding) {
  EXPECT_EQ(moved("[Sun Dec 04 04:47:44 2005] x", 24h), "[Sun Dec 05 04:47:44 2005] x");
  EXPECT_EQ(moved("Dec  4 04:47:44 host x", 24h), "Dec  5 04:47:44 host x");
}

TEST(WrittenTimes, FindsNothingWhereNothingIsWritten) {
  EXPECT_TRUE(find_times("", kTime).empty());
  EXPECT_TRUE(find_times("    ", kTime).empty());
  EXPECT_TRUE(find_times("hello world", kTime).empty());
  EXPECT_TRUE(find_times("{\"", kTime).empty());
  EXPECT_TRUE(find_times(std::string("H4sIAAAA\0\x1f", 10), kTime).empty());
}

// The engine's own reader is the oracle: what it reads from a moved line is the old time plus the shift.
TEST(WrittenTimes, TheMovedLineIsReadAsTheMovedTime) {
  const WallTime now{parse_rfc3339("2026-11-20T00:00:00Z")->time_since_epoch()};
  const std::string_view lines[] = {
      "2026-03-01T10:00:00Z a", "Mar  1 10:00:00 host a", "Sun Mar 01 10:00:00 2026 a",
      "1772359200 a",           "1772359200123 a",        "h - - [01/Mar/2026:10:00:00 +0200] a"};
  for (const std::string_view line : lines) {
    const auto before = find_line_time(line, now);
    ASSERT_TRUE(before) << line;
    for (const std::chrono::seconds shift : {1s, 59s, 86400s, 86400s * 45, 86400s * 250, -86400s * 59}) {
      const std::string after = moved(std::string(line), shift, *before);
      EXPECT_EQ(find_line_time(after, now), *before + shift) << after;
    }
  }
}

}  // namespace
}  // namespace tocsin::event
