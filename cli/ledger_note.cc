#include "cli/ledger_note.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace tocsin::cli {
namespace {

std::string rejects_text(const event::RejectCounts& rejects) {
  std::string text;
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (rejects.counts[i] > 0)
      text += fmt::format("{} {} {}", text.empty() ? "" : ",", event::kRejectNames[i], rejects.counts[i]);
  }
  return text.empty() ? text : fmt::format(" ({})", text.substr(1));
}

}  // namespace

Note ledger_note(std::string code, const std::string& verb, const runtime::EngineCounts& counts) {
  const event::ItemCounts& items = counts.items;
  Note note{Severity::Info, std::move(code), {}, {}, {}};
  note.text = fmt::format(
      "{}: {} read = {} decoded + {} skipped + {} refused + {} dead; {} matched, {}{} transitions, {} "
      "notifications; rejected {}{}",
      verb, items.read, items.decoded, items.skipped_total(), items.refused, items.dead, counts.matched,
      counts.rule_matches > 0 ? fmt::format("{} by rules, ", counts.rule_matches) : std::string(),
      counts.transitions, counts.notifications, counts.rejects.total(), rejects_text(counts.rejects));
  const auto field = [&note](std::string_view name, std::uint64_t count) {
    note.fields.emplace_back(std::string(name), std::to_string(count));
  };
  field("read", items.read);
  field("decoded", items.decoded);
  field("skipped", items.skipped_total());
  field("refused", items.refused);
  field("dead", items.dead);
  for (std::size_t i = 0; i < event::kSkipReasons; ++i) {
    if (items.skipped[i] > 0) field(fmt::format("skipped_{}", event::kSkipNames[i]), items.skipped[i]);
  }
  for (std::size_t i = 0; i < event::kRejectReasons; ++i) {
    if (counts.rejects.counts[i] > 0)
      field(fmt::format("rejected_{}", event::kRejectNames[i]), counts.rejects.counts[i]);
  }
  field("matched", counts.matched);
  if (counts.rule_matches > 0) field("rule_matches", counts.rule_matches);
  if (counts.untold > 0) field("untold", counts.untold);
  field("transitions", counts.transitions);
  field("notifications", counts.notifications);
  if (counts.filtered > 0) field("filtered", counts.filtered);
  return note;
}

}  // namespace tocsin::cli
