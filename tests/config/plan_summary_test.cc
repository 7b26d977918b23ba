#include "config/plan_summary.h"

#include <gtest/gtest.h>

#include "tests/config/configuration_file.h"

namespace tocsin::config {
namespace {

TEST(PlanSummary, TellsWhatIsReadKeptAndJudged) {
  const Loaded loaded = load_text(R"(
sources:
  trail: {kafka: {brokers: k:9092, topics: [a, b], properties: {sasl.password: hunter2}}, delay: 1m}
  hosts: {file: {paths: /var/log/auth.log}}
metric_filters:
  calls: {log_groups: [a], pattern: '{ $.errorCode = "x" }', metric: {namespace: S, name: Calls, dimensions: {Account: $.id}}}
  lines: {pattern: "", metric: {namespace: S, name: Lines}}
  ssh: {regex: 'from (\S+)', metric: {namespace: S, name: Ssh, value: $1}}
alarms:
  calls: {condition: ">= 10", datapoints: 2 of 3, for_each: Account, metric: {namespace: S, name: Calls, statistic: Sum, period: 5m}, notify: [t]}
rules:
  failed: {log_groups: [a], event_pattern: {detail: {state: [FAILED]}}, notify: t}
topics: {t: {subscriptions: [console: {}]}}
)");
  ASSERT_TRUE(loaded.configuration.has_value()) << shown(loaded);
  const std::string summary = summarize(*loaded.configuration);
  for (const std::string_view part :
       {"trail  Kafka a, b on k:9092, group tocsin; each topic is a log group; judged 1m later",
        "hosts  files /var/log/auth.log; log group hosts",
        "calls  log groups a to S/Calls for each Account; parses JSON for $.errorCode, $.id",
        "lines  all log groups to S/Lines; reads nothing: every event matches", "reads the whole text",
        "S/Lines  buckets of 1m, no alarm looks at them\n", "25m kept", "at most 100000 series",
        "calls  Sum of S/Calls over 5m >= 10, 2 of 3; looks back 25m, judged every 1m; one state for each "
        "Account; ALARM to t",
        "failed  log groups a to t; parses JSON for detail.state", "t  console"}) {
    EXPECT_NE(summary.find(part), std::string::npos) << part << "\nin\n" << summary;
  }
  EXPECT_EQ(summary.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::config
