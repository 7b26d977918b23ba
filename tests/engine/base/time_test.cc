#include "engine/base/time.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin {
namespace {

std::string round_trip(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? format_rfc3339(*time) : "none";
}

TEST(Rfc3339, ReadsItsFormsAndWritesOne) {
  EXPECT_EQ(round_trip("2026-03-01T09:05:00Z"), "2026-03-01T09:05:00Z");
  EXPECT_EQ(round_trip("2026-03-01t09:05:00z"), "2026-03-01T09:05:00Z");
  EXPECT_EQ(round_trip("2026-03-01 09:05:00"), "2026-03-01T09:05:00Z");
  EXPECT_EQ(round_trip("2026-03-01T09:05Z"), "2026-03-01T09:05:00Z");
  EXPECT_EQ(round_trip("2026-03-01T09:05:00.123456+00:00"), "2026-03-01T09:05:00.123Z");
  EXPECT_EQ(round_trip("2026-03-01T09:05:00,5Z"), "2026-03-01T09:05:00.500Z");
  EXPECT_EQ(round_trip("2026-03-01T01:05:00+02:00"), "2026-02-28T23:05:00Z");
  EXPECT_EQ(round_trip("2026-03-01T01:05:00-0530"), "2026-03-01T06:35:00Z");
  EXPECT_EQ(round_trip("1969-12-31T23:59:59.001Z"), "1969-12-31T23:59:59.001Z");
  EXPECT_EQ(round_trip("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
  EXPECT_EQ(round_trip("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
  EXPECT_EQ(round_trip("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(round_trip("9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999Z");
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-03-01T24:00:00Z",
        "2026-03-01T00:60:00Z", "2026-03-01T00:00:00Zx", "2026-03-01T00:00:00+25:00", "2026/03/01 00:00:00",
        "2026-03-01T00:00:0", "2026-03-01T00:00:000Z", "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01"}) {
    EXPECT_EQ(round_trip(text), "none") << text;
  }
}

// The form that most logs have is read in a way of its own.
TEST(Rfc3339, ATimeIsTheSameHoweverUtcIsWritten) {
  std::mt19937 random(20261128);
  const std::string plain = "2024-02-29T23:59:59";
  for (int round = 0; round < 200'000; ++round) {
    std::string text = plain;
    for (std::size_t changes = random() % 4; changes > 0; --changes)
      text[random() % text.size()] = "0123456789:-TZ /\xB0@P"[random() % 21];
    EXPECT_EQ(round_trip(text + "Z"), round_trip(text + "+00:00")) << text;
  }
}

TEST(Rfc3339, APrefixSaysHowMuchItUsed) {
  std::size_t used = 0;
  ASSERT_TRUE(parse_rfc3339_prefix("2026-03-01 09:05:00,123 - INFO", used));
  EXPECT_EQ(used, 23U);
  ASSERT_TRUE(parse_rfc3339_prefix("2026-03-01T09:05:00Z the rest", used));
  EXPECT_EQ(used, 20U);
}

TEST(FloorTo, IsRightBeforeTheEpochToo) {
  EXPECT_EQ(floor_to(EventTime{Duration{-1}}, std::chrono::minutes(1)), EventTime{Duration{-60'000}});
  EXPECT_EQ(ceil_to(EventTime{Duration{-1}}, std::chrono::minutes(1)), EventTime{});
  EXPECT_EQ(ceil_to(EventTime{Duration{60'000}}, std::chrono::minutes(1)), EventTime{Duration{60'000}});
}

TEST(Durations, AreReadAndWrittenAsUsersDo) {
  EXPECT_EQ(parse_duration("30s"), std::chrono::seconds(30));
  EXPECT_EQ(parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("14d"), std::chrono::hours(14 * 24));
  EXPECT_EQ(parse_duration("250ms"), Duration{250});
  EXPECT_EQ(parse_duration("0s"), Duration{0});
  for (const char* text : {"", "5", "m", "5 m", "-5m", "5y", "1.5h", "99999999999999999999d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
  EXPECT_EQ(format_duration(std::chrono::minutes(90)), "1h30m");
  EXPECT_EQ(format_duration(Duration{0}), "0s");
}

TEST(CloudWatchTime, HasMillisecondsAndAPlainOffset) {
  EXPECT_EQ(format_cloudwatch(*parse_rfc3339("2030-01-02T10:04:40.985Z")), "2030-01-02T10:04:40.985+0000");
}

}  // namespace
}  // namespace tocsin
