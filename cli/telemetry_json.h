// The engine's telemetry as JSON: what `tocsin status --json` prints. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/runtime/telemetry.h"

namespace tocsin::cli {

// RFC 3339; null for "not known" and "never again".
[[nodiscard]] nlohmann::ordered_json time_or_null(EventTime time);

// `age`: how long ago it was so (TelemetryBoard::age()).
[[nodiscard]] nlohmann::ordered_json to_json(const runtime::Telemetry& telemetry, const std::string& version,
                                             Duration age);

}  // namespace tocsin::cli
