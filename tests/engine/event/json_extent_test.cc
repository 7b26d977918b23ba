#include "engine/event/json_extent.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::event {
namespace {

// The value's size when its bytes come `step` at a time; npos if the end is not met.
std::size_t extent(std::string_view text, std::size_t step) {
  JsonExtent extent;
  std::size_t taken = 0;
  while (taken < text.size() && !extent.done()) {
    const std::string_view piece = text.substr(taken, step);
    const std::size_t size = extent.take(piece);
    taken += size;
    if (size < piece.size()) break;
  }
  return extent.done() ? taken : std::string_view::npos;
}

TEST(JsonExtent, EndsWithTheValueHoweverTheBytesCome) {
  const std::vector<std::pair<std::string, std::size_t>> rows{{R"({"a":1},)", 7},
                                                              {R"([1,[2,{}]] )", 10},
                                                              {R"("a\"b],}" ,)", 9},
                                                              {"12.5,", 4},
                                                              {"true]", 4},
                                                              {R"({"a":"}\\"}x)", 11},
                                                              {R"({"a":"\u007d","b":[]}])", 21},
                                                              {R"({"a":{"b":1})", std::string::npos},
                                                              {R"("open)", std::string::npos}};
  for (const auto& [text, size] : rows) {
    for (std::size_t step = 1; step <= text.size(); ++step)
      EXPECT_EQ(extent(text, step), size) << text << " by " << step;
  }
}

TEST(JsonExtent, FindsTheRestOfAnOpenObject) {
  JsonExtent rest(1);
  EXPECT_EQ(rest.take(R"(,"b":{"c":"}"}} {"next":1})"), 15U);
  EXPECT_TRUE(rest.done());
}

TEST(ForEachElement, GivesEveryElementOnce) {
  std::vector<std::string> elements;
  for_each_element(R"([ {"a":1} ,2,"x,]", [3] ])", [&](std::string_view element) {
    elements.emplace_back(element);
    return true;
  });
  EXPECT_EQ(elements, (std::vector<std::string>{R"({"a":1})", "2", R"("x,]")", "[3]"}));
}

TEST(ForEachElement, StopsWhenToldTo) {
  int calls = 0;
  for_each_element("[1,2,3]", [&](std::string_view) { return ++calls < 2; });
  EXPECT_EQ(calls, 2);
  for_each_element("[]", [&](std::string_view) { return ++calls > 0; });
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace tocsin::event
