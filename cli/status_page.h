// What `tocsin status` and `tocsin alarms` show to people, from the engine's answers. Pure; an answer that
// lacks something (of another version) throws nlohmann's exception, which the command catches.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/text_style.h"
#include "engine/base/time.h"

namespace tocsin::cli {

[[nodiscard]] std::string status_page(const nlohmann::ordered_json& status, const TextStyle& style);

// `now` is for how long ago each state began.
[[nodiscard]] std::string alarms_page(const nlohmann::ordered_json& alarms, EventTime now,
                                      const TextStyle& style);

}  // namespace tocsin::cli
