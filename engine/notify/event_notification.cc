#include "engine/notify/event_notification.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/notify/notification_text.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string subject_of(const EventFacts& facts) {
  std::string where;
  if (!facts.account.empty()) where += " in account " + printable_ascii(facts.account);
  if (!facts.region.empty())
    where += fmt::format("{}{}", where.empty() ? " in " : ", ", printable_ascii(facts.region));
  return cut(fmt::format("EVENT: \"{}\"{}", printable_ascii(facts.rule), where), kMaxSubject);
}

std::vector<std::pair<std::string, std::string>> attributes_of(const RuleEvent& event,
                                                               const Installation& installation) {
  const EventFacts& facts = event.facts;
  std::vector<std::pair<std::string, std::string>> attributes{
      {"specversion", "1.0"},
      {"id", event.id},
      {"source", source_of(installation)},
      {"type", "tocsin.rule.event"},
      {"time", format_rfc3339(facts.time)},
      {"subject", facts.rule},
      {"datacontenttype", "application/json"},
      {"rule", facts.rule},
  };
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) attributes.emplace_back(name, value);
  };
  add("account", facts.account);
  add("region", facts.region);
  add("loggroup", facts.log_group);
  return attributes;
}

// How many bytes a byte of a JSON string takes.
std::size_t written_size(char byte) {
  if (std::string_view("\"\\\b\f\n\r\t").find(byte) != std::string_view::npos) return 2;
  return static_cast<unsigned char>(byte) < 0x20 ? 6 : 1;
}

// Less than `size`, so that the beginning of `text` ends with no piece of a character.
std::size_t whole_characters(std::string_view text, std::size_t size) {
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return size;
}

// The longest beginning of `text` that takes at most `room` bytes in JSON, and holds no piece of a character.
std::string_view start_of(std::string_view text, std::size_t room) {
  std::size_t size = 0;
  for (; size < text.size() && written_size(text[size]) <= room; ++size) room -= written_size(text[size]);
  return text.substr(0, whole_characters(text, size));
}

// The event in an object: all of it, or as much as fits into `room` bytes.
std::string wrapped(const RuleEvent& event, std::size_t room, std::uint64_t& cut_bytes) {
  Json object{{"time", format_rfc3339(event.facts.time)}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) object[name] = value;
  };
  add("account", event.facts.account);
  add("region", event.facts.region);
  add("log_group", event.facts.log_group);
  add("log_stream", event.log_stream);
  const std::size_t frame = dump(object).size() + std::string_view(R"(,"message":"")").size();
  std::string_view message = start_of(event.message, room - std::min(room, frame));
  if (message.size() < event.bytes) {
    constexpr std::size_t kCutBytes = 33;  // "cut_bytes":, the longest number, and a comma
    message = start_of(event.message, room - std::min(room, frame + kCutBytes));
    object["cut_bytes"] = cut_bytes = event.bytes - message.size();
  }
  object["message"] = message;
  return dump(object);
}

// They come with the event, which may say anything.
void cut_places(RuleEvent& event) {
  EventFacts& facts = event.facts;
  for (std::string* place : {&facts.account, &facts.region, &facts.log_group, &event.log_stream})
    place->resize(whole_characters(*place, std::min(place->size(), kMaxEventPlace)));
}

std::string payload_of(RuleEvent& event, std::size_t room) {
  if (!event.is_object || event.bytes > event.message.size() || event.bytes > room)
    return wrapped(event, room, event.facts.cut_bytes);
  // Between its tokens only: within strings JSON has no line break.
  std::string payload = std::move(event.message);
  std::ranges::replace(payload, '\n', ' ');
  std::ranges::replace(payload, '\r', ' ');
  return payload;
}

}  // namespace

std::vector<Notification> compose(RuleEvent event, const Installation& installation,
                                  const std::vector<std::uint32_t>& topics) {
  cut_places(event);
  event.facts.installation_account = installation.account;
  event.facts.installation_region = installation.region;
  Notification notification;
  notification.id = event.id;
  notification.time = event.facts.time;
  notification.subject = subject_of(event.facts);
  notification.key = event.facts.rule;
  notification.attributes = attributes_of(event, installation);
  std::size_t room = kMaxEventNotification - notification.subject.size();
  for (const auto& [name, value] : notification.attributes)
    room -= std::min(room, name.size() + value.size());
  notification.payload = payload_of(event, room);
  notification.event = std::make_shared<const EventFacts>(std::move(event.facts));
  std::vector<Notification> notifications;
  for (const std::uint32_t topic : topics) {
    notification.topic = topic;
    notifications.push_back(notification);
  }
  return notifications;
}

}  // namespace tocsin::notify
