// The console: notifications for who watches a terminal or collects a process's output.
//
// `format: text` (the default) is one readable line on stderr; `format: json` is the payload, one line on
// stdout.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sinks/builtin_sinks.h"
#include "sinks/line_writer.h"

namespace tocsin::sinks {
namespace {

// Dimension values come out of other people's logs: whatever could move a terminal's cursor is shown as a
// number.
std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && next >= 0x80 &&
               next < 0xA0) {  // U+0080 to U+009F: the other control characters
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view attribute(const notify::Notification& notification, std::string_view name) {
  for (const auto& [key, value] : notification.attributes) {
    if (key == name) return value;
  }
  return {};
}

// `2026-03-01T09:05:00Z EVENT: "backup-failed" in account 111122223333, eu-central-1: aws.backup …`
// `2026-03-01T09:05:00Z ALARM ssh-failures{SourceIp="203.0.113.7"}: Threshold Crossed: …`
std::string readable(const notify::Notification& notification) {
  const std::string_view state = attribute(notification, "state");
  std::string line = format_rfc3339(notification.time) + " ";
  line += state.empty() ? notification.subject : fmt::format("{} {}", state, notification.key);
  if (notification.event != nullptr) return without_controls(line + ": " + notification.event->summary);
  const auto payload = nlohmann::json::parse(notification.payload, nullptr, false);
  if (payload.is_object()) {
    const auto reason = payload.find("NewStateReason");
    if (reason != payload.end() && reason->is_string()) line += ": " + reason->get<std::string>();
  }
  return without_controls(line);
}

class ConsoleSink final : public notify::Sink {
 public:
  explicit ConsoleSink(const SinkSettings& settings)
      : format_(text_or(settings, "format", "text")), writer_(json() ? STDOUT_FILENO : STDERR_FILENO) {}

  Result<void> open() override {
    if (format_ != "text" && format_ != "json") {
      return fail(ErrorCode::Invalid, fmt::format("format is text or json, not '{}'", format_));
    }
    return {};
  }

  notify::Attempt deliver(const notify::Notification& notification) override {
    const auto written = writer_.append(json() ? notification.payload : readable(notification));
    return written ? notify::Attempt{} : failed_write(written.error());
  }

  std::string describe() const override { return json() ? "console (stdout)" : "console (stderr)"; }

 private:
  [[nodiscard]] bool json() const { return format_ == "json"; }

  const std::string format_;
  LineWriter writer_;
};

constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
constexpr std::array kOptions = {
    SinkOption{.name = "format",
               .description = "text: a readable line on stderr; json: the payload as a line on stdout.",
               .choices = kFormats},
};

}  // namespace

SinkKind console_sink() {
  return {.name = "console", .scalar_option = {}, .options = kOptions, .make = make<ConsoleSink>};
}

}  // namespace tocsin::sinks
