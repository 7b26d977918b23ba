// The log of the running engine: one line for each Note, on stderr.
//
//   sources, Live, Delivery, commands --Note--> Log --> text for people, or JSON lines for programs
//
//   2026-03-01T09:05:00Z warning trail: broker 1 is away; trying again
//   {"time":"2026-03-01T09:05:00Z","severity":"warning","code":"broker_away","text":"…","advice":"…","source":"trail"}
//
// A note that is repeated (same code, same fields) within a minute is counted instead of said, and how often
// it was is said with the next one, or once the minute is over. A note without fields is about the process as
// a whole and always said.
//
// Any thread may write; a line leaves whole.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cli/text_style.h"
#include "engine/base/note.h"
#include "engine/base/time.h"

namespace tocsin::cli {

enum class LogFormat : std::uint8_t { Text, Json };

// "text" or "json".
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view name);

// One line with its end. Text is made safe for the terminal: much of it comes from the outside.
[[nodiscard]] std::string render(const Note& note, WallTime at, LogFormat format, const TextStyle& style);

class Log {
 public:
  // `out` outlives the log.
  Log(std::FILE* out, LogFormat format, const TextStyle& style, std::function<WallTime()> now = wall_now);
  ~Log();  // says what was held back
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(const Note& note);
  // What is drawn already, as it is: only for a log that is text.
  void print(std::string_view lines);

  [[nodiscard]] LogFormat format() const { return format_; }
  [[nodiscard]] const TextStyle& style() const { return style_; }

 private:
  struct Repeated {
    WallTime since{};  // when it was last said
    std::uint64_t held_back = 0;
    Note newest;
  };

  void put(const Note& note, std::uint64_t held_back, WallTime at);
  void release(WallTime now, bool all);

  std::FILE* const out_;
  const LogFormat format_;
  const TextStyle style_;
  const std::function<WallTime()> now_;
  std::mutex mutex_;
  std::map<std::string, Repeated> repeats_;  // guarded by mutex_; of the last minute, kMaxRepeats at most
};

}  // namespace tocsin::cli
