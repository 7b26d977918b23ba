// What the control socket is asked, and what it answers: one JSON object each.
//
//   {"command":"status"}
//   {"command":"alarms","prefix":"root-","state":"ALARM","limit":100}
//   {"command":"set-alarm-state","alarm":"a","dimensions":{"Account":"1111"},"state":"ALARM","reason":"a
//   drill"}
//   {"command":"reload"}
//
// What cannot be done is answered with {"error":…}: bad JSON, an unknown command or key, an alarm that is not
// there. Used by one thread, the socket's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/reloads.h"
#include "engine/base/note.h"
#include "engine/base/time.h"
#include "engine/runtime/requests.h"
#include "engine/runtime/telemetry.h"

namespace tocsin::cli {

class ControlRequests {
 public:
  // All outlive this, and the engine. `note` is told what was changed by hand, by the engine's thread. A
  // request that the engine does not come to within `wait` is answered so; `status` needs no engine.
  ControlRequests(const runtime::TelemetryBoard& board, runtime::Requests& engine, Reloads& reloads,
                  std::string version, std::function<void(const Note&)> note,
                  Duration wait = std::chrono::seconds(5));

  // One line without its end, for one without its end.
  [[nodiscard]] std::string answer(std::string_view line);

 private:
  const runtime::TelemetryBoard& board_;
  runtime::Requests& engine_;
  Reloads& reloads_;
  const std::string version_;
  const std::function<void(const Note&)> note_;
  const Duration wait_;
};

}  // namespace tocsin::cli
