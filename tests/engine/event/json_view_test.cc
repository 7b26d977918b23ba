#include "engine/event/json_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/reject.h"
#include "engine/event/selector.h"

namespace tocsin::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A copy of a text that ends where the next page of memory may not be touched: a read beyond it, by our code
// or by simdjson's, which no sanitizer watches, ends the test.
class Tight {
 public:
  explicit Tight(std::string_view text) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    used_ = (text.size() / page_ + 1) * page_;
    void* memory = mmap(nullptr, used_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    memory_ = static_cast<char*>(memory);
    EXPECT_EQ(mprotect(memory_ + used_, page_, PROT_NONE), 0);
    char* const begin = memory_ + used_ - text.size();
    std::ranges::copy(text, begin);
    view_ = {begin, text.size()};
  }
  Tight(const Tight&) = delete;
  Tight& operator=(const Tight&) = delete;
  ~Tight() { munmap(memory_, used_ + page_); }

  [[nodiscard]] std::string_view view() const { return view_; }

 private:
  std::size_t page_;
  std::size_t used_ = 0;
  char* memory_ = nullptr;
  std::string_view view_;
};

Selector selector(std::string_view text) {
  auto parsed = parse_selector(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? *parsed : Selector{};
}

// The texts of the nodes that one selector meets; the walk's status must be `expected`.
std::vector<std::string> walk(std::string_view message, std::string_view path,
                              JsonStatus expected = JsonStatus::Object) {
  FieldTrie fields;
  const Slot slot = fields.add(selector(path));
  JsonView view;
  const Tight tight(message);
  EXPECT_EQ(view.walk(tight.view(), fields), expected) << message;
  const auto texts = [&] {
    std::vector<std::string> found;
    for (const JsonNode& node : view.nodes(slot)) found.emplace_back(node.text);
    return found;
  };
  const std::vector<std::string> first = texts();
  EXPECT_EQ(view.walk(tight.view(), fields), expected) << message;  // now its order of keys is known
  EXPECT_EQ(texts(), first) << message;
  return first;
}

// By a new view, and by one that knows messages like it.
JsonStatus status(std::string_view message) {
  FieldTrie fields;
  fields.add(selector("$.a"));
  const Tight tight(message);
  JsonView fresh;
  const JsonStatus expected = fresh.walk(tight.view(), fields);
  JsonView warm;
  for (const std::string_view before : {R"({"a":1})", R"({"a":[1]})", R"({"a":{"b":1}})", R"({"b":1,"a":2})",
                                        R"({"b":{"c":[]},"a":"x","d":1})", R"({"x":"y"})"}) {
    EXPECT_EQ(warm.walk(before, fields), JsonStatus::Object);
  }
  for (int i = 0; i < 2; ++i) EXPECT_EQ(warm.walk(tight.view(), fields), expected) << message;
  return expected;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonView, FindsEveryKindOfNodeWithItsText) {
  FieldTrie fields;
  const std::vector<std::string> paths{"$.s", "$.n", "$.t", "$.f", "$.z", "$.o", "$.l"};
  std::vector<Slot> slots;
  for (const std::string& path : paths) slots.push_back(fields.add(selector(path)));
  JsonView view;
  const Tight message(
      R"({ "s":"x y", "n" : -1.5e+3 ,"t":true,"f":false,"z":null,"o":{"k":[ ]},"l":[1,{"a":2}] })");
  ASSERT_EQ(view.walk(message.view(), fields), JsonStatus::Object);
  const std::vector<std::pair<NodeKind, std::string>> expected{
      {NodeKind::String, "x y"},          {NodeKind::Number, "-1.5e+3"}, {NodeKind::Boolean, "true"},
      {NodeKind::Boolean, "false"},       {NodeKind::Null, "null"},      {NodeKind::Object, R"({"k":[ ]})"},
      {NodeKind::Array, R"([1,{"a":2}])"}};
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ASSERT_EQ(view.nodes(slots[i]).size(), 1U) << paths[i];
    EXPECT_EQ(view.nodes(slots[i])[0].kind, expected[i].first) << paths[i];
    EXPECT_EQ(view.nodes(slots[i])[0].text, expected[i].second) << paths[i];
  }
}

// The last of some messages is found by what is known of those before it: the same as by a new view.
TEST(JsonView, WhatIsKnownOfMessagesBeforeIsTrueOfTheirKind) {
  struct Case {
    std::vector<std::string> selectors;
    std::vector<std::string> paths;
    std::vector<std::string> messages;
  };
  const auto deep = [](std::size_t depth) { return R"({"b":1,"a":{"u":)" + nested(depth) + "}}"; };
  const std::vector<Case> cases{
      {{"$.a"}, {}, {R"({"\u0061":1})", R"({"\u0061":1})"}},
      {{"$.a.b"}, {}, {R"({"a":1})", R"({"a":{"b":1}})", R"({"a":1,"b":5})"}},
      {{"$.a.b"}, {}, {R"({"a":{"b":1}})", R"({"a":{}})", R"({"a":[{"b":1}]})", R"({"a":{"b":{}}})"}},
      {{},
       {"a.b.c", "x.y"},
       {R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{"c":[1]}}})", R"({"x":[{"y":1}]})",
        R"({"a":{"b":{"c":[1]}}})"}},
      {{"$.a.x"}, {}, {deep(2), deep(kMaxDepth - 2), deep(kMaxDepth - 1), deep(kMaxDepth)}},
      {{"$.a.u[0]"}, {}, {deep(2), deep(kMaxDepth - 2), deep(kMaxDepth - 1), deep(kMaxDepth)}},
  };
  for (const Case& some : cases) {
    FieldTrie fields;
    for (const std::string& text : some.selectors) fields.add(selector(text));
    for (const std::string& path : some.paths) fields.add_path(path);
    JsonView warm;
    for (const std::string& message : some.messages) {
      const Tight tight(message);
      JsonView fresh;
      ASSERT_EQ(warm.walk(tight.view(), fields), fresh.walk(tight.view(), fields)) << message;
      ASSERT_EQ(warm.nodes().size(), fresh.nodes().size()) << message;
      for (std::size_t i = 0; i < fresh.nodes().size(); ++i) {
        EXPECT_EQ(warm.nodes()[i].text, fresh.nodes()[i].text) << message;
        EXPECT_EQ(warm.nodes()[i].slot, fresh.nodes()[i].slot) << message;
        EXPECT_EQ(warm.nodes()[i].element, fresh.nodes()[i].element) << message;
      }
    }
  }
}

TEST(JsonView, EqualSelectorsShareASlot) {
  FieldTrie fields;
  const Slot a = fields.add(selector("$.a.b"));
  EXPECT_EQ(fields.add(selector("$.['a'].b")), a);
  EXPECT_NE(fields.add(selector("$.a")), a);
  EXPECT_EQ(fields.slots(), 2U);
}

TEST(JsonView, ANodeCanBeWantedTogetherWithItsInside) {
  FieldTrie fields;
  const Slot outer = fields.add(selector("$.a"));
  const Slot inner = fields.add(selector("$.a.b"));
  JsonView view;
  ASSERT_EQ(view.walk(R"({"a":{"b":7}})", fields), JsonStatus::Object);
  EXPECT_EQ(view.nodes(outer)[0].text, R"({"b":7})");
  EXPECT_EQ(view.nodes(inner)[0].text, "7");
  ASSERT_EQ(view.walk(R"({"a":3})", fields), JsonStatus::Object);
  EXPECT_EQ(view.nodes(outer)[0].text, "3");
  EXPECT_THAT(view.nodes(inner), IsEmpty());
}

TEST(JsonView, FollowsIndexesAndWildcards) {
  const std::string_view message =
      R"({"rows":[{"k":1},{"j":0},{"k":"2"},3,{"k":[4]}],"who":{"a":{"id":5},"b":{"id":6}}})";
  EXPECT_THAT(walk(message, "$.rows[2].k"), ElementsAre("2"));
  EXPECT_THAT(walk(message, "$.rows[9].k"), IsEmpty());
  EXPECT_THAT(walk(message, "$.rows[*].k"), ElementsAre("1", "2", "[4]"));
  EXPECT_THAT(walk(message, "$.rows[4].k[*]"), ElementsAre("4"));
  EXPECT_THAT(walk(message, "$.who.*.id"), ElementsAre("5", "6"));
  EXPECT_THAT(walk(message, "$.*"), ElementsAre(testing::StartsWith("["), testing::StartsWith("{")));
  EXPECT_THAT(walk(message, "$.rows.k"), IsEmpty());
  EXPECT_THAT(walk(message, "$.who[0]"), IsEmpty());
  EXPECT_THAT(walk(message, "$.who[*]"), IsEmpty());
  EXPECT_THAT(walk(message, "$.rows.*"), IsEmpty());
}

TEST(JsonView, WildcardsAndNamesMeetInOneObject) {
  FieldTrie fields;
  const Slot any_x = fields.add(selector("$.*.x"));
  const Slot a_y = fields.add(selector("$.a.y"));
  const Slot a_any = fields.add(selector("$.a.*"));
  const Slot a = fields.add(selector("$.a"));
  JsonView view;
  ASSERT_EQ(view.walk(R"({"a":{"x":1,"y":2},"b":{"x":3,"y":4}})", fields), JsonStatus::Object);
  const auto texts = [&](Slot slot) {
    std::vector<std::string_view> found;
    for (const JsonNode& node : view.nodes(slot)) found.push_back(node.text);
    return found;
  };
  EXPECT_THAT(texts(any_x), ElementsAre("1", "3"));
  EXPECT_THAT(texts(a_y), ElementsAre("2"));
  EXPECT_THAT(texts(a_any), ElementsAre("1", "2"));
  EXPECT_THAT(texts(a), ElementsAre(R"({"x":1,"y":2})"));
}

TEST(JsonView, TheLastOfTwoEqualKeysWins) {
  EXPECT_THAT(walk(R"({"a":1,"b":0,"a":2})", "$.a"), ElementsAre("2"));
  EXPECT_THAT(walk(R"({"a":{"b":1},"a":{}})", "$.a.b"), IsEmpty());
  EXPECT_THAT(walk(R"({"a":{"b":1},"a":7})", "$.a.b"), IsEmpty());
  EXPECT_THAT(walk(R"({"a":{"b":1,"b":2},"a":{"b":3,"b":4}})", "$.a.b"), ElementsAre("4"));
  EXPECT_THAT(walk(R"({"a":[1,2],"c":0,"a":[3]})", "$.a[*]"), ElementsAre("3"));
  EXPECT_THAT(walk(R"({"a":[{"k":1,"k":2},{"k":3}]})", "$.a[*].k"), ElementsAre("2", "3"));
  EXPECT_THAT(walk(R"({"a":1,"a":2,"b":3})", "$.*"), ElementsAre("2", "3"));
  EXPECT_THAT(walk(R"({"b":1,"a":2,"b":3,"a":4,"b":5})", "$.*"), ElementsAre("4", "5"));
  EXPECT_THAT(walk(R"({"a":{"x":1},"a":{"y":1},"b":{"x":2}})", "$.*.x"), ElementsAre("2"));
  EXPECT_THAT(walk(R"({"a":1,"\u0061":2})", "$.a"), ElementsAre("2"));
  EXPECT_THAT(walk(R"({"a":1,"\u0061":2})", "$.*"), ElementsAre("2"));
}

TEST(JsonView, AnEarlierWalkLeavesNothingBehind) {
  FieldTrie fields;
  const Slot a = fields.add(selector("$.a"));
  const Slot b = fields.add(selector("$.b"));
  JsonView view;
  ASSERT_EQ(view.walk(R"({"a":1,"b":2})", fields), JsonStatus::Object);
  ASSERT_EQ(view.walk(R"({"b":3})", fields), JsonStatus::Object);
  EXPECT_THAT(view.nodes(a), IsEmpty());
  EXPECT_EQ(view.nodes(b)[0].text, "3");
  ASSERT_EQ(view.walk(R"({"a":1,"b":2}x)", fields), JsonStatus::Invalid);
  EXPECT_THAT(view.nodes(a), IsEmpty());
  FieldTrie other;
  const Slot c = other.add(selector("$.c"));
  ASSERT_EQ(view.walk(R"({"a":1,"c":4})", other), JsonStatus::Object);
  EXPECT_EQ(view.nodes(c)[0].text, "4");
  EXPECT_THAT(view.nodes(77), IsEmpty());
}

TEST(JsonView, UndoesEscapesInValuesAndKeys) {
  EXPECT_THAT(walk(R"({"a":"\"\\\/\b\f\n\r\tz"})", "$.a"), ElementsAre("\"\\/\b\f\n\r\tz"));
  EXPECT_THAT(walk(R"({"a":"\u0041\u00e9\u20AC\ud83d\ude00!"})", "$.a"),
              ElementsAre("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!"));
  EXPECT_THAT(walk(R"({"\u0061\"b":1})", "$.['a\"b']"), ElementsAre("1"));
  EXPECT_THAT(walk(R"({"x":"\\","a":"y"})", "$.a"), ElementsAre("y"));
  EXPECT_THAT(walk(R"({"a":"\u0000"})", "$.a"), ElementsAre(std::string(1, '\0')));
}

TEST(JsonView, ALoneSurrogateBecomesTheReplacementCharacter) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_THAT(walk(R"({"a":"\ud83d"})", "$.a"), ElementsAre(replacement));
  EXPECT_THAT(walk(R"({"a":"\ude00x"})", "$.a"), ElementsAre(replacement + "x"));
  EXPECT_THAT(walk(R"({"a":"\ud83d\n"})", "$.a"), ElementsAre(replacement + "\n"));
  EXPECT_THAT(walk(R"({"a":"\ud83d\ud83d\ude00"})", "$.a"), ElementsAre(replacement + "\xF0\x9F\x98\x80"));
}

TEST(JsonView, NumbersOfAnyLengthKeepTheirText) {
  const std::string digits(400, '7');
  EXPECT_THAT(walk("{\"a\":" + digits + "}", "$.a"), ElementsAre(digits));
  EXPECT_THAT(walk("{\"a\":-0.10E-7 }", "$.a"), ElementsAre("-0.10E-7"));
}

TEST(JsonView, WhiteSpaceMayStandBetweenAllTokens) {
  EXPECT_THAT(walk(" \t\r\n{ \"a\" \n:\t [ 1 , \"x\" ] , \"b\" : 2 }\r\n ", "$.a[*]"), ElementsAre("1", "x"));
  EXPECT_THAT(walk("{\"a\":\"  \"}", "$.a"), ElementsAre("  "));
}

TEST(JsonView, KeysAreComparedWhole) {
  const std::string_view message =
      R"({"":0,"eventNam":1,"eventName":2,"eventNameX":3,"eventNXme":4,"ab":5,"b":6,"averyveryverylongkeyxwithmanybytes":7,"averyveryverylongkeyywithmanybytes":8})";
  EXPECT_THAT(walk(message, "$.eventName"), ElementsAre("2"));
  EXPECT_THAT(walk(message, "$.['']"), ElementsAre("0"));
  EXPECT_THAT(walk(message, "$.b"), ElementsAre("6"));
  EXPECT_THAT(walk(message, "$.a"), IsEmpty());
  EXPECT_THAT(walk(message, "$.averyveryverylongkeyywithmanybytes"), ElementsAre("8"));
}

TEST(JsonView, ManyWantedKeysAreAllFound) {
  FieldTrie fields;
  std::string message = "{";
  for (int i = 0; i < 500; ++i) {
    fields.add(selector("$.key" + std::to_string(i)));
    message += (i == 0 ? "\"key" : ",\"key") + std::to_string(i) + "\":" + std::to_string(i);
  }
  message += "}";
  JsonView view;
  ASSERT_EQ(view.walk(message, fields), JsonStatus::Object);
  for (Slot slot = 0; slot < 500; ++slot) {
    ASSERT_EQ(view.nodes(slot).size(), 1U);
    EXPECT_EQ(view.nodes(slot)[0].text, std::to_string(slot));
  }
}

TEST(JsonView, OnlyAnObjectIsAnEvent) {
  EXPECT_EQ(status("{}"), JsonStatus::Object);
  EXPECT_EQ(status(" {} "), JsonStatus::Object);
  for (const char* text : {"[]", "[{\"a\":1}]", "1", "-0", "\"x\"", " null ", "true", "false", "[[],{},1]"}) {
    EXPECT_EQ(status(text), JsonStatus::NotObject) << text;
  }
}

TEST(JsonView, BrokenTextsAreInvalid) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "{]",
                           "[}",
                           "{}}",
                           "{}{}",
                           "{},",
                           "x{}",
                           "{}x",
                           "{} 1",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,\"a\":1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1,,\"b\":2}",
                           "{\"a\" 1}",
                           "{\"a\"::1}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\":1",
                           "{\"a\":[1,2}",
                           "{\"a\":[1,]}",
                           "{\"a\":[,1]}",
                           "{\"a\":[1 2]}",
                           "{\"a\":\"x}",
                           "{\"a\":\"x\"\"y\"}",
                           "{\"a\":\"x\"y}",
                           "{\"a\":1\"y\"}",
                           "{\"a\":[1:2]}",
                           "{\"a\":{\"b\"}}",
                           "{null:1}",
                           "{\"a\":1}\x0c",
                           "{\"a\":1\x0c\"b\":2}",
                           "\xEF\xBB\xBF{}",
                           "[1",
                           "1 2",
                           "tru",
                           "[1]]",
                           "nul l",
                           "{\"a\":'x'}",
                           "{\"a\":1}//"}) {
    EXPECT_EQ(status(text), JsonStatus::Invalid) << text;
  }
}

TEST(JsonView, BrokenScalarsAndEscapesAreInvalidWhereNobodyLooksToo) {
  for (const char* value :
       {"tru",         "truee",      "True",   "nul",    "falsey", "01",   "+1",   "1.",       ".5",
        "1e",          "1e+",        "--1",    "0x1",    "-",      "1_0",  "NaN",  "Infinity", "\"\\x\"",
        "\"\\u12g4\"", "\"\\u123\"", "\"\\\"", "\"\t\"", "\\n",    "1\\n", "1\"\""}) {
    EXPECT_EQ(status(std::string("{\"a\":") + value + "}"), JsonStatus::Invalid) << value;
    EXPECT_EQ(status(std::string("{\"b\":[") + value + "]}"), JsonStatus::Invalid) << value;
  }
}

TEST(JsonView, InvalidUtf8IsNamed) {
  EXPECT_EQ(status("{\"a\":\"\xFF\"}"), JsonStatus::BadUtf8);
  EXPECT_EQ(status("{\"b\":\"\xC3\"}"), JsonStatus::BadUtf8);
  EXPECT_EQ(status("{\"b\":\"\xED\xA0\x80\"}"), JsonStatus::BadUtf8);
  EXPECT_EQ(status("{\"b\":\"\xC3\xA9\"}"), JsonStatus::Object);
}

TEST(JsonView, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(status(nested(kMaxDepth)), JsonStatus::Object);
  EXPECT_EQ(status(nested(kMaxDepth + 1)), JsonStatus::TooDeep);
  EXPECT_EQ(status(nested(100'000)), JsonStatus::TooDeep);
}

TEST(JsonView, EveryPrefixOfAMessageIsInvalidAndReadsNothingBeyondIt) {
  const std::string message =
      R"({"a":{"b":[1,-2.5e3,"x\u00e9\\"],"c":null},"averyveryverylongkeyindeed":"and a value that is longer than a block of sixty-four bytes, \" too","t":true})";
  for (std::size_t length = 0; length < message.size(); ++length) {
    EXPECT_EQ(status(message.substr(0, length)), JsonStatus::Invalid) << length;
  }
  EXPECT_EQ(status(message), JsonStatus::Object);
}

TEST(JsonView, AMessageLargerThanAllBeforeIsWalked) {
  FieldTrie fields;
  const Slot last = fields.add(selector("$.a[999999]"));
  std::string message = "{\"a\":[";
  for (int i = 0; i < 1'000'000; ++i) message += "12345,";
  message.back() = ']';
  message += ",\"b\":\"\\n\"}";
  JsonView view;
  ASSERT_EQ(view.walk(R"({"a":[]})", fields), JsonStatus::Object);
  ASSERT_EQ(view.walk(message, fields), JsonStatus::Object);
  EXPECT_EQ(view.nodes(last)[0].text, "12345");
  ASSERT_EQ(view.walk(R"({"a":[]})", fields), JsonStatus::Object);
  EXPECT_THAT(view.nodes(last), IsEmpty());
}

}  // namespace
}  // namespace tocsin::event
