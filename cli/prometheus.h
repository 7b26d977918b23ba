// The page that Prometheus scrapes: text format 0.0.4, from the table of the engine's own metrics. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/runtime/telemetry.h"

namespace tocsin::cli {

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

// `telemetry` may be null: the engine has not said anything yet.
[[nodiscard]] std::string prometheus_page(const runtime::Telemetry* telemetry, std::string_view version);

}  // namespace tocsin::cli
