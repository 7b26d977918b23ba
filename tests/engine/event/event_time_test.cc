#include "engine/event/event_time.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin::event {
namespace {

const WallTime kNow{parse_rfc3339("2026-03-10T12:00:00Z")->time_since_epoch()};
constexpr Duration kPlusTwo = std::chrono::hours{2};

std::string line_time(std::string_view line, Duration zone = Duration{0}) {
  const auto time = find_line_time(line, kNow, zone);
  return time ? format_rfc3339(*time) : "none";
}

std::string value_time(std::string_view text, Duration zone = Duration{0}) {
  const auto time = parse_time_value(text, zone);
  return time ? format_rfc3339(*time) : "none";
}

std::string by_format(std::string_view text, const std::string& format, Duration zone = Duration{0}) {
  const auto time = parse_time_format(text, format, kNow, zone);
  return time ? format_rfc3339(*time) : "none";
}

TEST(FindLineTime, ReadsRfc3339AtTheStart) {
  EXPECT_EQ(line_time("2024-05-01T10:00:00Z started"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("2024-05-01T10:00:00.25+02:00 started"), "2024-05-01T08:00:00.250Z");
  EXPECT_EQ(line_time("2024-05-01 10:00:00,747 - INFO"), "2024-05-01T10:00:00.747Z");
  EXPECT_EQ(line_time("2024-05-01 10:00:00 -0500 app"), "2024-05-01T15:00:00Z");
  EXPECT_EQ(line_time("2024/05/01 10:00:00 [error] 1#1"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("2024-05-01\t10:00:00\tEDGE1\t12"), "2024-05-01T10:00:00Z");
}

TEST(FindLineTime, ReadsRfc3339BehindABracketOrUpToTwoWords) {
  EXPECT_EQ(line_time("[2024-05-01T10:00:00Z] started"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("https 2024-05-01T10:00:00.5Z app/lb"), "2024-05-01T10:00:00.500Z");
  EXPECT_EQ(line_time("api.log 7 2024-05-01 10:00:00 GET"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("INFO [2024-05-01 10:00:00] up"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("one two three 2024-05-01 10:00:00"), "none");
}

TEST(FindLineTime, AppliesTheZoneOnlyToTimesWithoutOne) {
  EXPECT_EQ(line_time("2024-05-01 10:00:00 x", kPlusTwo), "2024-05-01T08:00:00Z");
  EXPECT_EQ(line_time("2024-05-01T10:00:00Z x", kPlusTwo), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("Mar  9 10:00:00 host x", kPlusTwo), "2026-03-09T08:00:00Z");
  EXPECT_EQ(line_time("1.2.3.4 - - [01/May/2024:10:00:00 +0000] \"GET\"", kPlusTwo), "2024-05-01T10:00:00Z");
}

TEST(FindLineTime, GivesSyslogTheNewestYearThatIsNotInTheFuture) {
  EXPECT_EQ(line_time("Mar 10 11:59:59 host sshd[1]: x"), "2026-03-10T11:59:59Z");
  EXPECT_EQ(line_time("Mar 11 12:00:00 host sshd[1]: x"), "2025-03-11T12:00:00Z");
  EXPECT_EQ(line_time("Dec 31 23:59:59 host x"), "2025-12-31T23:59:59Z");
  EXPECT_EQ(line_time("Jan  1 00:00:00 host x"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(line_time("<34>Mar  1 01:02:03 host x"), "2026-03-01T01:02:03Z");
  EXPECT_EQ(line_time("Mar  1 2019 01:02:03 asa x"), "2019-03-01T01:02:03Z");
}

TEST(FindLineTime, LetsAClockRunAheadByLessThanTheAgeLimit) {
  EXPECT_EQ(line_time("Mar 10 13:59:59 host x"), "2026-03-10T13:59:59Z");
  EXPECT_EQ(line_time("Mar 10 14:00:01 host x"), "2025-03-10T14:00:01Z");
}

TEST(FindLineTime, FindsTheLastLeapDay) {
  EXPECT_EQ(line_time("Feb 29 01:00:00 host x"), "2024-02-29T01:00:00Z");
  EXPECT_EQ(line_time("Feb 30 01:00:00 host x"), "none");
}

TEST(FindLineTime, KnowsALocalNewYearBeforeUtcsOwn) {
  const WallTime eve{parse_rfc3339("2026-12-31T23:30:00Z")->time_since_epoch()};
  EXPECT_EQ(format_rfc3339(*find_line_time("Jan  1 01:00:00 host x", eve, kPlusTwo)), "2026-12-31T23:00:00Z");
}

TEST(FindLineTime, ReadsApacheLogs) {
  EXPECT_EQ(line_time("10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /\""), "2000-10-10T20:55:36Z");
  EXPECT_EQ(line_time("owner bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3"), "2019-02-06T00:00:38Z");
  EXPECT_EQ(line_time("[Sun Dec 04 04:47:44 2005] [notice] x"), "2005-12-04T04:47:44Z");
  EXPECT_EQ(line_time("[Wed Oct 11 14:32:52.123456 2000] [core:error] x"), "2000-10-11T14:32:52.123Z");
  EXPECT_EQ(line_time("a b c d e f [06/Feb/2019:00:00:38 +0000]"), "none");
}

TEST(FindLineTime, ReadsTheZoneThatDatePutsBeforeTheYear) {
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 UTC 2020 backup done", kPlusTwo), "2020-03-10T08:00:00Z");
  EXPECT_EQ(line_time("Sun Mar  1 08:00:00 GMT 2020"), "2020-03-01T08:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 CET 2020"), "2020-03-10T08:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 CEST 2020", kPlusTwo), "2020-03-10T06:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 -0500 2020"), "2020-03-10T13:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 host 2020"), "2026-03-10T08:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 UTC 20201"), "2026-03-10T08:00:00Z");
  EXPECT_EQ(line_time("Tue Mar 10 08:00:00 UTC"), "2026-03-10T08:00:00Z");
}

TEST(FindLineTime, ReadsEpochSecondsAndMillisecondsAsAWordOfTheirOwn) {
  EXPECT_EQ(line_time("1714557600 x"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("1714557600.25 x"), "2024-05-01T10:00:00.250Z");
  EXPECT_EQ(line_time("1714557600250"), "2024-05-01T10:00:00.250Z");
  EXPECT_EQ(line_time("[1714557600] x"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(line_time("17145576001 x"), "none");
  EXPECT_EQ(line_time("1714557600abc x"), "none");
  EXPECT_EQ(line_time("1714557600.1.2.3 x"), "none");
  EXPECT_EQ(line_time("0123456789 x"), "none");
}

TEST(FindLineTime, LeavesWhatIsNoTimeAlone) {
  for (const std::string_view line :
       {"", " ", "[", "<", "<34>", "hello", "81109 203615 148 INFO", "17/06/09 20:10:40 INFO",
        "2024-13-01T10:00:00Z", "Marc 1 10:00:00", "May the fourth",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1418530010 1418530070"}) {
    EXPECT_EQ(line_time(line), "none") << line;
  }
  EXPECT_EQ(line_time(std::string(100'000, 'x') + " 2024-05-01T10:00:00Z"), "none");
}

TEST(ParseTimeValue, ReadsNumbersByTheirSize) {
  EXPECT_EQ(value_time("1714557600"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(value_time("1714557600.5"), "2024-05-01T10:00:00.500Z");
  EXPECT_EQ(value_time("1714557600250"), "2024-05-01T10:00:00.250Z");
  EXPECT_EQ(value_time("1714557600250999"), "2024-05-01T10:00:00.250Z");
  EXPECT_EQ(value_time("1714557600250999999"), "2024-05-01T10:00:00.250Z");
  EXPECT_EQ(value_time("1.7145576e9"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(value_time("0"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(value_time("-1"), "1969-12-31T23:59:59Z");
}

TEST(ParseTimeValue, ReadsWrittenTimes) {
  EXPECT_EQ(value_time("2024-05-01T10:00:00.858575+0000"), "2024-05-01T10:00:00.858Z");
  EXPECT_EQ(value_time("2024-05-01 10:00:00", kPlusTwo), "2024-05-01T08:00:00Z");
  EXPECT_EQ(value_time("Jul 15, 2030 9:39:07 PM"), "2030-07-15T21:39:07Z");
  EXPECT_EQ(value_time("Jul 15, 2030 12:00:00 AM"), "2030-07-15T00:00:00Z");
  EXPECT_EQ(value_time("10/Oct/2000:13:55:36 -0700"), "2000-10-10T20:55:36Z");
}

TEST(ParseTimeValue, RefusesTheRest) {
  for (const std::string_view text :
       {"", "-", "soon", "2024-05-01T10:00:00Z!", "1e400", "99999999999999999999999", "1714557600x",
        "Jul 15, 2030 13:00:00 PM", "Jul 32, 2030 1:00:00 PM", "0x10"}) {
    EXPECT_EQ(value_time(text), "none") << text;
  }
}

TEST(ParseZone, ReadsOffsets) {
  EXPECT_EQ(parse_zone("UTC"), Duration{0});
  EXPECT_EQ(parse_zone("Z"), Duration{0});
  EXPECT_EQ(parse_zone("+02:00"), kPlusTwo);
  EXPECT_EQ(parse_zone("-0530"), -std::chrono::minutes{330});
  EXPECT_EQ(parse_zone("+02"), kPlusTwo);
  for (const std::string_view text : {"", "CET", "+2", "+25:00", "+02:60", "02:00", "UTC+1"}) {
    EXPECT_FALSE(parse_zone(text).has_value()) << text;
  }
}

TEST(ParseTimeFormat, FollowsEachLetter) {
  EXPECT_EQ(by_format("2024-05-01 10:20:30", "%Y-%m-%d %H:%M:%S"), "2024-05-01T10:20:30Z");
  EXPECT_EQ(by_format("24/05/01 10:20:30", "%y/%m/%d %T"), "2024-05-01T10:20:30Z");
  EXPECT_EQ(by_format("05/01/69", "%D"), "1969-05-01T00:00:00Z");
  EXPECT_EQ(by_format("2024-05-01", "%F"), "2024-05-01T00:00:00Z");
  EXPECT_EQ(by_format("Wednesday, 1 May 2024 9:05:06 pm", "%A, %e %B %Y %I:%M:%S %p"),
            "2024-05-01T21:05:06Z");
  EXPECT_EQ(by_format("20171223-22:15:29:606", "%Y%m%d-%H:%M:%S:%L"), "2017-12-23T22:15:29.606Z");
  EXPECT_EQ(by_format("2024-05-01T10:20:30.123456-0500", "%FT%T.%f%z"), "2024-05-01T15:20:30.123Z");
  EXPECT_EQ(by_format("2024 122", "%Y %j"), "2024-05-01T00:00:00Z");
  EXPECT_EQ(by_format("1714557600", "%s"), "2024-05-01T10:00:00Z");
  EXPECT_EQ(by_format("100% 2024-05-01", "100%% %F"), "2024-05-01T00:00:00Z");
  EXPECT_EQ(by_format("2024-05-01 10:20 GMT", "%F %H:%M %Z", kPlusTwo), "2024-05-01T10:20:00Z");
  EXPECT_EQ(by_format("2024-05-01 10:20 CEST", "%F %H:%M %Z", kPlusTwo), "2024-05-01T08:20:00Z");
}

TEST(ParseTimeFormat, GivesTimesWithoutAYearTheNewestOne) {
  EXPECT_EQ(by_format("Mar  9 10:00:00", "%b %e %H:%M:%S"), "2026-03-09T10:00:00Z");
  EXPECT_EQ(by_format("Dec 10 06:55:46", "%b %e %T"), "2025-12-10T06:55:46Z");
  EXPECT_EQ(by_format("Feb 29 06:55:46", "%b %e %T"), "2024-02-29T06:55:46Z");
}

TEST(ParseTimeFormat, WantsTheWholeText) {
  EXPECT_EQ(by_format("2024-05-01 x", "%F"), "none");
  EXPECT_EQ(by_format("2024-05", "%F"), "none");
  EXPECT_EQ(by_format("2024-05-01 25:00:00", "%F %T"), "none");
  EXPECT_EQ(by_format("2023 366", "%Y %j"), "none");
}

TEST(CheckTimeFormat, SaysWhatIsWrong) {
  EXPECT_EQ(check_time_format("%b %e %H:%M:%S"), "");
  EXPECT_EQ(check_time_format("%s"), "");
  EXPECT_EQ(check_time_format("%F %T.%L %z"), "");
  EXPECT_NE(check_time_format("%Q").find("%Q is not known"), std::string::npos);
  EXPECT_NE(check_time_format("%F %").find("single '%'"), std::string::npos);
  EXPECT_NE(check_time_format("%H:%M").find("no date"), std::string::npos);
  EXPECT_NE(check_time_format("%F %I:%M").find("need each other"), std::string::npos);
  EXPECT_NE(check_time_format("%j").find("needs the year"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::event
