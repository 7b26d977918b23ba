#include <re2/re2.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/event/decoder_state.h"

namespace tocsin::event {
namespace {

std::optional<EventTime> if_on_the_calendar(std::optional<EventTime> time) {
  return time && *time >= kEarliestTime && *time <= kLatestTime ? time : std::nullopt;
}

Kind kind_of(Shape shape) {
  switch (shape) {
    case Shape::CloudTrail:
      return Kind::CloudTrail;
    case Shape::BusEvent:
      return Kind::BusEvent;
    case Shape::S3Record:
      return Kind::S3Notification;
    case Shape::AlarmMessage:
      return Kind::AlarmMessage;
    case Shape::LambdaPlatform:
      return Kind::LambdaPlatform;
    default:
      return Kind::Json;
  }
}

bool is_lambda_line(std::string_view line) {
  return line.starts_with("REPORT RequestId: ") || line.starts_with("START RequestId: ") ||
         line.starts_with("END RequestId: ") || line.starts_with("INIT_START Runtime Version: ");
}

// Cheap: turns nearly every other line away.
bool starts_like_flow_line(std::string_view line) {
  return line.size() > 2 && (line[1] == ' ' ? line[0] >= '2' && line[0] <= '9' : line.starts_with("10 "));
}

}  // namespace

// The object was walked last.
void Decoder::State::emit_object(std::string_view message, Shape shape, const Surroundings& around) {
  emit_object(message, kind_of(shape), shape, around);
}

void Decoder::State::emit_object(std::string_view message, Kind kind, Shape shape,
                                 const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return items.die(RejectReason::TooLarge);
  const std::string_view account = texts.keep(fields->account_of(view, shape));
  const std::string_view region = texts.keep(fields->region_of(view, shape));
  Event event{.kind = kind,
              .enveloped = around.enveloped,
              .message = message,
              .account = account.empty() ? around.account : account,
              .region = region.empty() ? around.region : region,
              .log_group = around.log_group,
              .log_stream = around.log_stream};
  std::optional<EventTime> time;
  if (settings->time.from == TimeRule::From::Default) {
    // An envelope's timestamp is better than a guess at which field of an unknown object is the time.
    const bool known =
        event.kind != Kind::Json && event.kind != Kind::LambdaPlatform && event.kind != Kind::BackupNotice;
    if (known || !around.time) time = fields->time_of(view, shape, settings->time.zone_offset);
  } else {
    time = ruled_time(message, true);
  }
  emit(event, time ? time : around.time, around, true);
}

void Decoder::State::emit_text(std::string_view message, const Surroundings& around) {
  if (message.size() > kMaxEventBytes) return items.die(RejectReason::TooLarge);
  if (!simdjson::validate_utf8(message.data(), message.size())) return items.die(RejectReason::BadUtf8);
  Kind kind = Kind::Text;
  if (around.format != Format::Text) {
    if (is_lambda_line(message)) {
      kind = Kind::LambdaPlatform;
    } else if (starts_like_flow_line(message)) {
      flow_line.read(message);
      if (flow_line.looks_right()) kind = Kind::VpcFlow;
    }
  }
  std::optional<EventTime> time;
  if (settings->time.from != TimeRule::From::Default) {
    time = ruled_time(message, false);
  } else if (!around.time) {
    if (kind == Kind::VpcFlow) time = flow_line.guess_start();
    if (!time) time = find_line_time(message, batch->read_at, settings->time.zone_offset);
  }
  emit(Event{.kind = kind,
             .enveloped = around.enveloped,
             .message = message,
             .account = around.account,
             .region = around.region,
             .log_group = around.log_group,
             .log_stream = around.log_stream},
       time ? time : around.time, around, false);
}

// A record of a `vpc_flow` source: a line, or a file of them.
void Decoder::State::decode_flow_lines(std::string_view lines, const Surroundings& around) {
  lines = lines.substr(0, lines.find_last_not_of("\r\n") + 1);
  if (lines.find('\n') == std::string_view::npos) return emit_flow_line(lines, around);
  items.open();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    items.meet(line, around, Part::Message);
    if (!items.has_room(lines.size())) return;
    emit_flow_line(line, around);
  }
}

void Decoder::State::emit_flow_line(std::string_view line, const Surroundings& around) {
  if (line.size() > kMaxEventBytes) return items.die(RejectReason::TooLarge);
  if (!simdjson::validate_utf8(line.data(), line.size())) return items.die(RejectReason::BadUtf8);
  const VpcFlowFormat& format = settings->vpc_flow;
  flow_line.read(line);
  if (flow_line.tokens().empty()) return items.skip(SkipReason::Empty);
  if (flow_line.is_header()) return items.skip(SkipReason::Header);
  if (!flow_line.has_fields_of(format)) return items.die(RejectReason::BadFields);
  const std::string_view account = flow_line.field(format, "account-id");
  const std::string_view region = flow_line.field(format, "region");
  std::optional<EventTime> time = flow_line.start(format);
  Event event{.kind = Kind::VpcFlow,
              .enveloped = around.enveloped,
              .message = line,
              .account = account.empty() ? around.account : account,
              .region = region.empty() ? around.region : region,
              .log_group = around.log_group,
              .log_stream = around.log_stream};
  if (format.as_json) {
    auto object = std::make_unique<std::string>();
    flow_line.write_json(format, *object);
    event.message = texts.own(std::move(object));
  }
  bool walked = false;
  if (settings->time.from != TimeRule::From::Default) {
    walked = format.as_json && look_at(event.message) == JsonStatus::Object;
    time = ruled_time(event.message, walked);
  }
  emit(event, time ? time : around.time, around, walked);
}

// The time by the source's `time:`; `walked`: the message is an object and was walked last.
std::optional<EventTime> Decoder::State::ruled_time(std::string_view message, bool walked) const {
  const TimeRule& rule = settings->time;
  std::string_view text;
  if (rule.from == TimeRule::From::Field) {
    const JsonNode* value = walked ? fields->time_field(view) : nullptr;
    if (value == nullptr) return std::nullopt;
    text = value->text;
  } else if (rule.from == TimeRule::From::Regex) {
    re2::StringPiece found;
    const int group = rule.regex->NumberOfCapturingGroups() > 0 ? 1 : 0;
    re2::StringPiece groups[2];
    if (!rule.regex->Match(message, 0, message.size(), re2::RE2::UNANCHORED, groups, group + 1))
      return std::nullopt;
    found = groups[group];
    text = std::string_view(found.data(), found.size());
  } else {
    return std::nullopt;
  }
  if (!rule.format.empty()) return parse_time_format(text, rule.format, batch->read_at, rule.zone_offset);
  if (const auto time = parse_time_value(text, rule.zone_offset)) return time;
  return find_line_time(text, batch->read_at, rule.zone_offset);
}

void Decoder::State::emit(Event event, std::optional<EventTime> time, const Surroundings& around,
                          bool walked) {
  if (!settings->accounts.empty() && !settings->accounts.contains(std::string(event.account)))
    return items.refuse();
  time = if_on_the_calendar(time);
  if (settings->time.from == TimeRule::From::Arrival) {
    event.time = if_on_the_calendar(record->timestamp).value_or(as_event_time(batch->read_at));
  } else {
    event.time = time ? *time : if_on_the_calendar(around.arrival).value_or(kInheritTime);
  }
  if (settings->age_limits && event.time != kInheritTime) {
    const EventTime now = as_event_time(batch->read_at);
    if (event.time < now - kMaxAge) return items.die(RejectReason::TooOld);
    if (event.time > now + kMaxAhead) return items.die(RejectReason::TooNew);
  }
  items.become(event);
  if (visitor != nullptr) visitor->visit(out->events.back(), walked ? &view : nullptr);
}

}  // namespace tocsin::event
