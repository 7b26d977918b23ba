// What became of all that was read: the last line of a run, as a sum that people can check and fields for
// programs.
//
//   stopped: 1204 read = 1180 decoded + 3 skipped + 20 refused + 1 dead; 17 matched, 4 transitions, …
#pragma once

#include <string>

#include "engine/base/note.h"
#include "engine/runtime/engine.h"

namespace tocsin::cli {

// `verb` begins the text: "stopped". `code` is the note's.
[[nodiscard]] Note ledger_note(std::string code, const std::string& verb,
                               const runtime::EngineCounts& counts);

}  // namespace tocsin::cli
