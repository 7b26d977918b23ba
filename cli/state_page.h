// What `tocsin state verify` and `show` say, for people and for programs. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/text_style.h"
#include "engine/store/state_report.h"

namespace tocsin::cli {

[[nodiscard]] std::string state_page(const std::string& directory, const store::StateReport& report,
                                     const TextStyle& style);

// `whole` and `faults` only where it was verified. Texts that are no UTF-8 are mended.
[[nodiscard]] nlohmann::ordered_json state_json(const std::string& directory,
                                                const store::StateReport& report);

}  // namespace tocsin::cli
