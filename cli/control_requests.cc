#include "cli/control_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/telemetry_json.h"
#include "engine/alarm/reason.h"
#include "engine/base/result.h"

namespace tocsin::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kReloadWait = std::chrono::seconds(10);  // a large configuration takes its time
constexpr std::size_t kMaxAlarms = 10'000;                  // in one answer
constexpr std::string_view kByHand = "set by hand";

std::optional<alarm::State> parse_state(std::string_view name) {
  for (const alarm::State state : {alarm::State::InsufficientData, alarm::State::Ok, alarm::State::Alarm}) {
    if (alarm::to_string(state) == name) return state;
  }
  return std::nullopt;
}

std::unexpected<Error> refuse(std::string text) { return fail(ErrorCode::Invalid, std::move(text)); }

constexpr std::string_view kBusy =
    "the engine is busy: it starts, stops, or waits for a destination that takes no notifications";

// Runs `question` on the engine's thread. Its answer is shared with it, as it may outlive the wait.
template <typename T>
Result<std::shared_ptr<const T>> ask(runtime::Requests& engine, Duration wait, std::string_view unfinished,
                                     std::function<void(runtime::Answering&, T&)> question) {
  const auto answer = std::make_shared<T>();
  const auto run = [answer, question = std::move(question)](runtime::Answering& running) {
    question(running, *answer);
  };
  switch (engine.ask(run, wait)) {
    case runtime::Requests::Outcome::Answered:
      return answer;
    case runtime::Requests::Outcome::Unfinished:
      return fail(ErrorCode::Unavailable, std::string(unfinished));
    case runtime::Requests::Outcome::Withdrawn:
      break;
  }
  return fail(ErrorCode::Unavailable,
              fmt::format("{}; nothing was done within {}: see `tocsin status`, try again", kBusy,
                          format_duration(wait)));
}

// The request's own keys must be of their kind, and no other may be there: a typo must not change what is
// done.
Result<void> check_keys(const Json& request,
                        std::initializer_list<std::pair<std::string_view, Json::value_t>> known) {
  for (const auto& [key, value] : request.items()) {
    if (key == "command") continue;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first == key; });
    if (found == known.end()) return refuse(fmt::format("unknown key `{}`", key));
    if (value.type() != found->second) return refuse(fmt::format("`{}` has the wrong type", key));
  }
  return {};
}

std::string text_of(const Json& request, const char* key) {
  const auto found = request.find(key);
  return found == request.end() ? std::string() : found->get<std::string>();
}

Result<Json> alarms(const Json& request, runtime::Requests& engine, Duration wait) {
  if (auto checked = check_keys(request, {{"prefix", Json::value_t::string},
                                          {"state", Json::value_t::string},
                                          {"limit", Json::value_t::number_unsigned}});
      !checked)
    return std::unexpected(checked.error());
  const std::string prefix = text_of(request, "prefix");
  std::optional<alarm::State> state;
  if (request.contains("state")) {
    state = parse_state(text_of(request, "state"));
    if (!state) return refuse("`state` is one of OK, ALARM, INSUFFICIENT_DATA");
  }
  const std::size_t limit =
      request.contains("limit") ? std::min(request["limit"].get<std::size_t>(), kMaxAlarms) : kMaxAlarms;
  struct Listed {
    Json rows = Json::array();
    std::size_t total = 0;
  };
  const auto listed =
      ask<Listed>(engine, wait, kBusy, [prefix, state, limit](runtime::Answering& running, Listed& list) {
        for (const shard::AlarmState& one : running.alarm_states()) {
          const alarm::AlarmDefinition& definition = running.plan().alarms[one.alarm];
          if (!definition.name.starts_with(prefix) || (state && one.state != *state)) continue;
          if (++list.total > limit) continue;
          Json& row = list.rows.emplace_back();
          row["alarm"] = definition.name;
          row["dimensions"] = Json::object();
          for (const auto& [name, value] : one.dimensions) row["dimensions"][name] = value;
          row["state"] = alarm::to_string(one.state);
          row["since"] = time_or_null(one.since);
          row["value"] = one.value ? Json(*one.value) : Json(nullptr);
          row["reason"] = one.reason;
        }
      });
  if (!listed) return std::unexpected(listed.error());
  return Json{{"alarms", (*listed)->rows}, {"total", (*listed)->total}};
}

// The dimensions of the series that `given` chooses: an alarm's fixed ones need not be said.
metric::Dimensions dimensions_of(const alarm::AlarmDefinition& alarm, const Json& given) {
  metric::Dimensions dimensions = alarm.dimensions;
  for (const auto& [name, value] : given.items()) {
    const auto fixed =
        std::find_if(dimensions.begin(), dimensions.end(),
                     [&name = name](const auto& dimension) { return dimension.first == name; });
    if (fixed != dimensions.end()) dimensions.erase(fixed);
    dimensions.emplace_back(name, value.get<std::string>());
  }
  std::sort(dimensions.begin(), dimensions.end());
  return dimensions;
}

Result<Json> set_alarm_state(const Json& request, runtime::Requests& engine, Duration wait,
                             const std::function<void(const Note&)>& note) {
  if (auto checked = check_keys(request, {{"alarm", Json::value_t::string},
                                          {"dimensions", Json::value_t::object},
                                          {"state", Json::value_t::string},
                                          {"reason", Json::value_t::string}});
      !checked)
    return std::unexpected(checked.error());
  const Json given = request.value("dimensions", Json::object());
  for (const Json& value : given) {
    if (!value.is_string()) return refuse("`dimensions` maps names to texts");
  }
  const std::string name = text_of(request, "alarm");
  const auto state = parse_state(text_of(request, "state"));
  if (!state) return refuse("`state` is one of OK, ALARM, INSUFFICIENT_DATA");
  std::string reason = text_of(request, "reason");
  if (reason.empty()) reason = kByHand;
  if (reason.size() > alarm::kMaxReason) {
    return refuse(fmt::format("`reason` has at most {} bytes", alarm::kMaxReason));
  }
  struct Set {
    bool known = false;
    std::string series;
    std::vector<std::string> wanted;
    std::optional<shard::SetStateOutcome> outcome = shard::SetStateOutcome::UnknownState;
  };
  const auto done = ask<Set>(
      engine, wait,
      "the state is set, and the engine waits for a destination's full queue to take the notifications: see "
      "`tocsin status`",
      [given, name, state = *state, reason, &note](runtime::Answering& running, Set& set) {
        const auto& all = running.plan().alarms;
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& alarm) { return alarm.name == name; });
        if (found == all.end()) return;
        set.known = true;
        set.wanted = found->for_each;
        const metric::Dimensions dimensions = dimensions_of(*found, given);
        set.series = metric::describe(dimensions);
        set.outcome = running.set_state({static_cast<std::uint32_t>(found - all.begin()), dimensions, state,
                                         reason, as_event_time(wall_now())});
        if (set.outcome != shard::SetStateOutcome::Changed) return;
        note({Severity::Warning,
              "state_set",
              fmt::format("{}{}: set to {} by hand: {}", name, set.series, alarm::to_string(state), reason),
              "the next judgement may set it back",
              {}});
      });
  if (!done) return std::unexpected(done.error());
  const Set& set = **done;
  if (!set.known)
    return fail(ErrorCode::NotFound, fmt::format("there is no alarm `{}`; `tocsin alarms` lists them", name));
  if (!set.outcome) {
    return fail(ErrorCode::Unavailable,
                "the state cannot be kept now, so nothing is set: see `tocsin status`");
  }
  if (set.outcome == shard::SetStateOutcome::UnknownState) {
    return fail(
        ErrorCode::NotFound,
        set.wanted.empty()
            ? fmt::format("the alarm `{}` has no state{} yet: no source's time is known", name, set.series)
            : fmt::format("the alarm `{}` {}: choose one that `tocsin alarms` shows, by --dimension {}=VALUE",
                          name,
                          given.empty() ? fmt::format("has a state for each {}", fmt::join(set.wanted, ", "))
                                        : fmt::format("has no state for {}", set.series),
                          fmt::join(set.wanted, "=VALUE --dimension ")));
  }
  return Json{{"changed", set.outcome == shard::SetStateOutcome::Changed},
              {"state", alarm::to_string(*state)}};
}

Result<Json> reload(const Json& request, Reloads& reloads) {
  if (auto checked = check_keys(request, {}); !checked) return std::unexpected(checked.error());
  const auto outcome = reloads.request(kReloadWait);
  if (!outcome)
    return fail(ErrorCode::Unavailable,
                fmt::format("{}; it has not reloaded within {}, and will when it comes to it", kBusy,
                            format_duration(kReloadWait)));
  if (outcome->taken) return Json{{"reloading", true}};
  return refuse(
      fmt::format("not reloaded, the running configuration stays: {}", fmt::join(outcome->errors, "; ")));
}

}  // namespace

ControlRequests::ControlRequests(const runtime::TelemetryBoard& board, runtime::Requests& engine,
                                 Reloads& reloads, std::string version, std::function<void(const Note&)> note,
                                 Duration wait)
    : board_(board),
      engine_(engine),
      reloads_(reloads),
      version_(std::move(version)),
      note_(std::move(note)),
      wait_(wait) {}

std::string ControlRequests::answer(std::string_view line) {
  const auto run = [&]() -> Result<Json> {
    const Json request = Json::parse(line, nullptr, false);
    if (!request.is_object() || !request.contains("command") || !request["command"].is_string()) {
      return refuse("a request is a JSON object in one line, as {\"command\":\"status\"}");
    }
    const std::string command = text_of(request, "command");
    if (command == "status") {
      if (auto checked = check_keys(request, {}); !checked) return std::unexpected(checked.error());
      const auto telemetry = board_.latest();
      if (!telemetry) return fail(ErrorCode::Unavailable, "the engine has not come so far yet: try again");
      return to_json(*telemetry, version_, board_.age());
    }
    if (command == "alarms") return alarms(request, engine_, wait_);
    if (command == "set-alarm-state") return set_alarm_state(request, engine_, wait_, note_);
    if (command == "reload") return reload(request, reloads_);
    return refuse(
        fmt::format("unknown command `{}`: there are status, alarms, set-alarm-state, reload", command));
  };
  const Result<Json> answered = run();
  const Json json = answered ? *answered : Json{{"error", describe(answered.error())}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tocsin::cli
