#include "cli/state_page.h"

#include <fmt/format.h>

#include <vector>

#include "cli/table.h"

namespace tocsin::cli {
namespace {

std::vector<Cell> log_row(const store::ShardFacts& facts, const TextStyle& style) {
  const char* const dash = style.unicode ? "–" : "-";
  const std::string range =
      facts.records == 0
          ? fmt::format("no records; the newest was {}", group_digits(facts.last))
          : fmt::format("records {} {} {}", group_digits(facts.first), dash, group_digits(facts.last));
  return {{"log"},
          {range},
          {group_digits(facts.records), Ink::Plain, true},
          {format_bytes(facts.record_bytes), Ink::Plain, true},
          {""}};
}

std::vector<Cell> snapshot_row(const store::SnapshotFacts& facts, const TextStyle& style) {
  return {{"snapshot"},
          {fmt::format("of record {}", group_digits(facts.sequence))},
          {"", Ink::Plain, true},
          {format_bytes(facts.bytes), Ink::Plain, true},
          {printable(facts.written_at, style), Ink::Dim}};
}

std::string verdict(const store::StateReport& report, const TextStyle& style) {
  if (report.faults.empty())
    return paint("whole: every byte was read and is as it was written", Ink::Green, style) + "\n";
  const std::uint64_t faults = report.faults.size() + report.more_faults;
  std::string out =
      paint(fmt::format("damaged: {} {}", group_digits(faults), faults == 1 ? "fault" : "faults"), Ink::Red,
            style) +
      "\n";
  for (const std::string& fault : report.faults) out += fmt::format("  {}\n", printable(fault, style));
  if (report.more_faults > 0) out += fmt::format("  and {} more\n", group_digits(report.more_faults));
  out += "Restore the directory from a copy.\n";
  return out;
}

}  // namespace

std::string state_page(const std::string& directory, const store::StateReport& report,
                       const TextStyle& style) {
  std::string out = fmt::format("{}  {}, of which {} are free for what comes next\n",
                                paint(printable(directory, style), Ink::Bold, style),
                                format_bytes(report.bytes), format_bytes(report.free_bytes));
  out += fmt::format("made by {} at {}", printable(report.created_by, style),
                     printable(report.created_at, style));
  if (report.written_by != report.created_by)
    out += fmt::format(", used by {}", printable(report.written_by, style));
  out += fmt::format("; schema {}\n", report.schema);
  if (report.engine) {
    out += *report.engine > 0
               ? fmt::format("process {} uses it: this is its state at one moment\n", *report.engine)
               : "another process uses it: this is its state at one moment\n";
  }
  std::vector<std::vector<Cell>> rows;
  for (const store::ShardFacts& facts : report.shards) {
    rows.push_back(log_row(facts, style));
    for (const store::SnapshotFacts& snapshot : facts.snapshots)
      rows.push_back(snapshot_row(snapshot, style));
  }
  out += rows.empty() ? "\n  nothing is stored yet\n" : "\n" + render_table(rows, "  ", style);
  if (report.verified) out += "\n" + verdict(report, style);
  return out;
}

nlohmann::ordered_json state_json(const std::string& directory, const store::StateReport& report) {
  // Damage may be in any text; JSON is UTF-8.
  const auto text = [](const std::string& from) { return printable(from, {.unicode = true}); };
  nlohmann::ordered_json object{
      {"directory", text(directory)},          {"bytes", report.bytes},
      {"free_bytes", report.free_bytes},       {"schema", report.schema},
      {"created_by", text(report.created_by)}, {"created_at", text(report.created_at)},
      {"written_by", text(report.written_by)}, {"in_use", report.engine.has_value()}};
  if (report.engine && *report.engine > 0) object["process"] = *report.engine;
  nlohmann::ordered_json& shards = object["shards"] = nlohmann::ordered_json::array();
  for (const store::ShardFacts& facts : report.shards) {
    nlohmann::ordered_json shard{{"shard", facts.shard},
                                 {"log",
                                  {{"first", facts.first},
                                   {"last", facts.last},
                                   {"records", facts.records},
                                   {"bytes", facts.record_bytes}}}};
    nlohmann::ordered_json& snapshots = shard["snapshots"] = nlohmann::ordered_json::array();
    for (const store::SnapshotFacts& snapshot : facts.snapshots) {
      snapshots.push_back({{"sequence", snapshot.sequence},
                           {"pieces", snapshot.pieces},
                           {"bytes", snapshot.bytes},
                           {"written_at", text(snapshot.written_at)}});
    }
    shards.push_back(std::move(shard));
  }
  if (!report.verified) return object;
  object["whole"] = report.faults.empty();
  nlohmann::ordered_json& faults = object["faults"] = nlohmann::ordered_json::array();
  for (const std::string& fault : report.faults) faults.push_back(text(fault));
  if (report.more_faults > 0) object["more_faults"] = report.more_faults;
  return object;
}

}  // namespace tocsin::cli
