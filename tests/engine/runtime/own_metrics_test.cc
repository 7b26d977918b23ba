#include "engine/runtime/own_metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace tocsin::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A plan whose alarms watch these own metrics.
Plan watching(const std::vector<std::string>& names) {
  Plan plan;
  plan.metrics.push_back({"App", "Errors"});
  for (const std::string& name : names) plan.metrics.push_back({std::string(kOwnNamespace), name});
  return plan;
}

SourceTelemetry source(const std::string& name, std::uint64_t records) {
  SourceTelemetry source;
  source.name = name;
  source.records = records;
  return source;
}

std::map<std::string, double> values(const shard::Chunk& chunk) {
  std::map<std::string, double> all;
  for (const shard::ChunkEntry& entry : chunk.entries) {
    EXPECT_EQ(entry.statistics.count, 1);
    all[metric::describe(chunk.series[entry.series].dimensions)] = entry.statistics.sum;
  }
  return all;
}

TEST(OwnMetrics, CountersGiveWhatWasAddedForEachSourceAndForAll) {
  OwnMetricFeed feed(watching({"RecordsRead"}));
  Telemetry telemetry;
  telemetry.sources = {source("a", 10), source("b", 5)};
  EXPECT_THAT(values(feed.sample(telemetry, EventTime{})),
              UnorderedElementsAre(Pair("", 15), Pair("{Source=\"a\"}", 10), Pair("{Source=\"b\"}", 5)));
  telemetry.sources[0].records = 17;
  EXPECT_THAT(values(feed.sample(telemetry, EventTime{})),
              UnorderedElementsAre(Pair("", 7), Pair("{Source=\"a\"}", 7), Pair("{Source=\"b\"}", 0)));
}

TEST(OwnMetrics, GaugesGiveHowThingsStandAndFoldAsTheTableSays) {
  OwnMetricFeed feed(watching({"SourceConnected"}));
  Telemetry telemetry;
  telemetry.sources = {source("a", 0), source("b", 0)};
  telemetry.sources[0].connected = true;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(values(feed.sample(telemetry, EventTime{})),
                UnorderedElementsAre(Pair("", 0), Pair("{Source=\"a\"}", 1), Pair("{Source=\"b\"}", 0)));
  }
}

TEST(OwnMetrics, DatapointsBelongToThePlansMetricAndBucket) {
  OwnMetricFeed feed(watching({"OpenFiles", "SourceStalled"}));
  Telemetry telemetry;
  telemetry.process.open_files = 12;
  const shard::Chunk chunk = feed.sample(telemetry, EventTime{std::chrono::seconds(119)});
  ASSERT_EQ(chunk.entries.size(), 1U);  // there is no source that could stand still
  EXPECT_EQ(chunk.series[0].metric, 1U);
  EXPECT_EQ(chunk.entries[0].bucket, EventTime{std::chrono::seconds(60)});
  EXPECT_EQ(chunk.entries[0].statistics, (metric::StatisticSet{1, 12, 12, 12}));
}

TEST(OwnMetrics, WithoutAnAlarmNothingIsFed) {
  EXPECT_TRUE(OwnMetricFeed(watching({})).empty());
  EXPECT_FALSE(OwnMetricFeed(watching({"OpenFiles"})).empty());
}

TEST(OwnMetrics, ExistWithEachLeadingPartOfTheirDimensions) {
  EXPECT_THAT(dimension_sets(*find_own_metric("Rejected")),
              ElementsAre(IsEmpty(), ElementsAre("Source"), ElementsAre("Reason", "Source")));
}

TEST(OwnMetrics, NamesAreUniqueAndThoseOfPrometheusKeepItsRules) {
  std::set<std::string_view> names;
  for (const OwnMetric& metric : own_metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(names.insert(metric.prometheus).second) << metric.prometheus;
    EXPECT_TRUE(metric.prometheus.starts_with("tocsin_")) << metric.prometheus;
    EXPECT_EQ(metric.prometheus.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << metric.prometheus;
    EXPECT_EQ(metric.prometheus.ends_with("_total"), metric.kind == OwnMetric::Kind::Counter) << metric.name;
    EXPECT_EQ(metric.unit == "Bytes", metric.prometheus.find("_bytes") != std::string_view::npos)
        << metric.name;
    EXPECT_EQ(metric.unit == "Seconds", metric.prometheus.ends_with("_seconds")) << metric.name;
    EXPECT_EQ(find_own_metric(metric.name), &metric);
  }
  EXPECT_EQ(find_own_metric("Nothing"), nullptr);
}

// The rows of the table as docs/telemetry.md has them.
TEST(OwnMetrics, TheDocumentedTableIsThisOne) {
  std::string rows;
  for (const OwnMetric& metric : own_metrics()) {
    std::string dimensions;
    for (const std::string_view name : metric.dimensions) {
      dimensions += fmt::format("{}{}", dimensions.empty() ? "" : ", ", name);
    }
    rows += fmt::format("| `{}` | {} | {} | {} | `{}` | {} |\n", metric.name, dimensions,
                        metric.kind == OwnMetric::Kind::Counter ? "Sum"
                        : metric.fold == OwnMetric::Fold::Least ? "Minimum"
                                                                : "Maximum",
                        metric.unit, metric.prometheus, metric.help);
  }
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/docs/telemetry.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(rows), std::string::npos) << "docs/telemetry.md should have these rows:\n"
                                                      << rows;
}

TEST(Awaited, NamesWhatASourceWaitsForUntilItHasBeenCaughtUpOnce) {
  Telemetry telemetry;
  telemetry.sources = {source("trail", 0)};
  SourceTelemetry& trail = telemetry.sources[0];
  EXPECT_THAT(awaited(telemetry), ElementsAre("trail: to be connected"));
  trail.connected = true;
  EXPECT_THAT(awaited(telemetry), ElementsAre("trail: to be given partitions"));
  trail.partitions = {{.name = "t[0]", .caught_up = true, .position = 7, .end = 7},
                      {.name = "t[1]", .position = 2, .end = 9}};
  EXPECT_THAT(awaited(telemetry), ElementsAre("trail: 1 of 2 partitions to be caught up, 7 records behind"));
  trail.was_caught_up = true;
  EXPECT_THAT(awaited(telemetry), IsEmpty());
}

}  // namespace
}  // namespace tocsin::runtime
