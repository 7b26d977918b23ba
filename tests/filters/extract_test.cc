#include <gtest/gtest.h>

#include <set>
#include <string>

#include "filters/filter_language.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"

namespace tocsin::filters {
namespace {

using event::TokenField;
using From = TokenField::From;

CompiledFilter pattern(std::string_view text) {
  auto filter = compile_filter_pattern(text);
  EXPECT_TRUE(filter.has_value()) << text;
  return filter ? std::move(*filter) : CompiledFilter{};
}

TokenField token(const CompiledFilter& filter, std::string_view name) {
  const auto field = resolve_field(filter, name);
  EXPECT_TRUE(field.has_value()) << name;
  return field ? std::get<TokenField>(*field) : TokenField{From::Left, 999};
}

event::SyntaxError fault(const CompiledFilter& filter, std::string_view text) {
  const auto field = resolve_field(filter, text);
  EXPECT_FALSE(field.has_value()) << text;
  return field ? event::SyntaxError{} : field.error();
}

TEST(BuiltinFilters, HaveKeysAndOptionsOfTheirOwn) {
  std::set<std::string_view> keys;
  std::set<std::string_view> options;
  for (const FilterLanguage& language : builtin_filters()) {
    EXPECT_TRUE(keys.insert(language.key).second);
    EXPECT_TRUE(options.insert(language.option).second);
    EXPECT_TRUE(language.option.starts_with("--"));
    EXPECT_NE(language.compile, nullptr);
  }
  EXPECT_TRUE(keys.contains("pattern"));
  EXPECT_TRUE(keys.contains("regex"));
}

TEST(ResolveField, JsonPatternsTakeAnySelector) {
  const CompiledFilter filter = pattern("{ $.a = 1 }");
  const auto field = resolve_field(filter, "$.userIdentity.arn");
  ASSERT_TRUE(field);
  EXPECT_EQ(std::get<event::Selector>(*field).text, "$.userIdentity.arn");
  EXPECT_EQ(fault(filter, "$a").hint, "$.a");
  EXPECT_EQ(fault(filter, "$.a b").offset, 3U);
  EXPECT_EQ(fault(filter, "a").offset, 0U);
}

TEST(ResolveField, DelimitedPatternsTakeTheirNames) {
  const CompiledFilter filter = pattern("[ip, , user, rest]");
  EXPECT_EQ(token(filter, "$ip"), (TokenField{From::Left, 0}));
  EXPECT_EQ(token(filter, "$2"), (TokenField{From::Left, 1}));
  EXPECT_EQ(token(filter, "$rest"), (TokenField{From::Rest, 3}));
  EXPECT_EQ(fault(filter, "$IP").hint, "its fields are $ip, $2, $user, $rest");
  fault(filter, "$1");
  fault(filter, "$5");
  fault(filter, "$.a");
  fault(filter, "$");
}

TEST(ResolveField, TokensUnderAnEllipsisAreKnownByTheirNumber) {
  const CompiledFilter filter = pattern("[ip, ..., code, ]");
  EXPECT_EQ(token(filter, "$code"), (TokenField{From::Right, 1}));
  EXPECT_EQ(token(filter, "$3"), (TokenField{From::Left, 2}));
  fault(filter, "$0");
  fault(filter, "$03");
  fault(filter, "$x");
  EXPECT_EQ(token(pattern("[]"), "$7"), (TokenField{From::Left, 6}));
}

TEST(ResolveField, TermsAndStandaloneRegexesHaveNone) {
  for (const char* text : {"", "error", "%error%"}) {
    EXPECT_NE(fault(pattern(text), "$.a").message.find("no fields"), std::string::npos) << text;
    fault(pattern(text), "$1");
  }
}

TEST(ResolveField, RegexesTakeTheirGroups) {
  const auto filter = compile_regex_filter("(?P<user>a)(b)");
  ASSERT_TRUE(filter);
  EXPECT_EQ(std::get<runtime::RegexGroup>(*resolve_field(*filter, "$user")).group, 1);
  EXPECT_EQ(std::get<runtime::RegexGroup>(*resolve_field(*filter, "$2")).group, 2);
  EXPECT_EQ(fault(*filter, "$3").hint, "its fields are $user, $2");
}

}  // namespace
}  // namespace tocsin::filters
