#include "engine/runtime/excerpt_store.h"

#include <gtest/gtest.h>

namespace tocsin::runtime {
namespace {

MatchedBatch batch(std::uint32_t partition, std::int64_t offset, const std::string& text) {
  MatchedBatch matched;
  matched.partition = partition;
  matched.excerpts.push_back({offset, 0, 0, static_cast<std::uint32_t>(text.size())});
  matched.excerpt_texts = text;
  return matched;
}

metric::Evidence at(std::uint32_t partition, std::int64_t offset) { return {{}, partition, 0, offset}; }

TEST(ExcerptStore, FindsWhatAnEventSaidByItsPlace) {
  ExcerptStore store;
  store.add(batch(0, 7, "seven"));
  store.add(batch(1, 7, "of another partition"));
  EXPECT_EQ(store.find(at(0, 7)), "seven");
  EXPECT_EQ(store.find(at(1, 7)), "of another partition");
  EXPECT_EQ(store.find(at(0, 8)), "");
}

TEST(ExcerptStore, TheOldestGoWhereRoomIsShort) {
  ExcerptStore store(1000);
  for (int i = 0; i < 100; ++i) store.add(batch(0, i, "text " + std::to_string(i)));
  EXPECT_LE(store.bytes(), 1000U);
  EXPECT_EQ(store.find(at(0, 99)), "text 99");
  EXPECT_EQ(store.find(at(0, 0)), "");
}

TEST(ExcerptStore, WhatIsReadAgainTakesNoMoreRoom) {
  ExcerptStore store;
  store.add(batch(0, 7, "seven"));
  const std::size_t bytes = store.bytes();
  store.add(batch(0, 7, "seven"));
  EXPECT_EQ(store.bytes(), bytes);
}

}  // namespace
}  // namespace tocsin::runtime
