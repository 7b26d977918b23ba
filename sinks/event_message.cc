#include "sinks/event_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

using Json = nlohmann::ordered_json;

// Bytes, so that a message stays one that people read.
constexpr std::size_t kMaxName = 120;
constexpr std::size_t kMaxValue = 300;
constexpr std::size_t kMaxDescription = 1000;
constexpr std::size_t kMaxSummary = 600;
constexpr std::size_t kMaxEvent = 16 * 1024;

// Characters that turn the direction of text, as JSON writes them: what is shown is what is there.
std::string with_directions_named(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](std::size_t i) {
      return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const bool turns =
        byte(0) == 0xE2 &&
        ((byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xAA && byte(2) <= 0xAE))) ||
         (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    if (!turns) {
      out += text[at];
      continue;
    }
    out += fmt::format("\\u{:04x}", 0x2000 + ((byte(1) & 0x3FU) << 6U) + (byte(2) & 0x3FU));
    at += 2;
  }
  return out;
}

// What the first of these members says, wherever events have it.
std::string member(const Json& event, std::initializer_list<const char*> names) {
  if (!event.is_object()) return {};
  for (const char* name : names) {
    const auto found = event.find(name);
    if (found != event.end() && found->is_string() && !found->get_ref<const std::string&>().empty())
      return one_line(found->get_ref<const std::string&>(), kMaxValue);
  }
  return {};
}

std::string pretty(const Json& event, const std::string& payload) {
  const std::string text =
      event.is_discarded() ? valid_utf8(payload) : event.dump(2, ' ', false, Json::error_handler_t::replace);
  return first_lines(with_directions_named(text), kMaxEvent);
}

}  // namespace

std::string first_lines(std::string_view text, std::size_t limit) {
  constexpr std::size_t kRoomForCount = 40;
  if (text.size() <= limit) return std::string(text);
  const std::size_t room = limit - std::min(limit, kRoomForCount);
  const std::size_t end = text.rfind('\n', room);
  if (end == std::string_view::npos || end == 0) return shorten(text, limit);
  const auto left = std::ranges::count(text.substr(end + 1), '\n') + 1;
  return fmt::format("{}\n… {} more line{}", text.substr(0, end), left, left == 1 ? "" : "s");
}

AlarmMessage word_event(const notify::Notification& notification) {
  const notify::EventFacts& facts = *notification.event;
  const Json event = Json::parse(notification.payload, nullptr, false);
  AlarmMessage message;
  message.is_event = true;
  message.badge = "EVENT";
  message.id = one_line(notification.id, kMaxName);
  message.description = one_line(facts.description, kMaxDescription);
  const std::string name = member(event, {"detail-type", "eventName", "EventType"});
  message.headline = one_line(facts.rule, kMaxName);
  if (!name.empty()) message.headline += ": " + name;
  const auto add = [&](const char* title, std::string text) {
    if (!text.empty()) message.facts.emplace_back(title, std::move(text));
  };
  add("What", one_line(facts.summary, kMaxSummary));
  add("Event", name);
  add("Source", member(event, {"source", "eventSource"}));
  add("Account", one_line(facts.account, kMaxValue));
  add("Region", one_line(facts.region, kMaxValue));
  add("Time", format_rfc3339(facts.time));
  add("Log group", one_line(facts.log_group, kMaxValue));
  add("Read at", one_line(facts.place, kMaxValue));
  if (facts.cut_bytes > 0) add("Cut", fmt::format("{} bytes of it are not shown here", facts.cut_bytes));
  message.event = pretty(event, notification.payload);
  message.origin = fmt::format("Tocsin in {}, account {}", one_line(facts.installation_region, kMaxName),
                               facts.installation_account);
  return message;
}

}  // namespace tocsin::sinks
