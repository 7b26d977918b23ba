#include "config/interpolation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tocsin::config {
namespace {

const Environment kEnvironment{{"NAME", "value"}, {"EMPTY", ""}, {"DOLLAR", "${NAME}$$"}};

std::string replaced(std::string_view written) {
  const Interpolated out = interpolate(written, kEnvironment);
  EXPECT_TRUE(out.faults.empty()) << written << ": " << out.faults[0].message;
  return out.text;
}

TEST(Interpolation, VariablesDefaultsAndMessages) {
  EXPECT_EQ(replaced("a ${NAME} b ${NAME}"), "a value b value");
  EXPECT_EQ(replaced("${NAME:-other}"), "value");
  EXPECT_EQ(replaced("${MISSING:-other}"), "other");
  EXPECT_EQ(replaced("${EMPTY:-other}"), "other");
  EXPECT_EQ(replaced("${EMPTY}"), "");
  EXPECT_EQ(replaced("${MISSING:-}"), "");
  EXPECT_EQ(replaced("${MISSING:-a:-b}"), "a:-b");
  EXPECT_EQ(replaced("${NAME:?is needed}"), "value");
}

TEST(Interpolation, OtherDollarsStay) {
  EXPECT_EQ(replaced("$.errorCode"), "$.errorCode");
  EXPECT_EQ(replaced("{ $.a = 1 && $.['b.c'] = 2 }"), "{ $.a = 1 && $.['b.c'] = 2 }");
  EXPECT_EQ(replaced("$name $1 ^x$ a$|b$"), "$name $1 ^x$ a$|b$");
  EXPECT_EQ(replaced("$"), "$");
}

TEST(Interpolation, TwoDollarsAreOne) {
  EXPECT_EQ(replaced("$$"), "$");
  EXPECT_EQ(replaced("$${NAME}"), "${NAME}");
  EXPECT_EQ(replaced("$$$${NAME}"), "$${NAME}");
}

TEST(Interpolation, ValuesAreNotReadAgain) { EXPECT_EQ(replaced("${DOLLAR}"), "${NAME}$$"); }

TEST(Interpolation, FaultsNameTheirPlace) {
  const std::pair<std::string_view, std::size_t> cases[]{
      {"a ${MISSING}", 2}, {"ab ${}", 3},   {"${NAME", 0},     {"x${NAME-y}", 1},
      {"${1A}", 0},        {"${NA ME}", 0}, {"${A:-${B}}", 0}, {"${EMPTY:?needed}", 0},
  };
  for (const auto& [written, offset] : cases) {
    const Interpolated out = interpolate(written, kEnvironment);
    ASSERT_EQ(out.faults.size(), 1U) << written;
    EXPECT_EQ(out.faults[0].offset, offset) << written;
    EXPECT_FALSE(out.faults[0].hint.empty()) << written;
  }
}

TEST(Interpolation, MessageOfTheUserIsTold) {
  const Interpolated out = interpolate("${MISSING:?the region of this site}", kEnvironment);
  ASSERT_EQ(out.faults.size(), 1U);
  EXPECT_NE(out.faults[0].message.find("the region of this site"), std::string::npos);
}

TEST(Interpolation, OffsetsGoBackToWhatWasWritten) {
  //                        0123456789012345
  const Interpolated out = interpolate("ab ${NAME} $$ cd", kEnvironment);
  ASSERT_EQ(out.text, "ab value $ cd");
  EXPECT_EQ(written_offset(out.replacements, 0), 0U);
  EXPECT_EQ(written_offset(out.replacements, 3), 3U);
  EXPECT_EQ(written_offset(out.replacements, 6), 3U);    // inside of the value: where it comes from
  EXPECT_EQ(written_offset(out.replacements, 8), 10U);   // the blank behind it
  EXPECT_EQ(written_offset(out.replacements, 9), 11U);   // the dollar
  EXPECT_EQ(written_offset(out.replacements, 11), 14U);  // c
  EXPECT_EQ(written_offset(out.replacements, 13), 16U);  // the end
}

TEST(Interpolation, ProcessEnvironmentIsRead) {
  ::setenv("TOCSIN_TEST_VARIABLE", "a=b", 1);
  const Environment environment = process_environment();
  ASSERT_TRUE(environment.contains("TOCSIN_TEST_VARIABLE"));
  EXPECT_EQ(environment.at("TOCSIN_TEST_VARIABLE"), "a=b");
}

}  // namespace
}  // namespace tocsin::config
