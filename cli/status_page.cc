#include "cli/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "cli/alarm_words.h"
#include "cli/table.h"
#include "engine/base/number.h"
#include "engine/runtime/telemetry.h"

namespace tocsin::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& json, const TextStyle& style) {
  return printable(json.get<std::string>(), style);
}
std::string number(const Json& json) { return group_digits(json.get<std::uint64_t>()); }

std::optional<EventTime> time_of(const Json& json) {
  return json.is_string() ? parse_rfc3339(json.get<std::string>()) : std::nullopt;
}

Duration seconds_of(const Json& json) {
  return Duration{static_cast<Duration::rep>(json.get<double>() * 1000)};
}

// Whole seconds, as people read them.
std::string ago(Duration duration) {
  return duration_in_words(std::chrono::floor<std::chrono::seconds>(std::max(duration, Duration{0})));
}

std::string heading(std::string_view title, const TextStyle& style) {
  return "\n" + paint(title, Ink::Bold, style) + "\n";
}

Ink ink_of_state(std::string_view state) {
  return state == "ALARM" ? Ink::Red : state == "OK" ? Ink::Green : Ink::Yellow;
}

// "connected", "stalled for 7 min", "not connected", "at its end".
Cell condition_of(const Json& source, EventTime now) {
  if (const auto since = time_of(source.at("stalled_since"))) {
    return {"stalled for " + ago(now - *since), Ink::Red};
  }
  if (source.at("ended").get<bool>()) return {"at its end", Ink::Dim};
  if (!source.at("connected").get<bool>()) return {"not connected", Ink::Red};
  return source.at("was_caught_up").get<bool>() ? Cell{"connected", Ink::Green}
                                                : Cell{"catching up", Ink::Yellow};
}

std::string sources_part(const Json& sources, EventTime now, const TextStyle& style) {
  std::vector<std::vector<Cell>> rows{{{"source", Ink::Dim},
                                       {"", Ink::Dim},
                                       {"records", Ink::Dim, true},
                                       {"events", Ink::Dim, true},
                                       {"lag", Ink::Dim, true},
                                       {"dead", Ink::Dim, true},
                                       {"lateness", Ink::Dim, true},
                                       {"judged up to", Ink::Dim}}};
  for (const Json& source : sources) {
    const auto frontier = time_of(source.at("frontier"));
    const bool has_lag = !source.at("lag").is_null();
    const std::uint64_t dead = source.at("items").at("dead").get<std::uint64_t>();
    rows.push_back(
        {{text(source.at("name"), style)},
         condition_of(source, now),
         {number(source.at("records")), Ink::Plain, true},
         {number(source.at("events")), Ink::Plain, true},
         {has_lag ? number(source.at("lag")) : "-", Ink::Plain, true},
         {group_digits(dead), dead > 0 ? Ink::Yellow : Ink::Plain, true},
         {source.at("lateness_seconds").is_null() ? "-" : ago(seconds_of(source.at("lateness_seconds"))),
          Ink::Plain, true},
         {frontier ? ago(now - *frontier) + " ago" : "-"}});
  }
  std::string out = heading("Sources", style) + render_table(rows, "  ", style);
  for (const Json& source : sources) {
    if (const Json& held = source.at("held"); !held.is_null()) {
      out +=
          "  " +
          paint(fmt::format("{} is behind: {}", text(source.at("name"), style), text(held.at("text"), style)),
                source.at("stalled_since").is_null() ? Ink::Yellow : Ink::Red, style) +
          "\n";
    }
    std::string rejected;
    for (const auto& [reason, count] : source.at("rejected").items()) {
      rejected +=
          fmt::format("{}{} {}", rejected.empty() ? "" : ", ", number(count), printable(reason, style));
    }
    if (!rejected.empty()) {
      out += "  " +
             paint(fmt::format("{}: rejected {}", text(source.at("name"), style), rejected), Ink::Yellow,
                   style) +
             "\n";
    }
  }
  return out;
}

std::string destinations_part(const Json& subscriptions, const TextStyle& style) {
  std::vector<std::vector<Cell>> rows{{{"topic", Ink::Dim},
                                       {"delivered", Ink::Dim, true},
                                       {"waiting", Ink::Dim, true},
                                       {"outbox", Ink::Dim, true},
                                       {"retried", Ink::Dim, true},
                                       {"failed", Ink::Dim, true},
                                       {"destination", Ink::Dim}}};
  std::string remarks;
  for (const Json& one : subscriptions) {
    const std::uint64_t waiting = one.at("waiting").get<std::uint64_t>();
    const std::uint64_t in_outbox = one.at("in_outbox").get<std::uint64_t>();
    const std::uint64_t overflowed = one.at("overflowed").get<std::uint64_t>();
    const std::uint64_t failed =
        one.at("rejected").get<std::uint64_t>() + one.at("given_up").get<std::uint64_t>() + overflowed;
    const std::string name =
        fmt::format("{}/{}", text(one.at("topic"), style), text(one.at("subscription"), style));
    if (overflowed > 0) {
      const bool full = one.at("overflowing").get<bool>();
      remarks += "  " +
                 paint(fmt::format("{}: {} {} way to newer ones{}", name, group_digits(overflowed),
                                   full ? "give" : "gave",
                                   full ? ", there is no more room" : " while there was no room"),
                       full ? Ink::Red : Ink::Yellow, style) +
                 "\n";
    }
    if (const std::uint64_t held = one.at("held").get<std::uint64_t>(); held > 0) {
      const std::string line = fmt::format("{}: reading waits, with {} event{} of rules for it", name,
                                           group_digits(held), held == 1 ? "" : "s");
      remarks += "  " + paint(line, Ink::Yellow, style) + "\n";
    }
    rows.push_back({{name},
                    {number(one.at("delivered")), Ink::Plain, true},
                    {group_digits(waiting), waiting > 0 ? Ink::Yellow : Ink::Plain, true},
                    {group_digits(in_outbox), in_outbox > 0 ? Ink::Yellow : Ink::Plain, true},
                    {number(one.at("retried")), Ink::Plain, true},
                    {group_digits(failed), failed > 0 ? Ink::Red : Ink::Plain, true},
                    {text(one.at("destination"), style)}});
  }
  return heading("Destinations", style) + render_table(rows, "  ", style) + remarks;
}

std::string late_line(std::uint64_t late, const TextStyle& style) {
  if (late == 0) return {};
  const std::string line =
      fmt::format("{} values matched too late: no alarm looked at their time any more (see `delay:`)",
                  group_digits(late));
  return "  " + paint(line, Ink::Yellow, style) + "\n";
}

std::string untold_line(std::uint64_t untold, const TextStyle& style) {
  if (untold == 0) return {};
  const std::string line =
      fmt::format("events of rules: {} untold, more at once than there is room for", group_digits(untold));
  return "  " + paint(line, Ink::Red, style) + "\n";
}

}  // namespace

std::string status_page(const Json& status, const TextStyle& style) {
  const EventTime now = time_of(status.at("time")).value_or(EventTime{});
  const Json& process = status.at("process");
  const bool running = status.at("phase") == "running";
  const bool ready = status.at("ready").get<bool>();
  const Duration age = seconds_of(status.at("age_seconds"));
  std::string out = fmt::format(
      "{}  up {}, {}, {} open files  {}\n",
      paint(fmt::format("tocsin {}", text(status.at("version"), style)), Ink::Bold, style),
      ago(seconds_of(process.at("uptime_seconds"))),
      format_bytes(process.at("resident_bytes").get<std::uint64_t>()), number(process.at("open_files")),
      age > runtime::kStandstill ? paint("has not moved for " + ago(age), Ink::Red, style)
      : !running                 ? paint("stopping", Ink::Yellow, style)
      : ready                    ? paint("ready", Ink::Green, style)
                                 : paint("not ready", Ink::Yellow, style));
  for (const Json& line : status.at("awaited")) out += "  waiting for " + text(line, style) + "\n";
  out += sources_part(status.at("sources"), now, style);

  std::string states;
  for (const auto& [state, count] : status.at("alarms").items()) {
    const bool any = count.get<std::uint64_t>() > 0;
    states += fmt::format("  {} {}", number(count), any ? paint(state, ink_of_state(state), style) : state);
  }
  out += heading("Alarms", style) + states + "\n" +
         late_line(status.at("engine").at("late").get<std::uint64_t>(), style);
  if (const Json& state = status.at("state"); !state.is_null()) {
    out += heading("State", style) + fmt::format("  {} on disk; outbox: {} to be delivered, {}\n",
                                                 format_bytes(state.at("bytes").get<std::uint64_t>()),
                                                 number(state.at("outbox")),
                                                 format_bytes(state.at("outbox_bytes").get<std::uint64_t>()));
  }
  const Json& subscriptions = status.at("subscriptions");
  if (!subscriptions.empty()) out += destinations_part(subscriptions, style);
  return out + untold_line(status.at("engine").at("untold").get<std::uint64_t>(), style);
}

std::string alarms_page(const Json& answer, EventTime now, const TextStyle& style) {
  const Json& alarms = answer.at("alarms");
  if (alarms.empty()) return "no alarm states\n";
  std::vector<std::vector<Cell>> rows{{{"state", Ink::Dim},
                                       {"since", Ink::Dim},
                                       {"alarm", Ink::Dim},
                                       {"value", Ink::Dim, true},
                                       {"reason", Ink::Dim}}};
  for (const Json& one : alarms) {
    metric::Dimensions dimensions;
    for (const auto& [name, value] : one.at("dimensions").items()) {
      dimensions.emplace_back(name, value.get<std::string>());
    }
    const std::string where = dimensions_in_words(dimensions, style);
    const auto since = time_of(one.at("since"));
    rows.push_back(
        {{text(one.at("state"), style), ink_of_state(one.at("state").get<std::string>())},
         {since ? ago(now - *since) : "-"},
         {text(one.at("alarm"), style) + (where.empty() ? "" : ", " + where)},
         {one.at("value").is_null() ? "-" : format_number(one.at("value").get<double>()), Ink::Plain, true},
         {text(one.at("reason"), style)}});
  }
  std::string out = render_table(rows, "", style);
  const std::uint64_t total = answer.at("total").get<std::uint64_t>();
  if (total > alarms.size()) {
    out +=
        fmt::format("and {} more: narrow it with --state or --prefix\n", group_digits(total - alarms.size()));
  }
  return out;
}

}  // namespace tocsin::cli
