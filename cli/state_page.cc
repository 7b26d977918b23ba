#include "cli/state_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/table.h"
#include "engine/alarm/transition.h"

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

constexpr std::size_t kMostPositions = 50;  // programs get all of them

std::string heading(std::string_view title, const TextStyle& style) {
  return "\n" + paint(title, Ink::Bold, style) + "\n";
}

std::string positions_part(const std::vector<StateContents::Position>& positions, const TextStyle& style) {
  std::vector<std::vector<Cell>> rows{{{"source", Ink::Dim},
                                       {"partition", Ink::Dim},
                                       {"next offset", Ink::Dim, true},
                                       {"last event", Ink::Dim}}};
  for (std::size_t i = 0; i < std::min(positions.size(), kMostPositions); ++i) {
    const StateContents::Position& one = positions[i];
    rows.push_back({{printable(one.source, style)},
                    {printable(one.partition, style)},
                    {std::to_string(one.next_offset), Ink::Plain, true},
                    {one.last_event == kNever ? "-" : format_rfc3339(one.last_event)}});
  }
  std::string out = heading("Positions", style) + render_table(rows, "  ", style);
  if (positions.size() > kMostPositions)
    out +=
        fmt::format("  and {} more: `--json` shows all\n", group_digits(positions.size() - kMostPositions));
  return out;
}

std::string alarms_part(const StateContents& contents, const TextStyle& style) {
  std::string states;
  for (const alarm::State state : {alarm::State::Alarm, alarm::State::InsufficientData, alarm::State::Ok}) {
    states += fmt::format("  {} {}", group_digits(contents.alarms[static_cast<std::size_t>(state)]),
                          alarm::to_string(state));
  }
  return heading("Alarms", style) + states + fmt::format("; {} series\n", group_digits(contents.series));
}

std::string ledger_part(const std::map<std::string, std::uint64_t>& ledger, const TextStyle& style) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& [name, count] : ledger)
    rows.push_back({{printable(name, style)}, {group_digits(count), Ink::Plain, true}});
  return heading("Ledger", style) +
         (rows.empty() ? "  nothing was counted yet\n" : render_table(rows, "  ", style));
}

std::string outbox_part(const StateContents& contents, const TextStyle& style) {
  if (contents.outbox == 0) return heading("Outbox", style) + "  nothing is to be delivered\n";
  std::vector<std::vector<Cell>> rows;
  for (const StateContents::Waiting& one : contents.waiting) {
    rows.push_back({{printable(fmt::format("{}/{}", one.topic, one.subscription), style)},
                    {group_digits(one.notifications), Ink::Yellow, true}});
  }
  return heading("Outbox", style) +
         fmt::format("  {} to be delivered, {}\n", group_digits(contents.outbox),
                     format_bytes(contents.outbox_bytes)) +
         render_table(rows, "  ", style);
}

}  // namespace

std::string contents_page(const Result<StateContents>& contents, const TextStyle& style) {
  if (!contents) {
    return "\n" +
           paint(
               fmt::format("what is in it cannot be read: {}", printable(describe(contents.error()), style)),
               Ink::Red, style) +
           "\n";
  }
  std::string out;
  if (!contents->positions.empty()) out += positions_part(contents->positions, style);
  return out + alarms_part(*contents, style) + ledger_part(contents->ledger, style) +
         outbox_part(*contents, style);
}

nlohmann::ordered_json contents_json(const Result<StateContents>& contents) {
  const auto text = [](const std::string& from) { return printable(from, {.unicode = true}); };
  using Json = nlohmann::ordered_json;
  if (!contents) return {{"error", text(describe(contents.error()))}};
  Json object{{"positions", Json::array()}, {"ledger", Json::object()}, {"alarms", Json::object()}};
  for (const StateContents::Position& one : contents->positions) {
    object["positions"].push_back(
        {{"source", text(one.source)},
         {"partition", text(one.partition)},
         {"next_offset", one.next_offset},
         {"last_event", one.last_event == kNever ? Json(nullptr) : Json(format_rfc3339(one.last_event))}});
  }
  for (const auto& [name, count] : contents->ledger) object["ledger"][text(name)] = count;
  for (const alarm::State state : {alarm::State::Alarm, alarm::State::InsufficientData, alarm::State::Ok}) {
    object["alarms"][std::string(alarm::to_string(state))] =
        contents->alarms[static_cast<std::size_t>(state)];
  }
  object["series"] = contents->series;
  Json& outbox = object["outbox"];
  outbox = {
      {"notifications", contents->outbox}, {"bytes", contents->outbox_bytes}, {"waiting", Json::array()}};
  for (const StateContents::Waiting& one : contents->waiting) {
    outbox["waiting"].push_back({{"topic", text(one.topic)},
                                 {"subscription", text(one.subscription)},
                                 {"notifications", one.notifications}});
  }
  return object;
}

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
