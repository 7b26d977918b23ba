#include "engine/notify/notification_wire.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "engine/base/wire.h"

namespace tocsin::notify {
namespace {

constexpr std::uint8_t kVersion = 2;  // 1: without the facts of an event

void put(WireWriter& out, const std::vector<std::pair<std::string, std::string>>& pairs) {
  out.number(pairs.size());
  for (const auto& [name, value] : pairs) {
    out.text(name);
    out.text(value);
  }
}

std::vector<std::pair<std::string, std::string>> get_pairs(WireReader& in) {
  std::vector<std::pair<std::string, std::string>> pairs(in.count());
  for (auto& [name, value] : pairs) {
    name = in.text();
    value = in.text();
  }
  return pairs;
}

void put(WireWriter& out, const alarm::Point& point) {
  out.time(point.start);
  out.flag(point.value.has_value());
  if (point.value) out.real(*point.value);
  out.real(point.sample_count);
  out.flag(point.breaching);
}

alarm::Point get_point(WireReader& in) {
  alarm::Point point;
  point.start = in.time();
  if (in.flag()) point.value = in.real();
  point.sample_count = in.real();
  point.breaching = in.flag();
  return point;
}

void put(WireWriter& out, const AlarmFacts& facts) {
  out.text(facts.alarm);
  out.text(facts.description);
  out.text(facts.account);
  out.text(facts.region);
  put(out, facts.dimensions);
  out.byte(static_cast<std::uint8_t>(facts.from));
  out.byte(static_cast<std::uint8_t>(facts.to));
  out.time(facts.time);
  out.flag(facts.from_since.has_value());
  if (facts.from_since) out.time(*facts.from_since);
  out.time(facts.since);
  out.text(facts.metric_namespace);
  out.text(facts.metric);
  out.byte(static_cast<std::uint8_t>(facts.statistic));
  out.real(facts.rule.threshold);
  out.byte(static_cast<std::uint8_t>(facts.rule.comparison));
  out.number(facts.rule.evaluation_periods);
  out.number(facts.rule.datapoints_to_alarm);
  out.byte(static_cast<std::uint8_t>(facts.rule.missing_data));
  out.duration(facts.period);
  out.text(facts.reason);
  out.number(facts.points.size());
  for (const alarm::Point& point : facts.points) put(out, point);
  out.number(facts.examples.size());
  for (const AlarmFacts::Example& example : facts.examples) {
    out.time(example.time);
    out.text(example.place);
    out.text(example.text);
  }
}

AlarmFacts get_facts(WireReader& in) {
  AlarmFacts facts;
  facts.alarm = in.text();
  facts.description = in.text();
  facts.account = in.text();
  facts.region = in.text();
  facts.dimensions = get_pairs(in);
  facts.from = static_cast<alarm::State>(in.below(3));
  facts.to = static_cast<alarm::State>(in.below(3));
  facts.time = in.time();
  if (in.flag()) facts.from_since = in.time();
  facts.since = in.time();
  facts.metric_namespace = in.text();
  facts.metric = in.text();
  facts.statistic = static_cast<metric::Statistic>(in.below(5));
  facts.rule.threshold = in.real();
  facts.rule.comparison = static_cast<alarm::Comparison>(in.below(4));
  facts.rule.evaluation_periods = static_cast<std::uint32_t>(in.number());
  facts.rule.datapoints_to_alarm = static_cast<std::uint32_t>(in.number());
  facts.rule.missing_data = static_cast<alarm::MissingData>(in.below(4));
  facts.period = in.duration();
  facts.reason = in.text();
  for (std::size_t left = in.count(); left > 0; --left) facts.points.push_back(get_point(in));
  for (std::size_t left = in.count(); left > 0; --left) {
    AlarmFacts::Example& example = facts.examples.emplace_back();
    example.time = in.time();
    example.place = in.text();
    example.text = in.text();
  }
  return facts;
}

void put(WireWriter& out, const EventFacts& facts) {
  for (const std::string* text :
       {&facts.rule, &facts.description, &facts.account, &facts.region, &facts.log_group, &facts.place,
        &facts.summary, &facts.installation_account, &facts.installation_region}) {
    out.text(*text);
  }
  out.time(facts.time);
  out.number(facts.cut_bytes);
}

EventFacts get_event(WireReader& in) {
  EventFacts facts;
  for (std::string* text :
       {&facts.rule, &facts.description, &facts.account, &facts.region, &facts.log_group, &facts.place,
        &facts.summary, &facts.installation_account, &facts.installation_region}) {
    *text = in.text();
  }
  facts.time = in.time();
  facts.cut_bytes = in.number();
  return facts;
}

}  // namespace

std::string encode(const Notification& notification) {
  std::string bytes;
  WireWriter out(bytes);
  out.byte(kVersion);
  out.text(notification.id);
  out.time(notification.time);
  out.text(notification.subject);
  out.text(notification.payload);
  out.text(notification.key);
  put(out, notification.attributes);
  out.flag(notification.facts != nullptr);
  if (notification.facts) put(out, *notification.facts);
  out.flag(notification.event != nullptr);
  if (notification.event) put(out, *notification.event);
  return bytes;
}

Result<Notification> decode_notification(std::string_view bytes) {
  WireReader in(bytes);
  const std::uint8_t version = in.byte();
  if (version != kVersion && version != kVersion - 1) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("a notification of the outbox is of version {}, and this program reads versions {} and "
                    "{}: start the version of the program that wrote it",
                    version, kVersion - 1, kVersion));
  }
  Notification notification;
  notification.id = in.text();
  notification.time = in.time();
  notification.subject = in.text();
  notification.payload = in.text();
  notification.key = in.text();
  notification.attributes = get_pairs(in);
  if (in.flag()) notification.facts = std::make_shared<const AlarmFacts>(get_facts(in));
  if (version >= 2 && in.flag()) notification.event = std::make_shared<const EventFacts>(get_event(in));
  if (in.failed() || !in.at_end()) {
    return fail(ErrorCode::Invalid, "a notification of the outbox is damaged");
  }
  return notification;
}

}  // namespace tocsin::notify
