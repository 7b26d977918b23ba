#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/commands.h"
#include "cli/state_contents.h"
#include "cli/state_page.h"
#include "engine/runtime/partition_name.h"
#include "engine/shard/journal.h"
#include "engine/store/sqlite_state.h"

namespace tocsin::cli {
namespace {

store::StateReport sample() {
  store::StateReport report;
  report.bytes = 482'000'000;
  report.free_bytes = 61'000'000;
  report.schema = 1;
  report.created_by = "tocsin 0.1.0";
  report.created_at = "2026-03-01T09:05:00Z";
  report.written_by = "tocsin 0.2.0";
  store::ShardFacts& facts = report.shards.emplace_back();
  facts.first = 1'204;
  facts.last = 5'300;
  facts.records = 4'097;
  facts.record_bytes = 48'200'000;
  facts.snapshots = {{5'001, 191, 200'000'000, "2026-03-01T10:00:00Z"},
                     {1'203, 1, 900, "2026-03-01T09:50:00Z"}};
  return report;
}

TEST(StatePage, ShowsSizesAndSequences) {
  store::StateReport report = sample();
  report.engine = 4711;
  EXPECT_EQ(state_page("/var/lib/tocsin", report, {}),
            "/var/lib/tocsin  482 MB, of which 61 MB are free for what comes next\n"
            "made by tocsin 0.1.0 at 2026-03-01T09:05:00Z, used by tocsin 0.2.0; schema 1\n"
            "process 4711 uses it: this is its state at one moment\n"
            "\n"
            "  log       records 1,204 - 5,300  4,097   48 MB  \n"
            "  snapshot  of record 5,001               200 MB  2026-03-01T10:00:00Z\n"
            "  snapshot  of record 1,203                900 B  2026-03-01T09:50:00Z\n");
}

TEST(StatePage, EndsWithTheVerdictWhereItWasVerified) {
  store::StateReport report = sample();
  report.verified = true;
  EXPECT_THAT(state_page("state", report, {}),
              testing::EndsWith("whole: every byte was read and is as it was written\n"));
  report.faults = {"record 5 is damaged"};
  report.more_faults = 2;
  EXPECT_THAT(state_page("state", report, {}), testing::EndsWith("damaged: 3 faults\n"
                                                                 "  record 5 is damaged\n"
                                                                 "  and 2 more\n"
                                                                 "Restore the directory from a copy.\n"));
}

TEST(StatePage, SaysTheSameToPrograms) {
  store::StateReport report = sample();
  report.verified = true;
  report.faults = {"record 5 is damaged"};
  const auto json = state_json("state", report);
  EXPECT_EQ(json["bytes"], 482'000'000);
  EXPECT_EQ(json["in_use"], false);
  EXPECT_EQ(json["whole"], false);
  EXPECT_EQ(json["faults"][0], "record 5 is damaged");
  EXPECT_EQ(json["shards"][0]["log"]["first"], 1'204);
  EXPECT_EQ(json["shards"][0]["snapshots"][1]["sequence"], 1'203);
  EXPECT_FALSE(state_json("state", sample()).contains("whole"));
}

StateContents contents() {
  StateContents contents;
  contents.positions = {{"trail", "org[0]", 12'345, *parse_rfc3339("2026-03-01T09:05:00Z")},
                        {"vault", "/var/log/vault.log", 7, kNever}};
  contents.ledger = {{"dead", 3}, {"events", 12'300}};
  contents.alarms = {1, 40, 2};
  contents.series = 77;
  contents.outbox = 3000;
  contents.outbox_bytes = 6'400'000;
  contents.waiting = {{"security", "webhook", 3000}};
  return contents;
}

TEST(StatePage, ShowsWhatIsInIt) {
  EXPECT_EQ(contents_page(contents(), {}),
            "\nPositions\n"
            "  source  partition           next offset  last event\n"
            "  trail   org[0]                    12345  2026-03-01T09:05:00Z\n"
            "  vault   /var/log/vault.log            7  -\n"
            "\nAlarms\n"
            "  2 ALARM  1 INSUFFICIENT_DATA  40 OK; 77 series\n"
            "\nLedger\n"
            "  dead         3\n"
            "  events  12,300\n"
            "\nOutbox\n"
            "  3,000 to be delivered, 6.4 MB\n"
            "  security/webhook  3,000\n");
  EXPECT_THAT(contents_page(StateContents{}, {}), testing::EndsWith("\nLedger\n"
                                                                    "  nothing was counted yet\n"
                                                                    "\nOutbox\n"
                                                                    "  nothing is to be delivered\n"));
  EXPECT_EQ(contents_page(fail(ErrorCode::Invalid, "record 5 is damaged"), {}),
            "\nwhat is in it cannot be read: record 5 is damaged\n");
}

TEST(StatePage, SaysWhatIsInItToPrograms) {
  const auto json = contents_json(contents());
  EXPECT_EQ(json["positions"][0]["next_offset"], 12'345);
  EXPECT_EQ(json["positions"][0]["last_event"], "2026-03-01T09:05:00Z");
  EXPECT_TRUE(json["positions"][1]["last_event"].is_null());
  EXPECT_EQ(json["ledger"]["events"], 12'300);
  EXPECT_EQ(json["alarms"]["ALARM"], 2);
  EXPECT_EQ(json["outbox"]["notifications"], 3000);
  EXPECT_EQ(json["outbox"]["waiting"][0]["subscription"], "webhook");
  EXPECT_EQ(contents_json(fail(ErrorCode::Invalid, "damaged"))["error"], "damaged");
}

// A state as the engine makes it, looked into while the engine has it open.
TEST(StateContents, AreWhatAStartWouldFind) {
  std::string name = (std::filesystem::temp_directory_path() / "tocsin-contents-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(name.data());
  EXPECT_EQ(read_contents(directory.string()).error().code, ErrorCode::NotFound);
  {
    auto state = store::open_state(directory.string(), "a test");
    ASSERT_TRUE(state);
    EXPECT_TRUE(read_contents(directory.string())->positions.empty());
    auto journal = shard::Journal::open(**state, **state, {}, {}, [](const Note&) {});
    ASSERT_TRUE(journal);
    shard::Chunk chunk;
    chunk.new_partitions = {
        runtime::to_text({.source = "trail", .topic = "org", .number = 3, .incarnation = "1"})};
    chunk.covers = {{0, 0, 42, {}, kNever}};
    chunk.counts = {{"events", 42}};
    shard::Output none;
    ASSERT_TRUE(journal->commit({chunk, shard::Outbox{{}, {{1, "ops", {"hook", "mail"}, "bytes"}}}}, none));
    ASSERT_TRUE(journal->snapshot());
    ASSERT_TRUE(journal->commit({shard::Ack{{{1, "mail", true}}}}, none));

    const auto contents = read_contents(directory.string());
    ASSERT_TRUE(contents) << describe(contents.error());
    ASSERT_EQ(contents->positions.size(), 1U);
    EXPECT_EQ(contents->positions[0].source, "trail");
    EXPECT_EQ(contents->positions[0].partition, "org[3]");
    EXPECT_EQ(contents->positions[0].next_offset, 42);
    EXPECT_EQ(contents->ledger.at("events"), 42U);
    EXPECT_EQ(contents->outbox, 1U);
    EXPECT_EQ(contents->outbox_bytes, 5U);
    ASSERT_EQ(contents->waiting.size(), 1U);
    EXPECT_EQ(contents->waiting[0].subscription, "hook");
    EXPECT_TRUE(journal->commit({shard::Ack{{{1, "hook", true}}}}, none)) << "the engine is not held up";
  }
  std::filesystem::remove_all(directory);
}

TEST(StateCommand, RefusesWhatItDoesNotKnowAndWhereThereIsNoState) {
  EXPECT_EQ(state_command({}), kUsage);
  EXPECT_EQ(state_command({"mend", "somewhere"}), kUsage);
  EXPECT_EQ(state_command({"verify"}), kUsage);
  EXPECT_EQ(state_command({"show", "/nowhere/at/all"}), kUnreadable);
}

TEST(StateCommand, SaysWhichDirectoryToNameWhereThereIsNoState) {
  std::string name = (std::filesystem::temp_directory_path() / "tocsin-nothing-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(name.data());
  const auto told = [&] {
    testing::internal::CaptureStderr();
    EXPECT_EQ(state_command({"show", directory.string()}), kUnreadable);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(told(), testing::HasSubstr("no state here: name the directory of `tocsin run --state`"));
  std::ofstream(directory / "notes.txt") << "mine";
  EXPECT_THAT(told(),
              testing::HasSubstr("no state (`notes.txt`): name the directory of `tocsin run --state`"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace tocsin::cli
