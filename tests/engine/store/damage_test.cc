// What a state gives back after its files were damaged: the very bytes that were stored, or an error.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/store/sqlite_state.h"
#include "engine/store/state_report.h"
#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using shard::Sequence;

class Damage : public testing::Test {
 protected:
  static constexpr std::string_view kFiles[] = {"state.sqlite", "state.sqlite-wal", "newest"};

  // A state as a crash leaves it: part of it in SQLite's log only.
  Damage() {
    const auto directory = temporary_.path() / "original";
    const auto state = opened(directory);
    const auto store = [&](const std::vector<std::string>& records) {
      EXPECT_TRUE(shard::append(*state, records));
      for (const std::string& record : records) records_.push_back(record);
    };
    const auto keep = [&](std::size_t size) {
      snapshots_[state->last()] = shard::some_bytes(size, 1000 + state->last());
      EXPECT_TRUE(state->put({state->last(), snapshots_[state->last()]}));
    };
    store({"one", "two", shard::some_bytes(50'000, 3)});
    keep(1'200'000);
    store({shard::some_bytes(300, 4), shard::some_bytes(9'000, 5)});
    EXPECT_TRUE(state->trim(3));
    keep(70'000);
    for (std::uint64_t seed = 6; seed < 16; ++seed) store({shard::some_bytes(seed * 1'000, seed), "short"});
    for (const std::string_view file : kFiles) whole_[std::string(file)] = file_bytes(directory / file);
    EXPECT_GT(whole_["state.sqlite-wal"].size(), 100'000U);
  }

  // A copy of the state, in which `file` has these bytes.
  [[nodiscard]] std::filesystem::path with(const std::string& file, const std::string& bytes) const {
    const auto directory = temporary_.path() / "damaged";
    std::filesystem::remove_all(directory);
    std::filesystem::create_directory(directory);
    for (const auto& [name, content] : whole_) write_file(directory / name, name == file ? bytes : content);
    return directory;
  }

  // Shown or refused, but never other bytes. True: all of it was shown.
  bool is_exact_or_refused(const std::filesystem::path& directory) const {
    auto result = open_state(directory.string(), kProgram);
    if (!result) return false;
    const SqliteState& state = **result;
    EXPECT_EQ(state.last(), records_.size());
    bool all = read_matches(state, 3);
    const auto kept = state.kept();
    if (!kept) return false;
    for (const Sequence sequence : *kept) {
      const auto snapshot = state.get(sequence);
      if (!snapshot) {
        all = false;
        continue;
      }
      const auto original = snapshots_.find(sequence);
      EXPECT_TRUE(original != snapshots_.end() && original->second == snapshot->bytes);
      all = read_matches(state, sequence) && all;
    }
    return all && kept->size() == snapshots_.size();
  }

  bool read_matches(const SqliteState& state, Sequence after) const {
    Sequence next = after;
    const auto read = state.read(after, [&](Sequence sequence, std::string_view record) -> Result<void> {
      EXPECT_EQ(sequence, next + 1);
      EXPECT_TRUE(sequence <= records_.size() && record == records_[sequence - 1]);
      next = sequence;
      return {};
    });
    if (read) {
      EXPECT_EQ(next, records_.size());
    }
    return read.has_value();
  }

  // All of the state into its one file, as the end of a process leaves it.
  void tidy() {
    const auto directory = with("", "");
    {
      const auto closed = opened(directory);
    }
    whole_.erase("state.sqlite-wal");
    for (auto& [name, content] : whole_) content = file_bytes(directory / name);
  }

  void flip(const std::string& file, std::size_t byte, unsigned bit) {
    SCOPED_TRACE(fmt::format("{}: byte {}, bit {}", file, byte, bit));
    std::string bytes = whole_.at(file);
    bytes[byte] = static_cast<char>(static_cast<unsigned char>(bytes[byte]) ^ (1U << bit));
    refused_ += is_exact_or_refused(with(file, bytes)) ? 0 : 1;
  }

  void cut(const std::string& file, std::size_t size) {
    SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", file, size, whole_.at(file).size()));
    refused_ += is_exact_or_refused(with(file, whole_.at(file).substr(0, size))) ? 0 : 1;
  }

  TemporaryDirectory temporary_;
  std::vector<std::string> records_;  // from 1
  std::map<Sequence, std::string> snapshots_;
  std::map<std::string, std::string> whole_;
  int refused_ = 0;
};

TEST_F(Damage, WithoutAnyAllIsThere) { EXPECT_TRUE(is_exact_or_refused(with("", ""))); }

TEST_F(Damage, OfAnyBitOfTheHeadersIsFoundOrHarmless) {
  for (std::size_t byte = 0; byte < 100; ++byte) flip("state.sqlite", byte, byte % 8);
  for (std::size_t byte = 0; byte < 32; ++byte) flip("state.sqlite-wal", byte, byte % 8);
  for (std::size_t byte = 0; byte < whole_["newest"].size(); ++byte) flip("newest", byte, byte % 8);
  EXPECT_GT(refused_, 50);
}

TEST_F(Damage, OfRandomBitsIsFoundOrHarmless) {
  std::mt19937_64 random(20260301);
  for (int i = 0; i < 150; ++i) {
    const std::string file(kFiles[random() % 2]);
    flip(file, random() % whole_[file].size(), static_cast<unsigned>(random() % 8));
  }
  EXPECT_GT(refused_, 50);
}

// Trees of keys are small beside their values, and random bits seldom meet them.
TEST_F(Damage, OfTheBeginningOfAnyPageIsFoundOrHarmless) {
  tidy();
  std::mt19937_64 random(7);
  for (std::size_t page = 0; page < whole_["state.sqlite"].size(); page += 32768) {
    const std::size_t first = page == 0 ? 100 : page;
    flip("state.sqlite", first + random() % 12, static_cast<unsigned>(random() % 8));
    flip("state.sqlite", first + random() % 40, static_cast<unsigned>(random() % 8));
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, ByCuttingIsFoundOrHarmless) {
  std::mt19937_64 random(11);
  for (const std::string file : {"state.sqlite", "state.sqlite-wal"}) {
    cut(file, 0);
    for (int i = 0; i < 15; ++i) cut(file, random() % whole_[file].size());
    for (std::size_t size = 32768; size < whole_[file].size(); size += 5 * std::size_t{32768})
      cut(file, size);
  }
  EXPECT_GT(refused_, 20);
}

TEST_F(Damage, OfARecordIsNamedByItsSequence) {
  tidy();
  std::string bytes = whole_["state.sqlite"];
  // Pages that SQLite left may still hold it.
  const std::string beginning = records_[4].substr(0, 100);
  for (std::size_t place = bytes.find(beginning); place != std::string::npos;
       place = bytes.find(beginning, place)) {
    bytes[place + 50] = static_cast<char>(bytes[place + 50] + 1);
  }
  const auto directory = with("state.sqlite", bytes);
  const auto read = shard::read_all(*opened(directory), 3);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Invalid);
  EXPECT_NE(read.error().message.find("record 5 is damaged"), std::string::npos) << read.error().message;
  const auto report = inspect_state(directory.string(), Depth::Verify);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->faults, (std::vector<std::string>{"record 5 is damaged"}));
}

}  // namespace
}  // namespace tocsin::store
