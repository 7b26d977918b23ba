#include "cli/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/cli/telemetry_samples.h"

namespace tocsin::cli {
namespace {

using ::testing::HasSubstr;

TEST(Prometheus, APageHasHelpTypeAndSamples) {
  const runtime::Telemetry telemetry = sample_telemetry();
  const std::string page = prometheus_page(&telemetry, "1.2.3");
  EXPECT_THAT(page, HasSubstr("tocsin_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("# HELP tocsin_records_read_total Records that the source has handed over.\n"
                              "# TYPE tocsin_records_read_total counter\n"
                              "tocsin_records_read_total{source=\"trail\"} 12345\n"
                              "tocsin_records_read_total{source=\"vault\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("tocsin_lag_records{source=\"trail\",partition=\"org[0]\"} 7\n"));
  EXPECT_THAT(page, HasSubstr("tocsin_rejected_total{source=\"trail\",reason=\"not_json\"} 12\n"));
  EXPECT_THAT(page, HasSubstr("tocsin_lateness_seconds{source=\"trail\"} 180\n"));
  EXPECT_THAT(page, HasSubstr("tocsin_source_stalled{source=\"vault\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("tocsin_alarm_states{state=\"ALARM\"} 2\n"));
  EXPECT_THAT(
      page,
      HasSubstr("tocsin_notifications_delivered_total{topic=\"security\",subscription=\"kafka\"} 120\n"));
}

TEST(Prometheus, LabelsAreEscaped) {
  const runtime::Telemetry telemetry = sample_telemetry();
  EXPECT_THAT(prometheus_page(&telemetry, ""), HasSubstr(R"(partition="org\"\\[1]\\x0a"} 0)"));
}

TEST(Prometheus, EachMetricIsIntroducedOnceAndItsSamplesStandTogether) {
  const runtime::Telemetry telemetry = sample_telemetry();
  std::istringstream page(prometheus_page(&telemetry, ""));
  std::set<std::string> introduced;
  std::string current;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("# TYPE ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(introduced.insert(current).second) << line;
    } else if (!line.starts_with('#')) {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), current);
    }
  }
  EXPECT_GT(introduced.size(), 20U);
}

TEST(Prometheus, BeforeTheFirstSnapshotOnlyTheVersionIsKnown) {
  EXPECT_THAT(prometheus_page(nullptr, "1"), ::testing::Not(HasSubstr("records")));
}

}  // namespace
}  // namespace tocsin::cli
