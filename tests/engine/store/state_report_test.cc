#include "engine/store/state_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/engine/shard/log_contract.h"
#include "tests/engine/store/state_fixture.h"

namespace tocsin::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Report : public testing::Test {
 protected:
  [[nodiscard]] std::string state() const { return (temporary_.path() / "state").string(); }

  // Records 3 to 6, snapshots of 2 and 4.
  void make_state() const {
    const auto made = opened(state());
    ASSERT_TRUE(shard::append(*made, {"a", "b"}));
    ASSERT_TRUE(made->put({2, shard::some_bytes(1'500'000)}));
    ASSERT_TRUE(shard::append(*made, {"c", "d"}));
    ASSERT_TRUE(made->put({4, "four"}));
    ASSERT_TRUE(shard::append(*made, {"e", shard::some_bytes(100)}));
    ASSERT_TRUE(made->trim(2));
  }

  void execute(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((state() + "/state.sqlite").c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  [[nodiscard]] std::vector<std::string> faults() const {
    const auto report = inspect_state(state(), Depth::Verify);
    EXPECT_TRUE(report) << describe(report.error());
    return report ? report->faults : std::vector<std::string>{};
  }

  TemporaryDirectory temporary_;
};

TEST_F(Report, SaysWhatIsThere) {
  make_state();
  const auto report = inspect_state(state(), Depth::Sizes);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->created_by, kProgram);
  EXPECT_EQ(report->written_by, kProgram);
  EXPECT_EQ(report->created_at.size(), std::string("2026-03-01T09:05:00Z").size());
  EXPECT_EQ(report->schema, 1);
  EXPECT_FALSE(report->engine);
  EXPECT_FALSE(report->verified);
  EXPECT_GT(report->bytes, 1'500'000U);
  ASSERT_EQ(report->shards.size(), 1U);
  const ShardFacts& facts = report->shards[0];
  EXPECT_EQ(facts.first, 3U);
  EXPECT_EQ(facts.last, 6U);
  EXPECT_EQ(facts.records, 4U);
  EXPECT_EQ(facts.record_bytes, 103U);
  ASSERT_EQ(facts.snapshots.size(), 2U);
  EXPECT_EQ(facts.snapshots[0].sequence, 4U);
  EXPECT_EQ(facts.snapshots[1].sequence, 2U);
  EXPECT_EQ(facts.snapshots[1].bytes, 1'500'000U);
  EXPECT_EQ(facts.snapshots[1].pieces, 2U);
}

TEST_F(Report, FindsAWholeStateWholeAndLeavesItAsItIs) {
  make_state();
  const std::string before = file_bytes(state() + "/state.sqlite");
  EXPECT_THAT(faults(), ElementsAre());
  EXPECT_EQ(file_bytes(state() + "/state.sqlite"), before);
}

TEST_F(Report, LooksBesideARunningEngine) {
  const auto running = opened(state());
  ASSERT_TRUE(shard::append(*running, {"a", "b"}));
  const auto report = inspect_state(state(), Depth::Verify);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->engine, ::getpid());
  EXPECT_THAT(report->faults, ElementsAre());
  EXPECT_EQ(report->shards.at(0).last, 2U);
  EXPECT_TRUE(shard::append(*running, {"c"}));
}

TEST_F(Report, NamesWhatIsDamagedAndWhatIsMissing) {
  make_state();
  execute("UPDATE log SET record = 'C' WHERE sequence = 3; DELETE FROM log WHERE sequence = 5");
  EXPECT_THAT(faults(), ElementsAre("record 3 is damaged", "record 5 is missing"));
}

TEST_F(Report, NamesRecordsThatAreMissingAtTheEnd) {
  make_state();
  execute("DELETE FROM log WHERE sequence >= 5");
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("records 5 to 6 are missing, the newest")));
}

TEST_F(Report, NamesSnapshotsThatAreNotWhole) {
  make_state();
  execute(
      "DELETE FROM snapshot_piece WHERE sequence = 2 AND piece = 1; UPDATE snapshot SET size = 5 WHERE "
      "sequence = 4");
  EXPECT_THAT(faults(),
              ElementsAre("the snapshot of record 4 is damaged: its description",
                          "the snapshot of record 2 is not whole: 1 of 2 pieces, 1048576 of 1500000 bytes"));
}

TEST_F(Report, LookingIntoAStateShowsOneMomentAndWritesNothing) {
  const auto running = opened(state());
  ASSERT_TRUE(shard::append(*running, {"a", "b"}));
  ASSERT_TRUE(running->put({2, "two"}));
  const auto looking = read_state(state());
  ASSERT_TRUE(looking) << describe(looking.error());
  ASSERT_TRUE(shard::append(*running, {"c"}));
  EXPECT_EQ((*looking)->last(), 2U);
  std::vector<std::string> seen;
  EXPECT_TRUE((*looking)->read(0, [&](shard::Sequence, std::string_view record) -> Result<void> {
    seen.emplace_back(record);
    return {};
  }));
  EXPECT_THAT(seen, ElementsAre("a", "b"));
  EXPECT_EQ((*looking)->get(2)->bytes, "two");
  const std::vector<std::string> more{"d"};
  EXPECT_EQ((*looking)->append(more).error().code, ErrorCode::Refused);
  EXPECT_EQ(running->last(), 3U);
}

TEST_F(Report, WhereThereIsNoStateIsAnError) {
  const auto report = inspect_state(state(), Depth::Verify);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::NotFound);
}

TEST_F(Report, CompactingGivesSpaceBackAndChangesNothingElse) {
  make_state();
  {
    const auto grown = opened(state());
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(shard::append(*grown, {shard::some_bytes(900'000)}));
    ASSERT_TRUE(grown->trim(25));
  }
  std::uint64_t shown = 0;
  const auto compacted = compact_state(state(), [&](std::uint64_t, std::uint64_t total) { shown = total; });
  ASSERT_TRUE(compacted) << describe(compacted.error());
  EXPECT_LT(compacted->bytes_after, compacted->bytes_before / 2);
  EXPECT_THAT(faults(), ElementsAre());
  const auto state_again = opened(state());
  EXPECT_EQ(state_again->last(), 26U);
  EXPECT_EQ(*shard::read_all(*state_again, 25), (shard::Records{{26, shard::some_bytes(900'000)}}));
  EXPECT_EQ(state_again->get(2)->bytes, shard::some_bytes(1'500'000));
  EXPECT_EQ(state_again->get(4)->bytes, "four");
  EXPECT_TRUE(shard::append(*state_again, {"next"}));
}

TEST_F(Report, CompactingIsRefusedWhileAnEngineRuns) {
  const auto running = opened(state());
  const auto compacted = compact_state(state(), [](std::uint64_t, std::uint64_t) {});
  ASSERT_FALSE(compacted);
  EXPECT_THAT(compacted.error().message, HasSubstr("uses this state"));
}

TEST_F(Report, TheFileStaysBoundedOverManySnapshots) {
  const auto running = opened(state());
  std::uint64_t most = 0;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    ASSERT_TRUE(shard::append(*running, {shard::some_bytes(500'000, i)}));
    ASSERT_TRUE(running->put({running->last(), shard::some_bytes(2'000'000, i)}));
    ASSERT_TRUE(running->trim(running->kept()->back()));
    most = std::max(most, running->bytes());
  }
  // Three snapshots at a moment, a record or two; and SQLite's own log.
  EXPECT_LT(most, 2 * (3 * 2'000'000U + 1'000'000U) + 28'000'000U);
}

}  // namespace
}  // namespace tocsin::store
