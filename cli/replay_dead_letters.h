// `tocsin run --replay-dead-letters`: what was kept because it could not be decoded, mended by now, through
// the same engine, and then the end.
//
// The letters are history: time is theirs, windows and states begin empty, and no source is read, so a
// running engine and its group are left alone. Only what a few events can prove is told: an ALARM that rests
// on data over its threshold, and the OK after it. That something is missing proves nothing here.
#pragma once

#include <string>

#include "cli/log.h"
#include "config/load.h"

namespace tocsin::cli {

struct DeadLetterReplay {
  std::string file;        // to read; empty: what `dead_letters:` names
  std::string still_dead;  // where letters go that are dead again; empty: they are told only
  bool age_limits = true;
};

// The exit code: 1 if some letter is dead still.
[[nodiscard]] int replay_dead_letters(const config::Configuration& configuration,
                                      const DeadLetterReplay& options, Log& log);

}  // namespace tocsin::cli
