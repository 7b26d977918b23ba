#include "engine/metric/window.h"

#include "engine/metric/series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tocsin::metric {
namespace {

using std::chrono::minutes;

const EventTime kStart = *parse_rfc3339("2026-03-01T09:00:00Z");

EventTime at(int minute) { return kStart + minutes(minute); }

TEST(Window, PeriodsMergeTheirBucketsOldestFirst) {
  Window window;
  EXPECT_TRUE(window.add(at(0), {1, 5, 5, 5}, {}));
  EXPECT_TRUE(window.add(at(4), {2, 3, 1, 2}, {}));
  EXPECT_FALSE(window.add(at(4), {1, 9, 9, 9}, {}));
  EXPECT_TRUE(window.add(at(5), {1, 7, 7, 7}, {}));
  std::vector<StatisticSet> periods;
  window.periods(at(10), minutes(5), 3, periods);
  ASSERT_EQ(periods.size(), 3U);
  EXPECT_TRUE(periods[0].empty());
  EXPECT_EQ(periods[1], (StatisticSet{4, 17, 1, 9}));
  EXPECT_EQ(periods[2], (StatisticSet{1, 7, 7, 7}));
}

TEST(Window, LateDataGoesToItsOwnBucket) {
  Window window;
  window.add(at(9), {1, 1, 1, 1}, {});
  window.add(at(2), {1, 2, 2, 2}, {});
  window.add(at(5), {1, 3, 3, 3}, {});
  std::vector<StatisticSet> periods;
  window.periods(at(10), minutes(1), 10, periods);
  EXPECT_EQ(periods[2].sum, 2);
  EXPECT_EQ(periods[5].sum, 3);
  EXPECT_EQ(periods[9].sum, 1);
  EXPECT_EQ(window.oldest(), at(2));
}

TEST(Window, EvictsFromTheOldEndAndShowsWhatItDrops) {
  Window window;
  for (int i = 0; i < 10; ++i) window.add(at(i), {1, 1.0 * i, 1.0 * i, 1.0 * i}, {});
  std::vector<EventTime> dropped;
  window.evict(at(7), [&](const Bucket& bucket) { dropped.push_back(bucket.start); });
  EXPECT_EQ(dropped.size(), 7U);
  EXPECT_EQ(window.oldest(), at(7));
  window.evict(at(100), [](const Bucket&) {});
  EXPECT_TRUE(window.empty());
}

TEST(Window, NextChangeIsWhenPeriodsFirstDiffer) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Window window;
    const int buckets = static_cast<int>(random() % 4);
    for (int i = 0; i < buckets; ++i) window.add(at(static_cast<int>(random() % 40)), {1, 1.0 + i, 1, 1}, {});
    const Duration period = minutes(1 + random() % 7);
    const auto count = static_cast<std::uint32_t>(1 + random() % 4);
    const EventTime now = at(static_cast<int>(random() % 50));
    std::vector<StatisticSet> before;
    window.periods(now, period, count, before);
    std::optional<EventTime> expected;
    for (int step = 1; step < 120 && !expected; ++step) {
      std::vector<StatisticSet> after;
      window.periods(now + minutes(step), period, count, after);
      if (after != before) expected = now + minutes(step);
    }
    ASSERT_EQ(window.next_change(now, period, count, minutes(1)), expected) << "round " << round;
  }
}

TEST(EvidenceSample, IsTheSameWhateverTheOrder) {
  std::vector<Evidence> events;
  for (int i = 0; i < 8; ++i) events.push_back({at(i / 2), static_cast<std::uint32_t>(i % 2), 0, i});
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(events.begin(), events.end(), random);
    EvidenceSample left;
    EvidenceSample right;
    for (std::size_t i = 0; i < events.size(); ++i) (i % 2 == 0 ? left : right).add(events[i]);
    left.merge(right);
    left.add(events[0]);  // a repeat changes nothing
    ASSERT_EQ(left.events().size(), EvidenceSample::kSize);
    EXPECT_EQ(left.events()[0].offset, 0);
    EXPECT_EQ(left.events()[1].offset, 1);
    EXPECT_EQ(left.events()[2].offset, 2);
  }
}

TEST(StatisticSet, MergeOfIntegersDoesNotDependOnTheOrder) {
  std::mt19937 random(11);
  std::vector<double> values(100);
  for (double& value : values) value = static_cast<double>(random() % 1'000'000) - 500'000;
  StatisticSet forwards;
  for (const double value : values) forwards.add(value);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    std::vector<StatisticSet> parts(1 + random() % 7);
    for (const double value : values) parts[random() % parts.size()].add(value);
    StatisticSet merged;
    for (const StatisticSet& part : parts) merged.merge(part);
    EXPECT_EQ(merged, forwards);
  }
}

TEST(SeriesHash, TellsDimensionsApartThatConcatenateAlike) {
  EXPECT_NE(series_hash("n", "m", {{"a", "bc"}}), series_hash("n", "m", {{"ab", "c"}}));
  EXPECT_NE(series_hash("n", "m", {}), series_hash("nm", "", {}));
  EXPECT_EQ(describe(Dimensions{{"A", "1"}, {"B", "x\"y"}}), "{A=\"1\", B=\"x\\\"y\"}");
}

}  // namespace
}  // namespace tocsin::metric
