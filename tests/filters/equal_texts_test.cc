#include "filters/equal_texts.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

namespace tocsin::filters {
namespace {

// A copy of its own size, so that a look beyond its end is seen.
std::uint32_t find(const EqualTexts& texts, const std::string& text) {
  const auto copy = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), copy.get());
  return texts.find({copy.get(), text.size()});
}

TEST(EqualTexts, AnEmptyTableFindsNothing) {
  const EqualTexts texts;
  EXPECT_TRUE(texts.empty());
  EXPECT_EQ(find(texts, ""), EqualTexts::kNone);
  EXPECT_EQ(find(texts, "a"), EqualTexts::kNone);
}

TEST(EqualTexts, ATextIsTakenOnce) {
  EqualTexts texts;
  EXPECT_TRUE(texts.add("us-east-1", 7));
  EXPECT_FALSE(texts.add("us-east-1", 8));
  EXPECT_EQ(find(texts, "us-east-1"), 7U);
}

TEST(EqualTexts, TellsTextsApartThatDifferInOneByteOrInLength) {
  for (std::size_t size = 0; size <= 70; ++size) {
    EqualTexts texts;
    const std::string text(size, 'a');
    ASSERT_TRUE(texts.add(text, 1));
    EXPECT_EQ(find(texts, text), 1U);
    EXPECT_EQ(find(texts, text + "a"), EqualTexts::kNone) << size;
    EXPECT_EQ(find(texts, text + std::string(1, '\0')), EqualTexts::kNone) << size;
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'b';
      EXPECT_EQ(find(texts, other), EqualTexts::kNone) << size << " " << at;
    }
  }
}

TEST(EqualTexts, FindsWhatAMapFinds) {
  std::mt19937 random(20261128);
  const auto text_of = [&](std::size_t most) {
    std::string text(random() % (most + 1), '\0');
    for (char& c : text) c = "ab\0\xFF"[random() % 4];
    return text;
  };
  EqualTexts texts;
  std::map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const std::string text = text_of(i % 40);
    EXPECT_EQ(texts.add(text, i), map.emplace(text, i).second);
    const std::string sought = text_of(i % 40);
    const auto known = map.find(sought);
    EXPECT_EQ(find(texts, sought), known == map.end() ? EqualTexts::kNone : known->second);
  }
  for (const auto& [text, number] : map) EXPECT_EQ(find(texts, text), number);
}

}  // namespace
}  // namespace tocsin::filters
