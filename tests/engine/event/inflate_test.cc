#include "engine/event/inflate.h"

#include <gtest/gtest.h>

#include "engine/event/base64.h"
#include "tests/engine/event/compress.h"

namespace tocsin::event {
namespace {

TEST(Inflater, JoinsMembersAndPassesPaddingOver) {
  Inflater inflater;
  std::string out;
  EXPECT_EQ(inflater.inflate(gzip("one ") + gzip("two") + std::string(7, '\0'), 100, out),
            InflateStatus::Complete);
  EXPECT_EQ(out, "one two");
}

TEST(Inflater, TellsDamageFromEveryCut) {
  Inflater inflater;
  std::string out;
  const std::string whole = gzip("some text to compress");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(inflater.inflate(whole.substr(0, size), 100, out), InflateStatus::Damaged) << size;
  }
  EXPECT_EQ(inflater.inflate(whole + "garbage", 100, out), InflateStatus::Damaged);
  std::string flipped = whole;
  flipped[whole.size() - 6] = static_cast<char>(flipped[whole.size() - 6] ^ 1);  // the checksum
  EXPECT_EQ(inflater.inflate(flipped, 100, out), InflateStatus::Damaged);
}

TEST(Inflater, StopsAtTheLimit) {
  Inflater inflater;
  std::string out;
  EXPECT_EQ(inflater.inflate(gzip(std::string(1000, 'x')), 1000, out), InflateStatus::Complete);
  EXPECT_EQ(out.size(), 1000U);
  EXPECT_EQ(inflater.inflate(gzip(std::string(1001, 'x')), 1000, out), InflateStatus::TooLarge);
  EXPECT_EQ(inflater.inflate(gzip(std::string(50'000'000, 'x')), 1000, out), InflateStatus::TooLarge);
  EXPECT_LE(out.size(), 1001U);
  EXPECT_EQ(inflater.inflate(gzip(std::string(600, 'x')) + gzip(std::string(600, 'x')), 1000, out),
            InflateStatus::TooLarge);
}

TEST(DecodeBase64, ReadsPaddedUnpaddedAndWrappedText) {
  std::string out;
  for (const std::string_view text : {"TWFueQ==", "TWFueQ", "TWFu\r\neQ==\n"}) {
    EXPECT_TRUE(decode_base64(text, out)) << text;
    EXPECT_EQ(out, "Many");
  }
  EXPECT_TRUE(decode_base64("", out));
  EXPECT_EQ(out, "");
  for (const std::string& bytes : {std::string("\0\xff\x80", 3), std::string(1000, '\xfe')}) {
    EXPECT_TRUE(decode_base64(base64(bytes), out));
    EXPECT_EQ(out, bytes);
  }
}

TEST(DecodeBase64, RefusesTheRest) {
  std::string out;
  for (const std::string_view text : {"A", "TWFu!", "TW Fu", "=AAA", "AA=A"})
    EXPECT_FALSE(decode_base64(text, out)) << text;
}

}  // namespace
}  // namespace tocsin::event
