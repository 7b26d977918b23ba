#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/commands.h"
#include "cli/state_page.h"

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

TEST(StateCommand, RefusesWhatItDoesNotKnowAndWhereThereIsNoState) {
  EXPECT_EQ(state_command({}), kUsage);
  EXPECT_EQ(state_command({"mend", "somewhere"}), kUsage);
  EXPECT_EQ(state_command({"verify"}), kUsage);
  EXPECT_EQ(state_command({"show", "/nowhere/at/all"}), kUnreadable);
}

}  // namespace
}  // namespace tocsin::cli
