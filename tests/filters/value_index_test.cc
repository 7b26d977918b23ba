#include "filters/value_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "filters/ascii_case.h"

namespace tocsin::filters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;
using Kind = AccessKey::Kind;

AccessKey key(Kind kind, std::string text) {
  AccessKey made;
  made.kind = kind;
  made.text = std::move(text);
  return made;
}

std::vector<KeyNumber> hits_of(const ValueIndex& index, std::string_view text,
                               event::NodeKind kind = event::NodeKind::String) {
  KeyHits hits(16);
  hits.clear();
  index.find(kind, text, hits);
  return {hits.list().begin(), hits.list().end()};
}

TEST(ValueIndex, TellsEachKeyOnceHoweverOftenItHits) {
  ValueIndex index;
  index.add(key(Kind::Holds, "ab"), 3);
  index.build();
  EXPECT_THAT(hits_of(index, "ab ab AB"), ElementsAre(3));
}

TEST(ValueIndex, ObjectsAndArraysOnlyExist) {
  ValueIndex index;
  index.add(key(Kind::Exists, ""), 1);
  index.add(key(Kind::Equals, "{}"), 2);
  index.build();
  EXPECT_THAT(hits_of(index, "{}", event::NodeKind::Object), ElementsAre(1));
  EXPECT_THAT(hits_of(index, "{}"), ElementsAre(1, 2));
}

TEST(ValueIndex, StartsAndEndsOfEveryLengthAreFound) {
  ValueIndex index;
  index.add(key(Kind::Starts, "a"), 0);
  index.add(key(Kind::Starts, "arn:"), 1);
  index.add(key(Kind::Ends, "role"), 2);
  index.add(key(Kind::Ends, "e"), 3);
  index.build();
  EXPECT_THAT(hits_of(index, "ARN:x/Role"), UnorderedElementsAreArray({0, 1, 2, 3}));
  EXPECT_THAT(hits_of(index, "rol"), IsEmpty());
}

TEST(TextTree, FindsWhatALoopFinds) {
  std::mt19937 random(20261129);
  const auto text_of = [&](std::size_t most) {
    std::string text;
    const std::size_t size = 1 + random() % most;
    while (text.size() < size) text.push_back("aAbc"[random() % 4]);
    return text;
  };
  for (int round = 0; round < 500; ++round) {
    const bool backwards = round % 2 == 1;
    TextTree tree;
    std::vector<std::string> texts;
    for (int i = 0; i < 20; ++i) {
      const std::string text = lower_ascii(text_of(6));
      if (std::ranges::find(texts, text) != texts.end()) continue;
      tree.add(text, backwards, static_cast<KeyNumber>(texts.size()));
      texts.push_back(text);
    }
    const std::string value = text_of(8);
    const std::string lower = lower_ascii(value);
    std::vector<KeyNumber> expected;
    for (KeyNumber i = 0; i < texts.size(); ++i) {
      if (backwards ? lower.ends_with(texts[i]) : lower.starts_with(texts[i])) expected.push_back(i);
    }
    std::vector<KeyNumber> found;
    tree.find(value, backwards, [&](KeyNumber found_key) { found.push_back(found_key); });
    EXPECT_THAT(found, UnorderedElementsAreArray(expected)) << value;
  }
}

TEST(RangeTree, FindsWhatALoopFinds) {
  std::mt19937 random(20261128);
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 200; ++round) {
    RangeTree tree;
    std::vector<event::NumberRange> ranges;
    const std::size_t count = 1 + random() % 30;
    while (ranges.size() < count) {
      event::NumberRange& range = ranges.emplace_back();
      range.low = random() % 4 == 0 ? -kInfinite : static_cast<double>(random() % 10);
      range.high = random() % 4 == 0 ? kInfinite : range.low + static_cast<double>(random() % 5);
      range.low_belongs = random() % 2 == 0;
      range.high_belongs = random() % 2 == 0;
      tree.add(range, static_cast<KeyNumber>(ranges.size() - 1));
    }
    tree.build();
    for (double number = -1; number < 15; number += 0.5) {
      std::vector<KeyNumber> expected;
      for (KeyNumber i = 0; i < ranges.size(); ++i) {
        const event::NumberRange& range = ranges[i];
        if ((range.low_belongs ? number >= range.low : number > range.low) &&
            (range.high_belongs ? number <= range.high : number < range.high))
          expected.push_back(i);
      }
      std::vector<KeyNumber> found;
      tree.find(number, [&](KeyNumber found_key) { found.push_back(found_key); });
      EXPECT_THAT(found, UnorderedElementsAreArray(expected)) << number;
    }
  }
}

}  // namespace
}  // namespace tocsin::filters
