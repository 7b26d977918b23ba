#include "engine/base/number.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(ParseNumber, TakesEveryFormOfTheGrammar) {
  EXPECT_EQ(parse_number("0"), 0);
  EXPECT_EQ(parse_number("+1"), 1);
  EXPECT_EQ(parse_number("-0.5"), -0.5);
  EXPECT_EQ(parse_number("1e3"), 1000);
  EXPECT_EQ(parse_number("1E+3"), 1000);
  EXPECT_EQ(parse_number("007"), 7);
  EXPECT_EQ(parse_number("123456789012345678901234567890"), 123456789012345678901234567890.0);
  EXPECT_EQ(parse_number("1e-400"), 0);
}

TEST(ParseNumber, RefusesEverythingElse) {
  for (const char* text :
       {"", "+", "-", "1.", ".5", "1e", "1e+", "nan", "inf", "0x10", " 1", "1 ", "1,5", "1e400", "--1"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(FormatNumber, WritesIntegralDoublesPlain) {
  EXPECT_EQ(format_number(3), "3");
  EXPECT_EQ(format_number(-0.0), "0");
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_number(1e16), "10000000000000000");
  EXPECT_EQ(format_number(1e300), "1e+300");
}

TEST(FormatNumberJava, WritesAsJavaDoes) {
  EXPECT_EQ(format_number_java(50), "50.0");
  EXPECT_EQ(format_number_java(0), "0.0");
  EXPECT_EQ(format_number_java(-2.5), "-2.5");
  EXPECT_EQ(format_number_java(1e7), "1.0E7");
  EXPECT_EQ(format_number_java(9999999), "9999999.0");
  EXPECT_EQ(format_number_java(12345678.9), "1.23456789E7");
  EXPECT_EQ(format_number_java(0.001), "0.001");
  EXPECT_EQ(format_number_java(0.0009), "9.0E-4");
  EXPECT_EQ(format_number_java(0.0666851903306472), "0.0666851903306472");
}

}  // namespace
}  // namespace tocsin
