#include "cli/telemetry_json.h"

namespace tocsin::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json partition_json(const runtime::PartitionTelemetry& partition) {
  return {{"name", partition.name},          {"position", or_null(partition.position)},
          {"end", or_null(partition.end)},   {"committed", or_null(partition.committed)},
          {"lag", or_null(partition.lag())}, {"caught_up", partition.caught_up}};
}

Json source_json(const runtime::SourceTelemetry& source) {
  Json json{{"name", source.name},
            {"connected", source.connected},
            {"ended", source.ended},
            {"was_caught_up", source.was_caught_up},
            {"stalled_since",
             source.stalled_since ? time_or_null(as_event_time(*source.stalled_since)) : Json(nullptr)},
            {"held", source.held ? Json{{"reason", source.held->reason},
                                        {"text", source.held->text},
                                        {"behind_seconds", seconds(source.held->behind)}}
                                 : Json(nullptr)},
            {"lag", or_null(source.lag())},
            {"lateness_mean_seconds", source.lateness ? seconds(source.lateness->mean) : Json(nullptr)},
            {"lateness_seconds", source.lateness ? seconds(source.lateness->greatest) : Json(nullptr)},
            {"newest_event", time_or_null(source.newest_event)},
            {"frontier", time_or_null(source.frontier)},
            {"records", source.records},
            {"bytes", source.bytes},
            {"events", source.events}};
  Json skipped = Json::object();
  for (std::size_t i = 0; i < event::kSkipReasons; ++i) {
    if (source.items.skipped[i] > 0) skipped[std::string(event::kSkipNames[i])] = source.items.skipped[i];
  }
  json["items"] = {{"read", source.items.read},
                   {"decoded", source.items.decoded},
                   {"skipped", std::move(skipped)},
                   {"refused", source.items.refused},
                   {"dead", source.items.dead}};
  json["rejected"] = Json::object();
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (source.rejects.counts[i] > 0)
      json["rejected"][std::string(event::kRejectNames[i])] = source.rejects.counts[i];
  }
  json["rebalances"] = source.rebalances;
  json["queued_bytes"] = source.queued_bytes;
  json["partitions"] = Json::array();
  for (const runtime::PartitionTelemetry& partition : source.partitions) {
    json["partitions"].push_back(partition_json(partition));
  }
  return json;
}

}  // namespace

Json time_or_null(EventTime time) {
  return time == kNever || time == kForever ? Json(nullptr) : Json(format_rfc3339(time));
}

Json to_json(const runtime::Telemetry& telemetry, const std::string& version, Duration age) {
  const auto waiting = awaited(telemetry);
  Json json{{"version", version},
            {"time", format_rfc3339(as_event_time(telemetry.at))},
            {"age_seconds", seconds(age)},
            {"configured_at", format_rfc3339(as_event_time(telemetry.configured_at))},
            {"phase", telemetry.phase == runtime::Telemetry::Phase::Running ? "running" : "stopping"},
            {"ready", waiting.empty()},
            {"awaited", waiting}};
  json["process"] = {{"uptime_seconds", seconds(telemetry.process.uptime)},
                     {"resident_bytes", telemetry.process.resident_bytes},
                     {"open_files", telemetry.process.open_files}};
  json["sources"] = Json::array();
  for (const auto& source : telemetry.sources) json["sources"].push_back(source_json(source));
  json["alarms"] = Json::object();
  for (const alarm::State state : {alarm::State::Alarm, alarm::State::InsufficientData, alarm::State::Ok}) {
    json["alarms"][std::string(alarm::to_string(state))] = telemetry.alarms[static_cast<std::size_t>(state)];
  }
  json["engine"] = {{"events", telemetry.engine.events},
                    {"matched", telemetry.engine.matched},
                    {"rule_matches", telemetry.engine.rule_matches},
                    {"untold", telemetry.engine.untold},
                    {"datapoints", telemetry.engine.datapoints},
                    {"late", telemetry.engine.rejects[event::RejectReason::Late]},
                    {"overflow", telemetry.engine.rejects[event::RejectReason::Overflow]},
                    {"series", telemetry.engine.series},
                    {"evaluations", telemetry.evaluations},
                    {"transitions", telemetry.engine.transitions},
                    {"notifications", telemetry.engine.notifications}};
  json["state"] = telemetry.state ? Json{{"bytes", telemetry.state->bytes},
                                         {"outbox", telemetry.state->outbox},
                                         {"outbox_bytes", telemetry.state->outbox_bytes}}
                                  : Json(nullptr);
  json["filters"] = Json::array();
  for (const auto& filter : telemetry.filters) {
    json["filters"].push_back({{"name", filter.name}, {"matched", filter.matched}});
  }
  json["rules"] = Json::array();
  for (const auto& rule : telemetry.rules) {
    json["rules"].push_back({{"name", rule.name}, {"matched", rule.matched}});
  }
  json["subscriptions"] = Json::array();
  for (const auto& subscription : telemetry.subscriptions) {
    const notify::SubscriptionStatus& status = subscription.status;
    std::uint64_t filtered = 0;
    for (std::size_t i = 1; i < notify::kFilterOutcomes; ++i) filtered += subscription.filtered[i];
    json["subscriptions"].push_back({{"topic", subscription.topic},
                                     {"subscription", subscription.name},
                                     {"destination", status.destination},
                                     {"published", status.published},
                                     {"filtered", filtered},
                                     {"delivered", status.delivered},
                                     {"waiting", status.waiting},
                                     {"in_outbox", status.in_outbox},
                                     {"held", subscription.held},
                                     {"retried", status.retried},
                                     {"rejected", status.rejected},
                                     {"given_up", status.given_up},
                                     {"overflowed", status.overflowed},
                                     {"overflowing", status.overflowing},
                                     {"undelivered", status.undelivered}});
  }
  return json;
}

}  // namespace tocsin::cli
