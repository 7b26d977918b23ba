#include "engine/runtime/dead_letter_tally.h"

#include <fmt/format.h>

#include <chrono>

namespace tocsin::runtime {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);

// A clock that was set back does not silence anybody.
bool is_due(WallTime told_at, WallTime now) { return now - told_at >= kInterval || now < told_at; }

}  // namespace

std::optional<Note> DeadLetterTally::add(const std::string& source, event::RejectReason reason,
                                         std::string place, WallTime now) {
  const auto [at, is_new] = untold_.try_emplace({source, reason});
  Untold& untold = at->second;
  if (untold.count++ == 0) untold.place = std::move(place);
  if (!is_new && !is_due(untold.told_at, now)) return std::nullopt;
  untold.told_at = now;
  return tell(at->first, untold);
}

std::vector<Note> DeadLetterTally::due(WallTime now) {
  std::vector<Note> notes;
  for (auto& [key, untold] : untold_) {
    if (untold.count == 0 || !is_due(untold.told_at, now)) continue;
    untold.told_at = now;
    notes.push_back(tell(key, untold));
  }
  return notes;
}

std::vector<Note> DeadLetterTally::rest() {
  std::vector<Note> notes;
  for (auto& [key, untold] : untold_) {
    if (untold.count > 0) notes.push_back(tell(key, untold));
  }
  return notes;
}

Note DeadLetterTally::tell(const Key& key, Untold& untold) const {
  const auto& [source, reason] = key;
  Note note;
  note.severity = Severity::Warning;
  note.code = "dead_letters";
  note.text = untold.count == 1 ? fmt::format("an item of {} could not be used: {}, at {}", source,
                                              event::to_string(reason), untold.place)
                                : fmt::format("{} items of {} could not be used: {}, the first at {}",
                                              untold.count, source, event::to_string(reason), untold.place);
  note.advice =
      kept_in_.empty()
          ? "counted and not kept: set `dead_letters: {file: PATH}` to keep them for mending"
          : fmt::format(
                "kept in {}: `tocsin run --replay-dead-letters --still-dead FILE` gives a file to mend "
                "`value` in and to replay",
                kept_in_);
  note.fields = {{"source", source},
                 {"reason", std::string(event::to_string(reason))},
                 {"place", untold.place},
                 {"count", std::to_string(untold.count)}};
  if (!kept_in_.empty()) note.fields.emplace_back("kept_in", kept_in_);
  untold.count = 0;
  return note;
}

}  // namespace tocsin::runtime
