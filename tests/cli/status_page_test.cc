#include "cli/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/telemetry_json.h"
#include "tests/cli/telemetry_samples.h"

namespace tocsin::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(StatusPage, ShowsSourcesAlarmsAndDestinations) {
  EXPECT_EQ(status_page(to_json(sample_telemetry(), "1.2.3", Duration{500}), TextStyle{}),
            R"(tocsin 1.2.3  up 2 h 5 min, 48 MB, 31 open files  not ready
  waiting for vault: to be connected

Sources
  source                     records  events  lag  dead  lateness  judged up to
  trail   connected           12,345  12,300    7    12     3 min  2 s ago
  vault   stalled for 7 min        0       0    -     0         -  -
  trail: rejected 12 not_json

Alarms
  2 ALARM  1 INSUFFICIENT_DATA  40 OK

Destinations
  topic           delivered  waiting  outbox  retried  failed  destination
  security/kafka        120        3       0        5       1  Kafka topic alerts
)");
}

TEST(StatusPage, ShowsAQueueThatIsFullAndWhatItCost) {
  runtime::Telemetry telemetry = sample_telemetry();
  notify::SubscriptionStatus& status = telemetry.subscriptions[0].status;
  status.in_outbox = 2000;
  status.overflowed = 3999;
  EXPECT_THAT(
      status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
      testing::EndsWith("  security/kafka        120        3   2,000        5   4,000  Kafka topic alerts\n"
                        "  security/kafka: 3,999 gave way to newer ones while there was no room\n"));
  status.overflowing = true;
  EXPECT_THAT(status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
              testing::EndsWith("  security/kafka: 3,999 give way to newer ones, there is no more room\n"));
}

TEST(StatusPage, ShowsForWhomReadingWaits) {
  runtime::Telemetry telemetry = sample_telemetry();
  telemetry.subscriptions[0].held = 1203;
  EXPECT_THAT(status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
              testing::EndsWith("  security/kafka: reading waits, with 1,203 events of rules for it\n"));
}

TEST(StatusPage, ShowsWhatCameTooLateForAnyAlarm) {
  runtime::Telemetry telemetry = sample_telemetry();
  telemetry.engine.rejects.add(event::RejectReason::Late, 2148);
  EXPECT_THAT(status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
              testing::HasSubstr("  2,148 values matched too late: no alarm looked at their time any more"));
}

TEST(StatusPage, ShowsWhatRulesMatchedAndNobodyIsToldOf) {
  runtime::Telemetry telemetry = sample_telemetry();
  telemetry.engine.untold = 1890;
  EXPECT_THAT(status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
              testing::EndsWith("  events of rules: 1,890 untold, more at once than there is room for\n"));
}

TEST(StatusPage, ShowsTheStateOfAnEngineThatKeepsOne) {
  runtime::Telemetry telemetry = sample_telemetry();
  telemetry.state = {.bytes = 12'000'000, .outbox = 2003, .outbox_bytes = 4'100'000};
  EXPECT_THAT(status_page(to_json(telemetry, "1.2.3", Duration{500}), TextStyle{}),
              testing::HasSubstr("\nState\n"
                                 "  12 MB on disk; outbox: 2,003 to be delivered, 4.1 MB\n"));
}

TEST(StatusPage, SaysThatTheEngineDoesNotMove) {
  EXPECT_THAT(status_page(to_json(sample_telemetry(), "1.2.3", std::chrono::seconds(95)), TextStyle{}),
              testing::HasSubstr("31 open files  has not moved for 1 min 35 s\n"));
}

TEST(AlarmsPage, ShowsEachStateSinceWhenAndWhy) {
  const Json answer{{"alarms",
                     {{{"alarm", "logins"},
                       {"dimensions", {{"Account", "1111"}}},
                       {"state", "ALARM"},
                       {"since", "2026-03-01T09:00:00Z"},
                       {"value", 12.5},
                       {"reason", "too\x1b many"}},
                      {{"alarm", "root-use"},
                       {"dimensions", Json::object()},
                       {"state", "OK"},
                       {"since", nullptr},
                       {"value", nullptr},
                       {"reason", ""}}}},
                    {"total", 5}};
  EXPECT_EQ(alarms_page(answer, as_event_time(kSampleTime), TextStyle{}),
            "state  since  alarm                 value  reason\n"
            "ALARM  5 min  logins, Account 1111   12.5  too\\x1b many\n"
            "OK     -      root-use                  -  \n"
            "and 3 more: narrow it with --state or --prefix\n");
}

}  // namespace
}  // namespace tocsin::cli
