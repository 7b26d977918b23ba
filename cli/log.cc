#include "cli/log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace tocsin::cli {
namespace {

constexpr Duration kQuiet = std::chrono::seconds(60);
constexpr std::size_t kMaxRepeats = 1000;  // beyond it notes are said each time

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      break;
  }
  return "error";
}

Ink ink_of(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return Ink::Green;
    case Severity::Warning:
      return Ink::Yellow;
    case Severity::Error:
      break;
  }
  return Ink::Red;
}

std::string as_text(const Note& note, WallTime at, const TextStyle& style) {
  const EventTime second = floor_to(as_event_time(at), std::chrono::seconds(1));
  std::string line =
      fmt::format("{} {} {}", paint(format_rfc3339(second), Ink::Dim, style),
                  paint(fmt::format("{:<7}", name_of(note.severity)), ink_of(note.severity), style),
                  printable(note.text, style));
  if (!note.advice.empty()) line += paint("; " + printable(note.advice, style), Ink::Dim, style);
  return line + "\n";
}

std::string as_json(const Note& note, WallTime at) {
  nlohmann::ordered_json line;
  for (const auto& [key, value] :
       {std::pair<const char*, std::string>{"time", format_rfc3339(as_event_time(at))},
        {"severity", std::string(name_of(note.severity))},
        {"code", note.code},
        {"text", note.text}}) {
    line[key] = value;
  }
  if (!note.advice.empty()) line["advice"] = note.advice;
  for (const auto& [key, value] : note.fields) {
    if (!line.contains(key)) line[key] = value;
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string key_of(const Note& note) {
  std::string key = note.code;
  for (const auto& [name, value] : note.fields) {
    key += '\0';
    key += name;
    key += '\0';
    key += value;
  }
  return key;
}

}  // namespace

std::optional<LogFormat> parse_log_format(std::string_view name) {
  if (name == "text") return LogFormat::Text;
  if (name == "json") return LogFormat::Json;
  return std::nullopt;
}

std::string render(const Note& note, WallTime at, LogFormat format, const TextStyle& style) {
  return format == LogFormat::Json ? as_json(note, at) : as_text(note, at, style);
}

Log::Log(std::FILE* out, LogFormat format, const TextStyle& style, std::function<WallTime()> now)
    : out_(out), format_(format), style_(style), now_(std::move(now)) {}

Log::~Log() { release(now_(), true); }

void Log::write(const Note& note) {
  std::lock_guard lock(mutex_);
  const WallTime now = now_();
  release(now, false);
  if (note.fields.empty()) return put(note, 0, now);
  const std::string key = key_of(note);
  if (const auto found = repeats_.find(key); found != repeats_.end()) {
    ++found->second.held_back;
    found->second.newest = note;
    return;
  }
  if (repeats_.size() < kMaxRepeats) repeats_.emplace(key, Repeated{now, 0, note});
  put(note, 0, now);
}

void Log::print(std::string_view lines) {
  std::lock_guard lock(mutex_);
  std::fwrite(lines.data(), 1, lines.size(), out_);
}

// Forgets what was said more than a minute ago, saying how often it came since. A clock that was set back
// must not keep notes from people either.
void Log::release(WallTime now, bool all) {
  for (auto at = repeats_.begin(); at != repeats_.end();) {
    const Repeated& repeated = at->second;
    if (!all && now >= repeated.since && now - repeated.since < kQuiet) {
      ++at;
      continue;
    }
    if (repeated.held_back > 0) put(repeated.newest, repeated.held_back, now);
    at = repeats_.erase(at);
  }
}

void Log::put(const Note& note, std::uint64_t held_back, WallTime at) {
  Note said = note;
  if (held_back > 0) {
    said.text += fmt::format(" ({} more {})", held_back, held_back == 1 ? "time" : "times");
    said.fields.emplace_back("repeated", std::to_string(held_back));
  }
  const std::string line = render(said, at, format_, style_);
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

}  // namespace tocsin::cli
