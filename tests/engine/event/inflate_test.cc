#include "engine/event/inflate.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tocsin::event
