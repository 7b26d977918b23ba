#include "filters/regex_filter.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/event/predicate.h"
#include "filters/regex.h"

namespace tocsin::filters {
namespace {

int group_of(const runtime::Extraction& field) { return std::get<runtime::RegexGroup>(field).group; }

TEST(RegexFilter, GroupsAreFieldsByNameAndNumber) {
  const auto filter = compile_regex_filter(R"(for (?:invalid user )?(?P<user>\S+) from (\S+))");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->fields, CompiledFilter::Fields::Names);
  EXPECT_EQ(group_of(filter->names.at("0")), 0);
  EXPECT_EQ(group_of(filter->names.at("1")), 1);
  EXPECT_EQ(group_of(filter->names.at("user")), 1);
  EXPECT_EQ(group_of(filter->names.at("2")), 2);
  EXPECT_EQ(filter->names.size(), 4U);
  ASSERT_EQ(filter->shown.size(), 2U);
  EXPECT_EQ(filter->shown[0].first, "$user");
  EXPECT_EQ(filter->shown[1].first, "$2");
}

TEST(RegexFilter, SearchesAnywhereAndIsWholeRe2) {
  const auto matches = [](std::string_view regex, std::string_view message) {
    const auto filter = compile_regex_filter(regex);
    return filter && event::evaluate(filter->predicate, message);
  };
  EXPECT_TRUE(matches("b+", "abbc"));
  EXPECT_FALSE(matches("^b", "abbc"));
  EXPECT_TRUE(matches("(?i)ERROR", "an error"));
  EXPECT_TRUE(matches("^.$", "\xC3\xA9"));
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_FALSE(matches("a.b", "a\nb"));
}

TEST(RegexFilter, FaultsNameTheirPlace) {
  const auto fault = [](std::string_view regex) {
    const auto filter = compile_regex_filter(regex);
    EXPECT_FALSE(filter.has_value()) << regex;
    return filter ? event::SyntaxError{} : filter.error();
  };
  EXPECT_EQ(fault("ab[cd").offset, 2U);
  EXPECT_EQ(fault("ab(cd").offset, 5U);
  EXPECT_EQ(fault("ab*+").offset, 2U);
  EXPECT_EQ(fault("a(?=b)").offset, 1U);
  EXPECT_NE(fault("a(?=b)").hint.find("look-around"), std::string::npos);
  EXPECT_EQ(fault(R"(ab\q)").offset, 2U);
  EXPECT_EQ(fault(R"((a)\1)").offset, 3U);
  EXPECT_NE(fault(R"((a)\1)").hint.find("back-references"), std::string::npos);
  EXPECT_EQ(fault("b(a{0,1000}){0,1000}").offset, 12U);
  EXPECT_NE(fault("b(a{0,1000}){0,1000}").hint.find("* or +"), std::string::npos);
  EXPECT_NE(fault("\xFF").message.find("UTF-8"), std::string::npos);
  EXPECT_NE(fault("((a{100}){100}){100}").message.find("Invalid regular expression"), std::string::npos);
}

TEST(RegexFilter, RefusesWhatWouldTakeSecondsPerMegabyte) {
  std::string many;
  for (int i = 0; i < 20; ++i) many += ".{0,1000}";
  for (const std::string& regex :
       {std::string("a.{1000}c"), std::string("a{1000}a{1000}a{1000}b"), many, std::string("\\pL{3}")}) {
    const auto filter = compile_regex_filter(regex);
    ASSERT_FALSE(filter.has_value()) << regex;
    EXPECT_NE(filter.error().message.find("too large"), std::string::npos) << filter.error().message;
    EXPECT_NE(filter.error().hint.find("* or +"), std::string::npos);
  }
  EXPECT_TRUE(compile_regex_filter("a.{100}c"));
  EXPECT_TRUE(compile_regex_filter("\\pL+"));
  EXPECT_TRUE(compile_regex_filter("^[0-9a-f]{64}$"));
}

TEST(PercentRegex, TranslationMeansTheSameToRe2) {
  EXPECT_EQ(compile_percent_regex("a{,3}")->source, "(?s)a{0,3}");
  EXPECT_EQ(compile_percent_regex("a{2}b{2,}")->source, "(?s)a{2}b{2,}");
  EXPECT_EQ(compile_percent_regex("[[a-z^]|^x$")->source, "(?s)[\\[a-z\\^]|^x$");
  EXPECT_EQ(compile_percent_regex("\\_\\x28\\d")->source, "(?s)_\\x28\\d");
}

}  // namespace
}  // namespace tocsin::filters
