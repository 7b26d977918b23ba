// Notifications with facts, as the engine makes them, for tests of what is worded for people. The day is
// Sunday 1 March 2026.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/notify/notification.h"

namespace tocsin::sinks {

inline EventTime at(const std::string& clock) { return *parse_rfc3339("2026-03-01T" + clock + "Z"); }

// Periods of 15 minutes up to `time`; an alarm at 25 or more.
inline notify::AlarmFacts alarm_facts(alarm::State from, alarm::State to, EventTime time,
                                      const std::vector<std::optional<double>>& values) {
  notify::AlarmFacts facts;
  facts.alarm = "unauthorized-api-calls";
  facts.description = "Somebody tries what this account does not allow.";
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.dimensions = {{"Account", "444455556666"}};
  facts.from = from;
  facts.to = to;
  facts.time = time;
  facts.since = time;
  facts.metric_namespace = "CloudTrail";
  facts.metric = "UnauthorizedApiCalls";
  facts.rule.threshold = 25;
  facts.rule.comparison = alarm::Comparison::GreaterOrEqual;
  facts.rule.missing_data = alarm::MissingData::NotBreaching;
  facts.period = std::chrono::minutes(15);
  facts.reason = "Threshold Crossed: 1 datapoint was greater than or equal to the threshold (25.0).";
  EventTime start = time - facts.period * static_cast<std::int64_t>(values.size());
  for (const std::optional<double>& value : values) {
    facts.points.push_back({start, value, value ? 1.0 : 0.0, value && alarm::breaches(facts.rule, *value)});
    if (to == alarm::State::Alarm && facts.points.back().breaching && facts.since == time)
      facts.since = start;
    start += facts.period;
  }
  return facts;
}

inline notify::Notification notification_of(notify::AlarmFacts facts) {
  notify::Notification notification;
  notification.id = "3f0c9d4be1a2f67788990011aabbccdd";
  notification.time = facts.time;
  notification.subject =
      std::string(alarm::to_string(facts.to)) + ": \"" + facts.alarm + "\" in eu-central-1";
  notification.key = facts.alarm;
  notification.payload = "{}";
  notification.facts = std::make_shared<const notify::AlarmFacts>(std::move(facts));
  return notification;
}

// An event of a rule.
inline notify::Notification event_notification(std::string payload) {
  notify::EventFacts facts;
  facts.rule = "backup-failed";
  facts.description = "For the backup team.";
  facts.account = "111122223333";
  facts.region = "eu-central-1";
  facts.time = at("09:05:00");
  facts.log_group = "backup";
  facts.place = "backup[3]@1042";
  facts.summary = "aws.backup Backup Job State Change: FAILED";
  facts.installation_account = "444455556666";
  facts.installation_region = "eu-west-1";
  notify::Notification notification;
  notification.id = "3f0c9d4be1a2f67788990011aabbccdd";
  notification.time = facts.time;
  notification.subject = "EVENT: \"backup-failed\" in account 111122223333, eu-central-1";
  notification.key = facts.rule;
  notification.payload = std::move(payload);
  notification.event = std::make_shared<const notify::EventFacts>(std::move(facts));
  return notification;
}

}  // namespace tocsin::sinks
