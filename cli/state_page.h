// What `tocsin state verify` and `show` say, for people and for programs. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/state_contents.h"
#include "cli/text_style.h"
#include "engine/base/result.h"
#include "engine/store/state_report.h"

namespace tocsin::cli {

[[nodiscard]] std::string state_page(const std::string& directory, const store::StateReport& report,
                                     const TextStyle& style);

// `whole` and `faults` only where it was verified. Texts that are no UTF-8 are mended.
[[nodiscard]] nlohmann::ordered_json state_json(const std::string& directory,
                                                const store::StateReport& report);

// What `show` adds: what is in it, or why that cannot be read.
[[nodiscard]] std::string contents_page(const Result<StateContents>& contents, const TextStyle& style);
// The same as members of one object: `positions`, `ledger`, `alarms`, `series`, `outbox`; or `error`.
[[nodiscard]] nlohmann::ordered_json contents_json(const Result<StateContents>& contents);

}  // namespace tocsin::cli
