#include "cli/text_style.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "cli/alarm_words.h"

namespace tocsin::cli {
namespace {

constexpr TextStyle kUnicode{80, false, false, true};
constexpr TextStyle kAscii{80, false, false, false};

TEST(TextStyle, AFileIsNoTerminalAndNotColoured) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const TextStyle style = text_style_of(file);
  std::fclose(file);
  EXPECT_FALSE(style.terminal);
  EXPECT_FALSE(style.colour);
  EXPECT_EQ(style.columns, 80u);
}

TEST(TextStyle, PrintableKeepsTextAndShowsWhatIsHidden) {
  EXPECT_EQ(printable("ops-oncall äß→", kUnicode), "ops-oncall äß→");
  EXPECT_EQ(printable("ä", kAscii), "\\u{00e4}");
  EXPECT_EQ(printable("a\tb\x7f", kUnicode), "a\\x09b\\x7f");
  EXPECT_EQ(printable("\xC2\x9B", kUnicode), "\\u{009b}") << "an eight-bit control sequence introducer";
  EXPECT_EQ(printable("\xE2\x80\xAE", kUnicode), "\\u{202e}") << "right to left override";
}

TEST(TextStyle, PrintableShowsBrokenUtf8ByteByByte) {
  EXPECT_EQ(printable("\xC0\xAF", kUnicode), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80", kUnicode), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(printable("\xF0\x9F\x98", kUnicode), "\\xf0\\x9f\\x98") << "cut";
  EXPECT_EQ(printable("\xF5\x80\x80\x80", kUnicode), "\\xf5\\x80\\x80\\x80") << "beyond Unicode";
}

TEST(TextStyle, ShortenCutsCharactersNotBytes) {
  EXPECT_EQ(shorten("äöüß", 4, kUnicode), "äöüß");
  EXPECT_EQ(shorten("äöüßx", 4, kUnicode), "äöü…");
  EXPECT_EQ(shorten("abcdef", 5, kAscii), "ab...");
  EXPECT_EQ(text_width("äö→"), 3u);
}

TEST(TextStyle, PaintsOnlyWithColour) {
  EXPECT_EQ(paint("x", Ink::Red, kUnicode), "x");
  EXPECT_EQ(paint("x", Ink::Green, {80, true, true, true}), "\x1b[32mx\x1b[0m");
  EXPECT_EQ(paint("x", Ink::Plain, {80, true, true, true}), "x");
}

TEST(TextStyle, NumbersForPeople) {
  EXPECT_EQ(group_digits(0), "0");
  EXPECT_EQ(group_digits(999), "999");
  EXPECT_EQ(group_digits(1000), "1,000");
  EXPECT_EQ(group_digits(1234567), "1,234,567");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'000), "1.0 kB");
  EXPECT_EQ(format_bytes(12'345'678), "12 MB");
  EXPECT_EQ(format_bytes(999'600'000), "1.0 GB");
}

TEST(AlarmWords, DurationsHaveTheirTwoLargestUnits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(duration_in_words(0s), "0 s");
  EXPECT_EQ(duration_in_words(30s), "30 s");
  EXPECT_EQ(duration_in_words(5min), "5 min");
  EXPECT_EQ(duration_in_words(2h + 5min + 3s), "2 h 5 min");
  EXPECT_EQ(duration_in_words(26h), "1 d 2 h");
  EXPECT_EQ(duration_in_words(24h + 5min), "1 d");
}

}  // namespace
}  // namespace tocsin::cli
