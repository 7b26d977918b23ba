// Telemetry as the tests of what shows it need it.
#pragma once

#include "engine/runtime/telemetry.h"

namespace tocsin::cli {

inline const WallTime kSampleTime{Duration{1772355900000}};  // 2026-03-01T09:05:00Z

inline runtime::Telemetry sample_telemetry() {
  runtime::Telemetry telemetry;
  telemetry.at = kSampleTime;
  telemetry.configured_at = kSampleTime - std::chrono::hours(2);
  runtime::SourceTelemetry trail;
  trail.name = "trail";
  trail.records = 12345;
  trail.bytes = 1 << 20;
  trail.events = 12300;
  trail.items = {.read = 12345, .decoded = 12300, .skipped = {1, 2, 0}, .refused = 30, .dead = 12};
  trail.rejects.add(event::RejectReason::NotJson, 12);
  trail.partitions = {
      {.name = "org[0]", .caught_up = true, .position = 100, .end = 107, .committed = 90},
      {.name = "org\"\\[1]\n", .caught_up = true, .position = 5, .end = 5, .committed = 5},
  };
  trail.newest_event = as_event_time(kSampleTime) - std::chrono::seconds(3);
  trail.frontier = as_event_time(kSampleTime) - std::chrono::seconds(2);
  trail.lateness = {std::chrono::seconds(4), std::chrono::minutes(3)};
  trail.connected = true;
  trail.was_caught_up = true;
  telemetry.sources.push_back(trail);
  runtime::SourceTelemetry vault;
  vault.name = "vault";
  vault.stalled_since = kSampleTime - std::chrono::minutes(7);
  telemetry.sources.push_back(vault);
  telemetry.alarms = {1, 40, 2};
  telemetry.filters = {{"refused-calls", 77}};
  telemetry.subscriptions = {
      {"security", "kafka", {"security/kafka", "Kafka topic alerts", 3, 0, 124, 120, 5, 1, 0, 0}}};
  telemetry.process = {48'000'000, 31, std::chrono::minutes(125)};
  return telemetry;
}

}  // namespace tocsin::cli
