#include "cli/json_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/number.h"
#include "engine/notify/filter_policy.h"
#include "engine/shard/shard.h"

namespace tocsin::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxEventBytes = std::size_t{64}
                                       << 20;          // that wait for their turn; then the earliest leave
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

// Integral doubles leave without ".0".
Json number(double value) {
  if (std::trunc(value) == value && std::abs(value) <= kExactIntegers)
    return static_cast<std::int64_t>(value);
  return value;
}

Json with_plain_numbers(Json json) {
  if (json.is_number_float()) return number(json.get<double>());
  if (json.is_structured()) {
    for (auto& item : json) item = with_plain_numbers(std::move(item));
  }
  return json;
}

Json dimensions_json(const metric::Dimensions& dimensions) {
  Json json = Json::object();
  for (const auto& [name, value] : dimensions) json[name] = value;
  return json;
}

Json evidence_json(const metric::Evidence& evidence, const runtime::PartitionTable& partitions) {
  const source::PartitionName& name = partitions[evidence.partition].name;
  Json json{{"source", name.source}};
  if (name.topic.empty()) {
    json["file"] = name.file;
    json[name.by_line ? "line" : "record"] = evidence.offset;
  } else {
    json["topic"] = name.topic;
    json["partition"] = name.number;
    json["offset"] = evidence.offset;
  }
  if (evidence.index > 0) json["index"] = evidence.index;
  return json;
}

// Names and values come from logs: what is not UTF-8 leaves as the replacement character rather than as an
// exception.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

JsonOutput::JsonOutput(std::FILE* out, std::shared_ptr<const runtime::Plan> plan,
                       const runtime::PartitionTable& partitions, bool datapoints)
    : out_(out), plan_(std::move(plan)), partitions_(partitions), datapoints_(datapoints) {
  for (const metric::MetricDefinition& metric : plan_->metrics) horizon_ = std::max(horizon_, metric.bucket);
  for (const alarm::AlarmDefinition& alarm : plan_->alarms) horizon_ = std::max(horizon_, looks_back(alarm));
  horizon_ += std::chrono::minutes(2);  // a minute's default comes at its end; and one tick
}

void JsonOutput::transition(const alarm::Transition& transition,
                            const std::vector<runtime::JudgedNotification>& notifications) {
  if (out_ == nullptr) return;
  const std::string time = format_rfc3339(transition.time);
  Json evidence = Json::array();
  for (const metric::Evidence& event : transition.evidence)
    evidence.push_back(evidence_json(event, partitions_));
  const Json line{{"type", "transition"},
                  {"time", time},
                  {"id", transition.id},
                  {"alarm", plan_->alarms[transition.alarm].name},
                  {"dimensions", dimensions_json(transition.dimensions)},
                  {"from", std::string(to_string(transition.from))},
                  {"to", std::string(to_string(transition.to))},
                  {"reason", transition.reason},
                  {"reason_data", with_plain_numbers(Json::parse(transition.reason_data))},
                  {"evidence", std::move(evidence)}};
  std::string lines = dump(line) + "\n";
  for (const auto& [notification, outcomes] : notifications) {
    const notify::TopicDefinition& topic = plan_->topics[notification.topic];
    Json told{{"type", "notification"},  {"time", time},
              {"id", notification.id},   {"topic", topic.name},
              {"subscription", nullptr}, {"payload", Json::parse(notification.payload)}};
    if (topic.subscriptions.empty()) lines += dump(told) + "\n";
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] != notify::FilterOutcome::Passed) continue;
      told["subscription"] = topic.subscriptions[i].name;
      lines += dump(told) + "\n";
    }
  }
  put({transition.time, Kind::Transition, {}, sequence_++}, std::move(lines));
}

void JsonOutput::event(std::uint32_t rule, const metric::Evidence& event,
                       const std::vector<runtime::JudgedNotification>& notifications) {
  if (out_ == nullptr) return;
  std::string lines;
  for (const auto& [notification, outcomes] : notifications) {
    const notify::TopicDefinition& topic = plan_->topics[notification.topic];
    Json told{{"type", "notification"},  {"time", format_rfc3339(notification.time)},
              {"id", notification.id},   {"topic", topic.name},
              {"subscription", nullptr}, {"rule", plan_->rules[rule].name}};
    if (!notification.event->account.empty()) told["account"] = notification.event->account;
    if (!notification.event->region.empty()) told["region"] = notification.event->region;
    told["evidence"] = evidence_json(event, partitions_);
    // The payload goes in as it is: the event keeps its own spelling of numbers, and of keys that stand
    // twice.
    const auto add = [&] {
      std::string line = dump(told);
      line.pop_back();
      lines += fmt::format("{},\"payload\":{}}}\n", line, notification.payload);
    };
    if (topic.subscriptions.empty()) add();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] != notify::FilterOutcome::Passed) continue;
      told["subscription"] = topic.subscriptions[i].name;
      add();
    }
  }
  event_bytes_ += lines.size();
  waiting_.emplace(Key{event.time, Kind::Event, {}, sequence_++}, std::move(lines));
  while (event_bytes_ > kMaxEventBytes) write_first();
}

void JsonOutput::datapoint(const shard::ClosedBucket& bucket) {
  if (out_ == nullptr) return;
  const metric::MetricDefinition& measured = plan_->metrics[bucket.metric];
  const Json line{{"type", "datapoint"},
                  {"time", format_rfc3339(bucket.start)},
                  {"namespace", measured.metric_namespace},
                  {"metric", measured.name},
                  {"dimensions", dimensions_json(bucket.dimensions)},
                  {"period", std::chrono::duration_cast<std::chrono::seconds>(measured.bucket).count()},
                  {"sum", number(bucket.statistics.sum)},
                  {"count", number(bucket.statistics.count)},
                  {"min", number(bucket.statistics.min)},
                  {"max", number(bucket.statistics.max)}};
  put({bucket.start, Kind::Datapoint,
       fmt::format("{:06}{}", bucket.metric, metric::describe(bucket.dimensions)), sequence_++},
      dump(line) + "\n");
}

void JsonOutput::summary(const runtime::EngineCounts& counts) {
  flush_before({kForever, Kind::Datapoint, {}, 0});
  if (out_ == nullptr) return;
  Json rejected = Json::object();
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (counts.rejects.counts[i] > 0)
      rejected[std::string(event::kRejectNames[i])] = counts.rejects.counts[i];
  }
  Json skipped = Json::object();
  for (std::size_t i = 0; i < event::kSkipReasons; ++i) {
    if (counts.items.skipped[i] > 0) skipped[std::string(event::kSkipNames[i])] = counts.items.skipped[i];
  }
  Json summary{{"type", "summary"},
               {"events", counts.events},
               {"matched", counts.matched},
               {"items",
                {{"read", counts.items.read},
                 {"decoded", counts.items.decoded},
                 {"skipped", std::move(skipped)},
                 {"refused", counts.items.refused},
                 {"dead", counts.items.dead}}},
               {"rejected", std::move(rejected)},
               {"datapoints", counts.datapoints},
               {"transitions", counts.transitions},
               {"notifications", counts.notifications}};
  if (counts.filtered > 0) summary["filtered"] = counts.filtered;
  if (!plan_->rules.empty()) summary["rule_matches"] = counts.rule_matches;
  write(dump(summary) + "\n");
  if (std::fflush(out_) != 0) good_ = false;
}

void JsonOutput::put(Key key, std::string line) {
  if (!datapoints_) {
    flush_before(key);
    write(line);
    return;
  }
  waiting_.emplace(std::move(key), std::move(line));
}

void JsonOutput::advance(EventTime time) {
  const Duration wait = datapoints_ ? horizon_ : Duration{0};
  if (time - kEarliestTime > wait) flush_before({time - wait, Kind::Datapoint, {}, 0});
}

void JsonOutput::flush_before(const Key& key) {
  while (!waiting_.empty() && waiting_.begin()->first < key) write_first();
}

void JsonOutput::write_first() {
  const auto first = waiting_.begin();
  if (std::get<Kind>(first->first) == Kind::Event) event_bytes_ -= first->second.size();
  write(first->second);
  waiting_.erase(first);
}

void JsonOutput::write(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), out_) != line.size()) good_ = false;
}

}  // namespace tocsin::cli
