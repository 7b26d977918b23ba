// What a person should see while the engine runs: one line of its log.
//
//   sources, Live, Delivery --Note--> cli/log: text on a terminal, JSON lines otherwise
//
// A note says what happened, and what to do about it if anything. No note holds a secret. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tocsin {

enum class Severity : std::uint8_t {
  Info,     // nothing to do
  Warning,  // goes on, but somebody should look
  Error,    // something is lost, or stands still until somebody acts
};

struct Note {
  Severity severity = Severity::Info;
  std::string code;    // stable, for programs: "source_gap", "broker_away"
  std::string text;    // what happened, one line, no trailing stop
  std::string advice;  // what to do, or what happens by itself ("trying again"); empty: nothing
  std::vector<std::pair<std::string, std::string>> fields;  // the facts of `text`, for programs: topic, partition, …
};

// "text; advice".
[[nodiscard]] inline std::string to_text(const Note& note) {
  return note.advice.empty() ? note.text : note.text + "; " + note.advice;
}

}  // namespace tocsin
