#include "sinks/email_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "engine/base/base64.h"
#include "engine/base/hash.h"
#include "sinks/alarm_message.h"
#include "sinks/plain_text.h"

namespace tocsin::sinks {
namespace {

constexpr std::size_t kMaxLine = 76;         // of a quoted-printable line, RFC 2045
constexpr std::size_t kMaxEncodedWord = 42;  // bytes of text in one encoded word: 75 with its frame
constexpr std::size_t kMaxSubject = 99;      // characters
constexpr std::size_t kMaxAddress = 254;

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
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
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// "Sun, 01 Mar 2026 09:05:00 +0000"
std::string mail_date(WallTime time) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Duration>{time.time_since_epoch()});
  const std::chrono::year_month_day date{day};
  return fmt::format("{}, {:02} {} {} {} +0000", kDays[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), format_rfc3339(as_event_time(time)).substr(11, 8));
}

// One address a line: a header's line has its limit, too.
std::string address_list(const std::vector<Mailbox>& mailboxes) {
  std::string out;
  for (const Mailbox& mailbox : mailboxes) {
    if (!out.empty()) out += ",\r\n ";
    if (mailbox.name.empty()) {
      out += mailbox.address;
      continue;
    }
    std::string name = encode_header(mailbox.name);
    if (name == mailbox.name) {
      std::erase_if(name, [](char c) { return c == '"' || c == '\\'; });
      name = "\"" + name + "\"";
    }
    out += fmt::format("{} <{}>", name, mailbox.address);
  }
  return out;
}

std::string hash_hex(std::string_view text) { return to_hex(hash128(text)); }

// --- the two bodies ---

std::string text_body(const AlarmMessage& message) {
  std::string out = fmt::format("{}: {}\n", message.badge, message.headline);
  if (!message.description.empty()) out += "\n" + message.description + "\n";
  std::size_t width = 0;
  for (const auto& [name, value] : message.facts) width = std::max(width, count_characters(name));
  if (!message.facts.empty()) out += "\n";
  for (const auto& [name, value] : message.facts)
    out += name + ":" + std::string(width + 2 - count_characters(name), ' ') + value + "\n";
  if (!message.rows.empty()) out += "\nPeriods (start, UTC)\n";
  for (const MessageRow& row : message.rows) {
    out += fmt::format("  {}  {}{}\n", row.time, row.value.empty() ? "no data" : row.value,
                       row.breaching ? "  breaching" : "");
  }
  if (!message.examples.empty()) out += "\nEvents behind it\n";
  for (const MessageExample& example : message.examples) {
    out += fmt::format("  {}  {}\n", example.time, example.place);
    if (!example.text.empty()) out += "    " + example.text + "\n";
  }
  if (!message.event.empty()) out += "\n" + message.event + "\n";
  if (!message.reason.empty()) out += "\n" + message.reason + "\n";
  return out + fmt::format("\n-- \n{}\n{}\n", message.origin, message.id);
}

struct Colors {
  std::string_view strong;
  std::string_view soft;
};

Colors colors_of(const AlarmMessage& message) {
  if (message.is_event) return {"#0550ae", "#ddf4ff"};
  switch (message.state) {
    case alarm::State::Alarm:
      return {"#b42318", "#fdecea"};
    case alarm::State::Ok:
      return {"#1a7f37", "#e6f4ea"};
    case alarm::State::InsufficientData:
      break;
  }
  return {"#8a6100", "#fff4d6"};
}

constexpr std::string_view kFont = "font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif";
constexpr std::string_view kMono = "font-family:SFMono-Regular,Consolas,Menlo,monospace";

// A bar for each period; the threshold is named in the caption, since mail draws no line across rows.
std::string html_rows(const AlarmMessage& message, const Colors& colors) {
  std::string out =
      "<tr><td style=\"padding:20px 28px 4px;font-size:13px;font-weight:600;color:#57606a\">Periods (start, "
      "UTC)</td></tr><tr><td style=\"padding:0 28px 4px\"><table role=\"presentation\" width=\"100%\" "
      "cellpadding=\"0\" "
      "cellspacing=\"0\" style=\"border-collapse:collapse\">";
  for (const MessageRow& row : message.rows) {
    const bool gap = row.value.empty();
    const int share = static_cast<int>(row.share * 100 + 0.5);
    const std::string_view ink = row.breaching ? colors.strong : "#57606a";
    out += fmt::format(
        "<tr><td style=\"{};font-size:13px;color:#57606a;padding:3px 10px 3px "
        "0;white-space:nowrap;width:1%\">{}</td>"
        "<td style=\"padding:3px 0\">",
        kMono, html(row.time));
    if (gap) {
      out += "<span style=\"font-size:12px;font-style:italic;color:#8c959f\">no data</span>";
    } else if (share > 0) {
      out += fmt::format(
          "<table role=\"presentation\" width=\"{}%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td "
          "bgcolor=\"{}\" "
          "style=\"background-color:{};height:14px;line-height:14px;font-size:1px;border-radius:2px\">&nbsp;<"
          "/td></tr></table>",
          share, row.breaching ? colors.strong : "#b6bec8", row.breaching ? colors.strong : "#b6bec8");
    }
    out += fmt::format(
        "</td><td align=\"right\" style=\"{};font-size:13px;font-weight:{};color:{};padding:3px 0 3px "
        "10px;white-space:nowrap;width:1%\">{}</td></tr>",
        kMono, row.breaching ? 700 : 400, ink, html(gap ? "–" : row.value));
  }
  return out + "</table></td></tr>";
}

std::string html_facts(const AlarmMessage& message) {
  std::string out =
      "<tr><td style=\"padding:12px 28px 4px\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
      "cellspacing=\"0\">";
  for (const auto& [name, value] : message.facts) {
    out += fmt::format(
        "<tr><td valign=\"top\" style=\"font-size:14px;color:#57606a;padding:4px 16px 4px "
        "0;white-space:nowrap;width:1%\">{}</td><td valign=\"top\" "
        "style=\"font-size:14px;color:#1f2328;padding:4px "
        "0;word-break:break-word\">{}</td></tr>",
        html(name), html(value));
  }
  return out + "</table></td></tr>";
}

std::string html_examples(const AlarmMessage& message) {
  std::string out =
      "<tr><td style=\"padding:20px 28px 0;font-size:13px;font-weight:600;color:#57606a\">Events behind "
      "it</td></tr>";
  for (const MessageExample& example : message.examples) {
    out += fmt::format(
        "<tr><td style=\"padding:8px 28px 0\"><div style=\"{0};font-size:12px;color:#57606a\">{1} "
        "&nbsp;{2}</div>",
        kMono, html(example.time), html(example.place));
    if (!example.text.empty()) {
      out += fmt::format(
          "<div "
          "style=\"{};font-size:12px;line-height:1.5;color:#1f2328;background-color:#f3f5f7;border-radius:"
          "4px;"
          "padding:8px 10px;margin-top:4px;overflow-wrap:anywhere;word-break:break-word\">{}</div>",
          kMono, html(example.text));
    }
    out += "</td></tr>";
  }
  return out;
}

std::string html_event(const AlarmMessage& message) {
  return fmt::format(
      "<tr><td style=\"padding:16px 28px 0\"><pre "
      "style=\"{};font-size:12px;line-height:1.5;color:#1f2328;background-color:#f3f5f7;border-radius:4px;"
      "padding:8px 10px;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word\">{}</pre>"
      "</td></tr>",
      kMono, html(message.event));
}

}  // namespace

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  Mailbox mailbox;
  if (const std::size_t open = text.rfind('<'); open != std::string_view::npos && text.ends_with('>')) {
    std::string_view name = text.substr(0, open);
    while (name.ends_with(' ')) name.remove_suffix(1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"'))
      name = name.substr(1, name.size() - 2);
    mailbox.name = one_line(name, kMaxAddress);
    text = text.substr(open + 1, text.size() - open - 2);
  }
  const std::size_t sign = text.rfind('@');
  if (sign == std::string_view::npos || sign == 0 || sign + 1 == text.size() || text.size() > kMaxAddress)
    return std::nullopt;
  if (!is_printable_ascii(text) || text.find_first_of(" <>,;:\\\"()[]") != std::string_view::npos ||
      text.find('@') != sign)
    return std::nullopt;
  mailbox.address = text;
  return mailbox;
}

std::string encode_header(std::string_view text) {
  if (is_printable_ascii(text)) return std::string(text);
  const std::string valid = valid_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    std::size_t end = std::min(at + kMaxEncodedWord, valid.size());
    while (end < valid.size() && (static_cast<unsigned char>(valid[end]) & 0xC0U) == 0x80U) --end;
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ",
                       encode_base64(std::string_view(valid).substr(at, end - at)));
    at = end;
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool last = at + 1 == text.size() || text[at + 1] == '\n';
    const bool literal = (c >= 0x21 && c <= 0x7E && c != '=') || ((c == ' ' || c == '\t') && !last);
    const std::size_t width = literal ? 1 : 3;
    if (column + width > kMaxLine - 1) {
      out += "=\r\n";
      column = 0;
    }
    if (literal) {
      out += c;
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    column += width;
  }
  return out;
}

std::string email_html(const notify::Notification& notification) {
  const AlarmMessage message = word(notification);
  const Colors colors = colors_of(message);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light\"><meta "
      "name=\"supported-color-schemes\" content=\"light\"><title>{0}: {1}</title></head>\n<body "
      "style=\"margin:0;padding:0;background-color:#eef0f3\"><table role=\"presentation\" width=\"100%\" "
      "cellpadding=\"0\" cellspacing=\"0\" bgcolor=\"#eef0f3\"><tr><td align=\"center\" style=\"padding:24px "
      "12px\"><table role=\"presentation\" width=\"640\" cellpadding=\"0\" cellspacing=\"0\" "
      "bgcolor=\"#ffffff\" "
      "style=\"{2};width:100%;max-width:640px;background-color:#ffffff;border-radius:8px;border-top:6px "
      "solid {3}\">\n"
      "<tr><td style=\"padding:24px 28px 0\"><span "
      "style=\"display:inline-block;background-color:{4};color:{3};font-size:12px;"
      "font-weight:700;letter-spacing:.06em;padding:3px 10px;border-radius:10px\">{0}</span>"
      "<div "
      "style=\"font-size:21px;line-height:1.35;font-weight:600;color:#1f2328;padding-top:10px;word-break:"
      "break-word\">{1}</div>",
      html(message.badge), html(message.headline), kFont, colors.strong, colors.soft);
  if (!message.description.empty()) {
    out += fmt::format("<div style=\"font-size:15px;line-height:1.5;color:#3d444d;padding-top:6px\">{}</div>",
                       html(message.description));
  }
  out += "</td></tr>\n";
  if (!message.facts.empty()) out += html_facts(message) + "\n";
  if (!message.rows.empty()) out += html_rows(message, colors) + "\n";
  if (!message.examples.empty()) out += html_examples(message) + "\n";
  if (!message.event.empty()) out += html_event(message) + "\n";
  out += fmt::format(
      "<tr><td style=\"padding:24px 28px 22px;font-size:12px;line-height:1.6;color:#6e7781\">{}{}{}<br><span "
      "style=\"{}\">{}</span></td></tr></table></td></tr></table></body></html>\n",
      html(message.reason), message.reason.empty() ? "" : "<br><br>", html(message.origin), kMono,
      html(message.id));
  return out;
}

std::string email_message(const notify::Notification& notification, const Envelope& envelope, WallTime date) {
  std::vector<std::string> recipients;
  for (const auto* list : {&envelope.to, &envelope.cc}) {
    for (const Mailbox& mailbox : *list) recipients.push_back(mailbox.address);
  }
  std::ranges::sort(recipients);
  std::string all;
  for (const std::string& recipient : recipients) all += recipient + '\n';
  const std::string domain = envelope.from.address.substr(envelope.from.address.find('@') + 1);
  const std::string id = hash_hex(notification.id + '\n' + all);
  std::string boundary = "=_tocsin_" + id;  // `=_` cannot stand in quoted-printable

  std::string out;
  const auto header = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("{}: {}\r\n", name, value);
  };
  std::string subject = one_line(notification.subject, 4 * kMaxSubject);
  while (count_characters(subject) > kMaxSubject) subject = shorten(subject, subject.size() - 1);
  header("From", address_list({envelope.from}));
  header("To", address_list(envelope.to));
  if (!envelope.cc.empty()) header("Cc", address_list(envelope.cc));
  header("Subject", encode_header(subject));
  header("Date", mail_date(date));
  header("Message-ID", fmt::format("<{}@{}>", id, domain));
  header("References", fmt::format("<{}@{}>", hash_hex(notification.key), domain));
  header("Auto-Submitted", "auto-generated");
  header("X-Tocsin-Notification", encode_header(one_line(notification.id, kMaxSubject)));
  if (notification.facts != nullptr) {
    header("X-Tocsin-Alarm", encode_header(one_line(notification.facts->alarm, kMaxAddress)));
    header("X-Tocsin-State", alarm::to_string(notification.facts->to));
  }
  if (notification.event != nullptr)
    header("X-Tocsin-Rule", encode_header(one_line(notification.event->rule, kMaxAddress)));
  header("MIME-Version", "1.0");
  header("Content-Type", fmt::format("multipart/alternative;\r\n boundary=\"{}\"", boundary));
  for (const auto& [type, body] : {std::pair{"text/plain", text_body(word(notification))},
                                   std::pair{"text/html", email_html(notification)}}) {
    out += fmt::format(
        "\r\n--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n{}",
        boundary, type, quoted_printable(body));
  }
  return out + fmt::format("\r\n--{}--\r\n", boundary);
}

}  // namespace tocsin::sinks
