#include "engine/base/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace tocsin {
namespace {

TEST(Mailbox, KeepsTheOrderOfOneSender) {
  Mailbox<int> box(2);
  std::thread sender([&] {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(box.put(i));
    box.close();
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(box.take(), i);
  EXPECT_EQ(box.take(), std::nullopt);
  sender.join();
}

TEST(Mailbox, PassesEachValueOnceBetweenManyThreads) {
  Mailbox<int> box(8);
  std::atomic<long> sum{0};
  std::vector<std::thread> takers;
  for (int t = 0; t < 3; ++t) {
    takers.emplace_back([&] {
      while (const auto value = box.take()) sum += *value;
    });
  }
  std::vector<std::thread> senders;
  for (int t = 0; t < 3; ++t) {
    senders.emplace_back([&] {
      for (int i = 1; i <= 500; ++i) box.put(i);
    });
  }
  for (auto& sender : senders) sender.join();
  box.close();
  for (auto& taker : takers) taker.join();
  EXPECT_EQ(sum, 3 * 500 * 501 / 2);
}

TEST(Mailbox, FullOneRefusesWithoutTakingTheValue) {
  Mailbox<std::unique_ptr<int>> box(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(box.try_put(first));
  EXPECT_FALSE(box.try_put(second));
  EXPECT_EQ(*second, 2);
}

TEST(Mailbox, ClosedOneGivesWhatIsInsideAndTakesNothingMore) {
  Mailbox<int> box(4);
  box.put(1);
  box.close();
  EXPECT_FALSE(box.put(2));
  EXPECT_EQ(box.take_for(Duration{0}), 1);
  EXPECT_EQ(box.take_for(Duration{0}), std::nullopt);
}

}  // namespace
}  // namespace tocsin
