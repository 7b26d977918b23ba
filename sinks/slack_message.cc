#include "sinks/slack_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sinks/alarm_message.h"
#include "sinks/event_message.h"
#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

using Json = nlohmann::ordered_json;

// Characters, by Slack's reference of blocks. Bytes are never fewer.
constexpr std::size_t kMaxHeader = 150;
constexpr std::size_t kMaxText = 3000;
constexpr std::size_t kMaxField = 2000;
constexpr std::size_t kMaxFields = 10;
constexpr int kBarWidth = 24;

// `text` as Slack's markup takes it literally, at most `limit` bytes once escaped.
std::string escaped(std::string_view text, std::size_t limit) {
  constexpr std::string_view kDots = "…";
  std::string out;
  std::size_t kept = 0;  // of `out`, where dots would still fit, at a character's end
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && out.size() + kDots.size() <= limit) kept = out.size();
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
    if (out.size() > limit) return out.substr(0, kept).append(kDots);
  }
  return out;
}

// Inline code, in which nothing else is markup.
std::string code(std::string_view text, std::size_t limit) {
  std::string plain(text);
  std::ranges::replace(plain, '`', '\'');
  return plain.empty() ? "–" : "`" + escaped(plain, limit - 2) + "`";
}

Json markup(std::string text) { return {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}}; }

Json plain(std::string_view text, std::size_t limit) {
  return {{"type", "plain_text"}, {"text", shorten(text, limit)}, {"emoji", false}};
}

Json section(std::string text) { return {{"type", "section"}, {"text", markup(std::move(text))}}; }

std::string_view color_of(const AlarmMessage& message) {
  if (message.is_event) return "#0969da";
  switch (message.state) {
    case alarm::State::Alarm:
      return "#d1242f";
    case alarm::State::Ok:
      return "#1a7f37";
    case alarm::State::InsufficientData:
      break;
  }
  return "#9a6700";
}

// The rows as a drawing in letters of one width.
std::string chart(const AlarmMessage& message) {
  std::size_t value_width = 1;
  for (const MessageRow& row : message.rows) value_width = std::max(value_width, row.value.size());
  std::string text = "```\n";
  for (const MessageRow& row : message.rows) {
    if (row.value.empty()) {
      text += fmt::format("{}  {:>{}}  no data\n", row.time, "-", value_width);
      continue;
    }
    std::string bar;
    for (int i = 0; i < static_cast<int>(row.share * kBarWidth + 0.5); ++i) bar += "█";
    text += fmt::format("{}  {:>{}}  {}{}\n", row.time, row.value, value_width, bar,
                        row.breaching ? (bar.empty() ? "breaching" : " breaching") : "");
  }
  return text + "```";
}

// Several lines as they are. What escaping adds must fit, too.
std::string code_block(std::string_view text) {
  constexpr std::size_t kMost = kMaxText - 10;
  std::string plain(text);
  std::ranges::replace(plain, '`', '\'');
  std::size_t limit = kMost;
  std::string shown = first_lines(plain, limit);
  while (escaped(shown, 8 * kMost).size() > kMost) {
    limit -= limit / 8;
    shown = first_lines(plain, limit);
  }
  return "```\n" + escaped(shown, kMost) + "\n```";
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Is there an emoji's name, `:x:`? Two digits alone or before a dash are a clock's.
bool names_emoji(std::string_view text) {
  for (std::size_t from = text.find(':'); from != std::string_view::npos;) {
    const std::size_t to = text.find_first_of(": ", from + 1);
    if (to == std::string_view::npos) return false;
    const std::string_view name = text.substr(from + 1, to - from - 1);
    const bool clock = name.size() >= 2 && is_digit(name[0]) && is_digit(name[1]) &&
                       (name.size() == 2 || name.substr(2).starts_with("–"));
    if (text[to] == ':' && !name.empty() && !clock) return true;
    from = text.find(':', to);
  }
  return false;
}

// Could Slack take something in it for markup?
bool has_markup(std::string_view text) {
  return text.find_first_of("*_~`<&>") != std::string_view::npos || names_emoji(text);
}

// As it is where that is safe, else as code.
std::string literal(std::string_view text, std::size_t limit) {
  return text.empty() || has_markup(text) ? code(text, limit) : shorten(text, limit);
}

// The name of a fact in bold; that of a dimension may be anything, also markup.
std::string label(const std::string& name) {
  constexpr std::size_t kMaxLabel = 300;
  return has_markup(name) ? code(name, kMaxLabel) : "*" + shorten(name, kMaxLabel) + "*";
}

// The first sentence, then the rest in two columns.
void add_facts(const AlarmMessage& message, Json& blocks) {
  Json fields = Json::array();
  for (const auto& [name, value] : message.facts) {
    if (name == "Why" || name == "What") {
      blocks.push_back(section(fmt::format("*{}*  {}", name, literal(value, kMaxText - 11))));
    } else if (fields.size() < kMaxFields) {
      // The name of a dimension is the user's, its value the log's.
      fields.push_back(markup(fmt::format("{}\n{}", label(name), literal(value, kMaxField - 400))));
    }
  }
  if (!fields.empty()) blocks.push_back({{"type", "section"}, {"fields", std::move(fields)}});
}

}  // namespace

std::string slack_message(const notify::Notification& notification) {
  const AlarmMessage message = word(notification);
  Json blocks = Json::array();
  if (!message.description.empty())
    blocks.push_back({{"type", "section"}, {"text", plain(message.description, kMaxText)}});
  add_facts(message, blocks);
  if (!message.rows.empty()) blocks.push_back(section(chart(message)));
  for (const MessageExample& example : message.examples) {
    std::string text = fmt::format("{}  {}", code(example.time, 40), code(example.place, 400));
    if (!example.text.empty()) text += "\n" + code(example.text, kMaxText - 500);
    blocks.push_back(section(std::move(text)));
  }
  if (!message.event.empty()) blocks.push_back(section(code_block(message.event)));
  blocks.push_back(
      {{"type", "context"},
       {"elements", Json::array({plain(fmt::format("{} · {}", message.origin, message.id), kMaxText)})}});

  const std::string headline = fmt::format("{}: {}", message.badge, message.headline);
  const Json whole{
      {"text", escaped(headline, kMaxText)},
      {"mrkdwn", false},
      {"unfurl_links", false},
      {"unfurl_media", false},
      {"blocks", Json::array({{{"type", "header"}, {"text", plain(headline, kMaxHeader)}}})},
      {"attachments", Json::array({{{"color", color_of(message)}, {"blocks", std::move(blocks)}}})},
  };
  return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tocsin::sinks
