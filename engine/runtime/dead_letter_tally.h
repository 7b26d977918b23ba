// What the log says of dead letters: at once for the first of a source and reason, then their number once a
// minute, however many there are.
//
//   Live --add() for each letter--> Notes --> cli/log
//
// Pure: the clock comes in. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/note.h"
#include "engine/base/time.h"
#include "engine/event/reject.h"

namespace tocsin::runtime {

class DeadLetterTally {
 public:
  // `kept_in`: the destination's description; empty: there is none, and the notes advise to have one.
  explicit DeadLetterTally(std::string kept_in) : kept_in_(std::move(kept_in)) {}

  // Counts one; a note if it is to be told now.
  [[nodiscard]] std::optional<Note> add(const std::string& source, event::RejectReason reason,
                                        std::string place, WallTime now);

  // The notes of what was counted untold for a minute, or of all that is untold.
  [[nodiscard]] std::vector<Note> due(WallTime now);
  [[nodiscard]] std::vector<Note> rest();

 private:
  using Key = std::pair<std::string, event::RejectReason>;
  struct Untold {
    WallTime told_at{};
    std::uint64_t count = 0;
    std::string place;  // of the first of them
  };

  [[nodiscard]] Note tell(const Key& key, Untold& untold) const;

  const std::string kept_in_;
  std::map<Key, Untold> untold_;
};

}  // namespace tocsin::runtime
