#include "engine/runtime/late_tally.h"

#include <fmt/format.h>

#include <chrono>

namespace tocsin::runtime {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);

}  // namespace

std::optional<Note> LateTally::see(std::uint64_t late, WallTime now) {
  // A clock that was set back does not silence anybody.
  const bool is_due = !told_at_ || now - *told_at_ >= kInterval || now < *told_at_;
  if (late <= told_ || !is_due) return std::nullopt;
  const std::uint64_t more = late - told_;
  told_ = late;
  told_at_ = now;
  return Note{Severity::Warning,
              "values_late",
              fmt::format("{} matched, but came when no alarm looked at {} time any more: {} not count",
                          more == 1 ? "a value" : fmt::format("{} values", more), more == 1 ? "its" : "their",
                          more == 1 ? "it does" : "they do"),
              "give a source whose events come late a `delay:` as long as that; read a past day from its "
              "beginning (`start: earliest`), not after the present",
              {{"count", std::to_string(more)}, {"late", std::to_string(late)}}};
}

}  // namespace tocsin::runtime
