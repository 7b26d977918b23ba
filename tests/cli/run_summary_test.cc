#include "cli/run_summary.h"

#include <gtest/gtest.h>

namespace tocsin::cli {
namespace {

TEST(RunSummary, TellsTheRunInThreeLines) {
  RunSummary summary{.events = 300'000,
                     .matched = 12'345,
                     .datapoints = 1,
                     .transitions = 42,
                     .notifications = 0,
                     .seconds = 4.2,
                     .peak_bytes = 48'000'000};
  summary.rejected.add(event::RejectReason::Late, 1200);
  summary.rejected.add(event::RejectReason::NotJson, 3);
  EXPECT_EQ(render(summary, {80, false, false, true}),
            "300,000 events in 4.2 s (71,428 events/s), peak memory 48 MB\n"
            "12,345 matches · 1 datapoint · 42 transitions · 0 notifications\n"
            "rejected: 3 not_json, 1,200 late\n");
}

TEST(RunSummary, CountsEventsOfRulesWhereThereAreSome) {
  EXPECT_EQ(render(RunSummary{.events = 1, .matched = 1, .rule_matches = 2}, {80, false, false, false}),
            "1 event in 0.0 s\n"
            "1 match, 2 events of rules, 0 datapoints, 0 transitions, 0 notifications\n"
            "nothing rejected\n");
}

TEST(RunSummary, WithoutRejectsTimeOrMemoryItSaysNothingAboutThem) {
  EXPECT_EQ(render(RunSummary{.events = 1, .matched = 1}, {80, false, false, false}),
            "1 event in 0.0 s\n"
            "1 match, 0 datapoints, 0 transitions, 0 notifications\n"
            "nothing rejected\n");
}

TEST(RunSummary, PeakMemoryOfAProcessIsSomething) { EXPECT_GT(peak_resident_bytes(), 1'000'000u); }

}  // namespace
}  // namespace tocsin::cli
