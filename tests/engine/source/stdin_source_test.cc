#include "engine/source/stdin_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/source/temporary_folder.h"

namespace tocsin::source {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StdinSourceTest : public ::testing::Test {
 protected:
  StdinSourceTest() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~StdinSourceTest() override {
    ::close(ends_[0]);
    end();
  }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int input() const { return ends_[0]; }

  static std::vector<std::string> drain(StdinSource& source) {
    std::vector<std::string> records;
    while (true) {
      auto batch = source.poll(Duration{0});
      if (!batch || !*batch) return records;
      for (const event::RawRecord& record : (*batch)->records) records.emplace_back(record.value);
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST_F(StdinSourceTest, GivesLinesAsTheyComeAndIsFinishedAtTheEnd) {
  StdinSource source("in", {}, input());
  EXPECT_EQ(source.partitions()[0].file, "-");
  EXPECT_FALSE(source.status().partitions[0].caught_up);
  EXPECT_THAT(drain(source), IsEmpty());
  EXPECT_TRUE(source.status().partitions[0].caught_up);
  write("a\nb");
  EXPECT_THAT(drain(source), ElementsAre("a"));
  write("c\n");
  EXPECT_THAT(drain(source), ElementsAre("bc"));
  EXPECT_FALSE(source.status().partitions[0].finished);
  write("last");
  end();
  EXPECT_THAT(drain(source), ElementsAre("last"));
  EXPECT_TRUE(source.status().partitions[0].finished);
  EXPECT_THAT(drain(source), IsEmpty());
}

TEST_F(StdinSourceTest, IsNotCaughtUpWhileMoreIsWaiting) {
  StdinSource source("in", {.batch_bytes = 4, .batch_records = 1}, input());
  write("aaa\nbbb\n");
  ASSERT_TRUE(source.poll(Duration{0})->has_value());
  EXPECT_FALSE(source.status().partitions[0].caught_up);
  EXPECT_THAT(drain(source), ElementsAre("bbb"));
  EXPECT_TRUE(source.status().partitions[0].caught_up);
}

TEST_F(StdinSourceTest, DecompressesWhatIsCompressed) {
  StdinSource source("in", {.batch_bytes = 8, .batch_records = 2}, input());
  write(gzip("one\ntwo\nthree\nfour\nfive\n"));
  EXPECT_THAT(drain(source), ElementsAre("one", "two", "three", "four", "five"));
}

TEST_F(StdinSourceTest, CountsALineThatIsTooLargeOnceAndKeepsItsStart) {
  StdinSource source("in", {}, input());
  std::uint64_t too_large = 0;
  std::vector<event::DeadLetter> dead;
  const auto count = [&] {
    while (true) {
      auto batch = source.poll(Duration{0});
      if (!batch || !*batch) return;
      too_large += (*batch)->rejects[event::RejectReason::TooLarge];
      dead.insert(dead.end(), (*batch)->dead.begin(), (*batch)->dead.end());
    }
  };
  const std::string piece(32'768, 'x');
  for (int i = 0; i < 80; ++i) {
    write(piece);
    count();
  }
  write("\nnext\n");
  count();
  EXPECT_EQ(too_large, 1U);
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].reason, event::RejectReason::TooLarge);
  EXPECT_EQ(dead[0].offset, 1);
  EXPECT_EQ(dead[0].value, std::string(65'536, 'x'));
  EXPECT_EQ(dead[0].value.size() + dead[0].cut_bytes, 80U * 32'768);
}

TEST_F(StdinSourceTest, IsAlsoHistory) {
  const std::vector<HistoryPartition> partitions = stdin_history("in", {}, input());
  ASSERT_EQ(partitions.size(), 1U);
  EXPECT_EQ(partitions[0].name.file, "-");
  write(zstd("a\nb\n"));
  end();
  const auto reader = partitions[0].open();
  ASSERT_TRUE(reader.has_value());
  std::vector<std::string> records;
  for (bool last = false; !last;) {
    const auto batch = (*reader)->read();
    ASSERT_TRUE(batch.has_value());
    for (const event::RawRecord& record : batch->records) records.emplace_back(record.value);
    last = batch->last;
  }
  EXPECT_THAT(records, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace tocsin::source
