#include "engine/event/selector.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::event {
namespace {

using Kind = SelectorStep::Kind;

std::vector<SelectorStep> steps(std::string_view text) {
  auto selector = parse_selector(text);
  EXPECT_TRUE(selector.has_value()) << text;
  return selector ? selector->steps : std::vector<SelectorStep>{};
}

struct Fault {
  std::string text;
  std::size_t offset;
  std::string message;
};

TEST(Selector, ReadsEveryKindOfStep) {
  const std::vector<SelectorStep> expected{{Kind::Name, "detail-type", 0},
                                           {Kind::Index, "", 12},
                                           {Kind::Name, "a.b [0] \xC3\xA9", 0},
                                           {Kind::AnyElement, "", 0},
                                           {Kind::Name, "_9", 0}};
  EXPECT_EQ(steps("$.detail-type[12].['a.b [0] \xC3\xA9'][*]._9"), expected);
  EXPECT_EQ(steps("$.*"), (std::vector<SelectorStep>{{Kind::AnyMember, "", 0}}));
  EXPECT_EQ(steps("$[0]"), (std::vector<SelectorStep>{{Kind::Index, "", 0}}));
  EXPECT_EQ(steps("$.['it's']"), (std::vector<SelectorStep>{{Kind::Name, "it's", 0}}));
}

TEST(Selector, KeepsItsTextAndComparesBySteps) {
  const auto plain = parse_selector("$.a[0]");
  const auto quoted = parse_selector("$.['a'][0]");
  ASSERT_TRUE(plain && quoted);
  EXPECT_EQ(plain->text, "$.a[0]");
  EXPECT_EQ(quoted->text, "$.['a'][0]");
  EXPECT_EQ(*plain, *quoted);
  EXPECT_FALSE(plain->has_wildcard());
  EXPECT_TRUE(parse_selector("$.a[*].b")->has_wildcard());
}

TEST(Selector, InALongerTextStopsBehindItself) {
  const std::string_view text = "{ $.a.b=1 }";
  std::size_t at = 2;
  const auto selector = parse_selector(text, at);
  ASSERT_TRUE(selector);
  EXPECT_EQ(selector->text, "$.a.b");
  EXPECT_EQ(at, 7U);
}

TEST(Selector, FaultsNameThePlace) {
  const std::vector<Fault> faults{
      {"", 0, "A selector starts with '$.'"},
      {"a.b", 0, "A selector starts with '$.'"},
      {"$", 1, "The selector ends too early"},
      {"$a", 1, "Invalid character(s) in term '$a'"},
      {"$.", 2, "The selector ends too early"},
      {"$.a.", 4, "The selector ends too early"},
      {"$..a", 2, "Invalid character(s) in term '$..'"},
      {"$.\"detail-type\"", 2, "Invalid character(s) in term '$.\"'"},
      {"$.a b", 3, "Invalid character(s) in term '$.a '"},
      {"$.\xC3\xA9", 2, "Invalid character(s) in term '$.\xC3\xA9'"},
      {"$.a@b", 3, "Invalid character(s) in term '$.a@'"},
      {"$.a[", 4, "The selector ends too early"},
      {"$.a[]", 4, "Invalid character(s) in term '$.a[]'"},
      {"$.a[-1]", 4, "Invalid character(s) in term '$.a[-'"},
      {"$.a[1", 5, "The selector ends too early"},
      {"$.a[*", 5, "The selector ends too early"},
      {"$.a[4294967296]", 4, "The index is too large"},
      {"$.a['b']", 4, "Invalid character(s) in term '$.a[''"},
      {"$.['a", 4, "Unterminated quoted key"},
      {"$.[\"a\"]", 3, "Invalid character(s) in term '$.[\"'"},
      {"$.a[*].b.*", 9, "A selector has at most one wildcard"},
      {"$.*[*]", 4, "A selector has at most one wildcard"},
  };
  for (const Fault& fault : faults) {
    const auto selector = parse_selector(fault.text);
    ASSERT_FALSE(selector.has_value()) << fault.text;
    EXPECT_EQ(selector.error().offset, fault.offset) << fault.text;
    EXPECT_EQ(selector.error().message, fault.message) << fault.text;
  }
}

TEST(Selector, TheLargestIndexIsFine) { EXPECT_EQ(steps("$.a[4294967295]")[1].index, 4294967295U); }

}  // namespace
}  // namespace tocsin::event
