#include "tests/crash/storm.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace tocsin::crash_test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;
using kafka_test::TopicRecord;
namespace fs = std::filesystem;

constexpr std::uint64_t kProducedAtOnce = 50'000;
constexpr auto kVerifyLimit = 60s;
constexpr auto kStandstillLimit = 180s;  // without a record read: something hangs
constexpr auto kSessionTimeout = 6s;     // of the engine's membership: pauses are shorter and longer
constexpr std::size_t kFaultsTold = 12;

// Every change of state of every alarm is told. The last two alarms never ring: they look back a day, so that
// the state keeps every bucket of the history, for the sums to be compared.
constexpr std::string_view kConfig = R"(account: "999988887777"
region: test-region
sources:
  storm:
    kafka:
      brokers: {brokers}
      topics: [storm]
      group: {name}
      start: earliest
      properties: {{group.instance.id: {name}, session.timeout.ms: {session}}}
    log_group: storm
metric_filters:
  value:
    log_groups: [storm]
    pattern: '{{ $.account = * }}'
    metric: {{namespace: Storm, name: Value, value: $.value, dimensions: {{Account: $.account}}}}
  total:
    log_groups: [storm]
    pattern: '{{ $.value >= 0 }}'
    metric: {{namespace: Storm, name: Total, value: $.value}}
alarms:
  loud:
    metric: {{namespace: Storm, name: Value, statistic: Sum, period: 10s}}
    for_each: [Account]
    condition: "> {account_threshold}"
    datapoints: 1 of 1
    evaluation_range: 1
    missing_data: not_breaching
    notify: &everything {{alarm: [alerts], ok: [alerts], insufficient_data: [alerts]}}
  all-loud:
    metric: {{namespace: Storm, name: Total, statistic: Sum, period: 10s}}
    condition: "> {total_threshold}"
    datapoints: 1 of 1
    evaluation_range: 1
    missing_data: not_breaching
    notify: *everything
  loud-minute:
    metric: {{namespace: Storm, name: Value, statistic: Sum, period: 60s}}
    for_each: [Account]
    condition: "> {minute_threshold}"
    datapoints: 2 of 3
    notify: *everything
  often-loud:
    metric: {{namespace: Storm, name: Value, statistic: Maximum, period: 10s}}
    for_each: [Account]
    condition: ">= 10"
    datapoints: 2 of 3
    missing_data: ignore
    notify: *everything
  kept-accounts:
    metric: {{namespace: Storm, name: Value, statistic: Sum, period: 1d}}
    for_each: [Account]
    condition: "< 0"
    datapoints: 1 of 1
  kept-total:
    metric: {{namespace: Storm, name: Total, statistic: Sum, period: 1d}}
    condition: "< 0"
    datapoints: 1 of 1
topics:
  alerts:
    kafka: alerts.{name}
)";

std::string contents_of(const TopicRecord& record) {
  std::string all = record.key + '\n' + record.value;
  for (const auto& [name, value] : record.headers) all += '\n' + name + ':' + value;
  return all;
}

Told told_by(const TopicRecord& record) {
  const Json alert = Json::parse(record.value);
  return {record.headers.at("ce_id"), alert.at("AlarmName"),     alert.at("Trigger").at("Dimensions").dump(),
          alert.at("OldStateValue"),  alert.at("NewStateValue"), alert.at("StateChangeTime"),
          alert.at("NewStateReason")};
}

std::string describe(const Told& told) {
  return fmt::format("{} {} {} -> {} at {} ({}) id {}", told.alarm, told.dimensions, told.from, told.to,
                     told.time, told.reason, told.id);
}

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

HistoryShape placed(HistoryShape shape) {
  // All of it is judged before the clock, and less than a day ago.
  const auto length = Duration{static_cast<std::int64_t>(shape.events) * 1000 / shape.rate};
  shape.start = floor_to(as_event_time(wall_now()) - std::chrono::minutes(45) - length, 60s);
  return shape;
}

}  // namespace

std::string StormReport::text() const {
  std::string text;
  const auto row = [&](std::string_view name, const auto& value) {
    text += fmt::format("{:<42} {}\n", name, value);
  };
  row("events", events);
  row("kill -9 of the engine", kills);
  row("restarts on the same state", restarts);
  row("SIGSTOPs of the engine", pauses);
  row("kill -9 of the broker", broker_kills);
  row("states verified from every snapshot", states_verified);
  row("repeated chunks suppressed by the state", chunks_suppressed);
  row("transitions decided", transitions);
  row("notifications that arrived", notifications);
  row("of them repeats, byte for byte", notifications_repeated);
  row("state on disk, bytes", state_bytes);
  row("the storm took, seconds", fmt::format("{:.0f}", storm_seconds));
  row("the undisturbed run took, seconds", fmt::format("{:.0f}", undisturbed_seconds));
  if (faults.empty()) {
    text +=
        "result: each event counted once in each sum, ledger closed, and every transition as in the "
        "undisturbed run, told at least once\n";
  } else {
    text += fmt::format("FAILED, {} faults:\n", faults.size());
    for (std::size_t i = 0; i < std::min(faults.size(), kFaultsTold); ++i) text += "  " + faults[i] + "\n";
  }
  return text;
}

Storm::Storm(kafka_test::Broker& broker, StormPlan plan)
    : broker_(broker),
      topics_(broker.address()),
      plan_(std::move(plan)),
      history_(placed(plan_.history)),
      random_(plan_.seed) {}

StormReport Storm::run() {
  fs::create_directories(plan_.out);
  topics_.create("storm", history_.shape().partitions);
  produce();
  truth_ = history_.sums();
  report_.events = history_.shape().events;

  EngineProcess disturbed = engine("storm");
  auto begun = Steady::now();
  storm(disturbed);
  const Outcome one = finish(disturbed, "storm");
  report_.storm_seconds = seconds_since(begun);
  report_.state_bytes = one.state.bytes;
  report_.chunks_suppressed = one.state.repeated_chunks;
  report_.transitions = one.told.size();
  check_state(one.state, "storm", one.told.size());
  std::vector<std::string> accounts;
  for (std::uint32_t i = 0; i < history_.shape().accounts; ++i) accounts.push_back(History::name(i));
  check_rule(one.told, "loud", history_.account_threshold(), accounts);
  check_rule(one.told, "all-loud", history_.total_threshold(), {""});

  EngineProcess undisturbed = engine("undisturbed");
  begun = Steady::now();
  undisturbed.start();
  const Outcome other = finish(undisturbed, "undisturbed");
  report_.undisturbed_seconds = seconds_since(begun);
  check_state(other.state, "undisturbed", other.told.size());
  std::vector<Told> differing;
  std::ranges::set_symmetric_difference(one.told, other.told, std::back_inserter(differing));
  for (const Told& told : differing) {
    const bool is_here = std::ranges::binary_search(one.told, told);
    fault(fmt::format("only {}: {}", is_here ? "in the storm" : "undisturbed", describe(told)));
  }
  return report_;
}

void Storm::produce() {
  std::vector<TopicRecord> records;
  for (std::uint64_t i = 0; i < history_.shape().events; ++i) {
    const Event event = history_.event(i);
    records.push_back({.value = History::text(event, i),
                       .timestamp_ms = event.time.time_since_epoch().count(),
                       .partition = event.partition});
    if (records.size() < kProducedAtOnce && i + 1 < history_.shape().events) continue;
    topics_.produce(
        "storm", records,
        {{"compression.type", "lz4"}, {"linger.ms", "50"}, {"queue.buffering.max.messages", "1000000"}});
    records.clear();
  }
}

EngineProcess Storm::engine(const std::string& name) {
  topics_.create("alerts." + name, 2);
  write_config(name);
  for (const char* file : {"state.sqlite", "state.sqlite-wal", "state.sqlite-shm", "newest", "lock"}) {
    fs::remove(plan_.out / ("state." + name) / file);
  }
  fs::remove(plan_.out / (name + ".log"));
  return {plan_.tocsin, plan_.out, name, history_.shape().partitions};
}

void Storm::write_config(const std::string& name) const {
  std::ofstream(plan_.out / (name + ".yaml"))
      << fmt::format(kConfig, fmt::arg("brokers", broker_.address()), fmt::arg("name", name),
                     fmt::arg("session", std::chrono::milliseconds(kSessionTimeout).count()),
                     fmt::arg("account_threshold", history_.account_threshold()),
                     fmt::arg("minute_threshold", history_.account_threshold() * 2),
                     fmt::arg("total_threshold", history_.total_threshold()));
}

void Storm::storm(EngineProcess& engine) {
  const auto events = static_cast<std::int64_t>(history_.shape().events);
  if (plan_.before_start) plan_.before_start();
  engine.start();
  if (plan_.meanwhile) plan_.meanwhile(engine);
  for (int kill = 1; kill <= plan_.kills; ++kill) {
    if (dice(4) == 0) {
      sleep_up_to(2500);  // while it starts and reads its state
    } else {
      const auto share = 2 * (events - position_) / (plan_.kills - kill + 1);
      const std::int64_t target =
          position_ + static_cast<std::int64_t>(dice(static_cast<std::uint64_t>(share) + 1));
      auto standstill = Steady::now() + kStandstillLimit;
      for (bool is_there = false; !is_there;) {
        engine.expect_running();
        const auto progress = engine.progress();
        const auto read = progress.lag < 0 ? -1 : events - static_cast<std::int64_t>(progress.lag);
        if (read > position_) {
          position_ = read;
          standstill = Steady::now() + kStandstillLimit;
        }
        is_there = read >= target || progress.is_done;
        if (Steady::now() > standstill) throw std::runtime_error("the engine stands still");
        std::this_thread::sleep_for(20ms);
      }
      sleep_up_to(200);
    }
    disturb(engine, kill);
    engine.kill();
    ++report_.kills;
    if (plan_.after_kill) plan_.after_kill(engine.state());
    if (kill % plan_.verified_every == 0) verify(engine);
    engine.start();
    ++report_.restarts;
  }
}

// What else happens before a kill.
void Storm::disturb(EngineProcess& engine, int kill) {
  const auto is_turn = [&](int times) {
    return times > 0 && kill * times / plan_.kills > (kill - 1) * times / plan_.kills;
  };
  if (is_turn(plan_.pauses)) {
    engine.pause();
    sleep_up_to(static_cast<std::uint64_t>(2 * std::chrono::milliseconds(kSessionTimeout).count()));
    ++report_.pauses;
    if (dice(2) == 0) {
      engine.resume();
      sleep_up_to(3000);
    }
  }
  if (is_turn(plan_.broker_kills)) {
    broker_.kill();
    sleep_up_to(4000);
    if (dice(2) == 0) {  // the engine may die and be born while the broker is away
      engine.kill();
      ++report_.kills;
      engine.start();
      ++report_.restarts;
    }
    broker_.start();
    ++report_.broker_kills;
    sleep_up_to(2000);
  }
}

void Storm::verify(const EngineProcess& engine) {
  if (!fs::exists(engine.state() / "state.sqlite")) return;
  const auto state = look_at_state(engine.state());
  if (!state) return fault("state: " + tocsin::describe(state.error()));
  if (!state->notes.empty()) fault("state: " + state->notes);
  const fs::path answer = plan_.out / "verify.log";
  kafka_test::ChildProcess command({plan_.tocsin, "state", "verify", engine.state()}, answer, answer);
  if (command.wait(kVerifyLimit) != 0) fault("tocsin state verify: " + kafka_test::read_file(answer));
  ++report_.states_verified;
  position_ = std::max(position_, state->next_offsets());
}

Storm::Outcome Storm::finish(EngineProcess& engine, const std::string& name) {
  auto standstill = Steady::now() + kStandstillLimit;
  double least = -1;
  for (;;) {
    engine.expect_running();
    const auto progress = engine.progress();
    if (progress.is_done) break;
    if (progress.lag >= 0 && (least < 0 || progress.lag < least)) {
      least = progress.lag;
      standstill = Steady::now() + kStandstillLimit;
    }
    if (Steady::now() > standstill) throw std::runtime_error(name + " does not come to its end");
    std::this_thread::sleep_for(100ms);
  }
  if (engine.stop() != 0) fault(name + ": the engine did not end in order");
  auto state = look_at_state(engine.state());
  if (!state) throw std::runtime_error(name + ": the state: " + tocsin::describe(state.error()));
  ++report_.states_verified;
  return {receive(name), std::move(*state)};
}

std::vector<Told> Storm::receive(const std::string& name) {
  std::map<std::string, std::string> contents;  // by id
  std::map<std::string, std::string> state_of;  // by alarm and dimensions, in the order of arrival
  std::vector<Told> all;
  for (const TopicRecord& record : topics_.read("alerts." + name)) {
    if (name == "storm") ++report_.notifications;
    Told told = told_by(record);
    const auto [known, is_first] = contents.emplace(told.id, contents_of(record));
    if (!is_first) {
      if (name == "storm") ++report_.notifications_repeated;
      if (known->second != contents_of(record)) fault("a repeat with other bytes: " + describe(told));
      continue;
    }
    std::string& state = state_of.emplace(told.alarm + told.dimensions, "INSUFFICIENT_DATA").first->second;
    if (state != told.from) fault(name + ": out of order: " + describe(told));
    state = told.to;
    all.push_back(std::move(told));
  }
  std::ranges::sort(all);
  return all;
}

void Storm::check_state(const KeptState& state, const std::string& name, std::size_t told) {
  const std::uint64_t events = history_.shape().events;
  const auto equal = [&](std::string_view what, std::uint64_t is, std::uint64_t must) {
    if (is != must) fault(fmt::format("{}: {} is {}, and must be {}", name, what, is, must));
  };
  equal("the sum of the positions", static_cast<std::uint64_t>(state.next_offsets()), events);
  equal("read", state.counted("read"), events);
  equal("decoded", state.counted("decoded"), events);
  equal("events", state.counted("events"), events);
  equal("matched", state.counted("matched"), 2 * events);
  equal("late", state.counts.late, 0);
  equal("overflow", state.counts.overflow, 0);
  equal("untold", state.untold, 0);
  equal("to deliver", state.to_deliver, 0);
  equal("the outbox's entries", state.outbox_entries, told);
  equal("delivered", state.counted("delivered"), told);
  for (const auto& [reason, count] : state.ledger) {
    if (reason.starts_with("rejected.") || reason == "dead" || reason == "skipped" || reason == "refused" ||
        reason == "given_up") {
      equal(reason, count, 0);
    }
  }
  for (const auto& [key, must] : truth_) {
    const auto at = state.sums.find(key);
    const Sums is = at == state.sums.end() ? Sums{} : at->second;
    if (is == must) continue;
    fault(fmt::format("{}: account `{}` from {}: {} events with the sum {}, and must be {} and {}", name,
                      key.first, format_rfc3339(key.second), is.count, is.sum, must.count, must.sum));
  }
  equal("buckets", state.sums.size(), truth_.size());
}

void Storm::check_rule(const std::vector<Told>& told, const std::string& alarm, std::int64_t threshold,
                       const std::vector<std::string>& accounts) {
  std::vector<Change> is;
  for (const Told& one : told) {
    if (one.alarm != alarm) continue;
    const Json dimensions = Json::parse(one.dimensions);
    const auto time = parse_rfc3339(one.time);
    is.push_back({dimensions.empty() ? std::string() : dimensions[0].at("value").get<std::string>(), one.to,
                  time.value_or(kNever)});
  }
  std::vector<Change> must;
  for (const std::string& account : accounts) {
    const auto changes = expected_changes(truth_, threshold, account);
    must.insert(must.end(), changes.begin(), changes.end());
  }
  std::ranges::sort(is);
  std::ranges::sort(must);
  std::vector<Change> differing;
  std::ranges::set_symmetric_difference(is, must, std::back_inserter(differing));
  for (const Change& change : differing) {
    fault(fmt::format("the alarm {} {}: {} -> {} at {}", alarm,
                      std::ranges::binary_search(is, change) ? "must not" : "had to", change.account,
                      change.state, format_rfc3339(change.time)));
  }
}

void Storm::fault(std::string text) { report_.faults.push_back(std::move(text)); }

std::uint64_t Storm::dice(std::uint64_t below) {
  return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
}

void Storm::sleep_up_to(std::uint64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(dice(milliseconds + 1)));
}

}  // namespace tocsin::crash_test
