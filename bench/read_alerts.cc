// The alert topic, as it fills: one line for each alert, until all that a backtest told have come. An alert
// is shown once those that the backtest told before it have come too, so that the day reads in its order.
//
//   read_alerts --brokers B --create TOPIC
//   read_alerts --brokers B --topic TOPIC --expect TRANSITIONS.jsonl --engine PID
//
// Then the engine is stopped, so that what it still had to tell comes too. Exits 1 if an alert comes that the
// backtest did not tell, comes out of order, or does not come. Alerts of the same time have no order among
// them, and those of different subscriptions are delivered side by side: an alert topic (`security`,
// `backup-team`) is in order by itself, the whole is compared by time.

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/kafka/topics.h"

namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
namespace kafka_test = tocsin::kafka_test;

constexpr auto kLimit = 150s;     // for the next alert
constexpr auto kStopLimit = 30s;  // of the engine
constexpr auto kQuiet = 2s;       // without an alert once nobody sends any: that was the last

struct Alert {
  std::string time;  // "2026-03-01T03:13:00"
  std::string alarm;
  std::string dimensions;  // "SourceIp 203.0.113.77"
  std::string state;
  auto operator<=>(const Alert&) const = default;
};

Alert read_alert(const Json& payload) {
  Alert alert{.time = payload.at("StateChangeTime").get<std::string>().substr(0, 19),
              .alarm = payload.at("AlarmName"),
              .dimensions = {},
              .state = payload.at("NewStateValue")};
  for (const Json& dimension : payload.at("Trigger").at("Dimensions")) {
    if (!alert.dimensions.empty()) alert.dimensions += ", ";
    alert.dimensions +=
        dimension.at("name").get<std::string>() + " " + dimension.at("value").get<std::string>();
  }
  return alert;
}

std::string in_words(const Alert& alert) {
  return fmt::format("{}  {:<6} {:<24} {}", alert.time.substr(11, 5), alert.state, alert.alarm,
                     alert.dimensions);
}

std::multiset<Alert> read_expected(const std::string& path) {
  std::multiset<Alert> alerts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line);
    if (json.at("type") == "notification") alerts.insert(read_alert(json.at("payload")));
  }
  return alerts;
}

// Asks the engine to end, and waits until it has judged and delivered what it read.
void stop_engine(pid_t engine) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, engine, 0));  // readable once it has ended
  if (handle < 0) throw std::runtime_error("the engine has ended before its time");
  ::kill(engine, SIGTERM);
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(std::chrono::milliseconds(kStopLimit).count()));
  ::close(handle);
  if (ready <= 0) throw std::runtime_error("the engine does not end");
}

int follow(const std::string& brokers, const std::string& topic, const std::string& expect, pid_t engine) {
  std::multiset<Alert> missing = read_expected(expect);
  const std::size_t count = missing.size();
  std::map<std::string, std::string> reached;  // by the first action: how far its alerts have come
  std::string day;
  std::multimap<Alert, std::string_view> held;  // that came before one that is older
  int wrong = 0;
  const auto show = [&](const Alert& alert, std::string_view note) {
    if (alert.time.substr(0, 10) != day) fmt::print("{}\n", day = alert.time.substr(0, 10));
    fmt::print("  {}{}\n", in_words(alert), note);
    std::fflush(stdout);
  };
  tocsin::kafka_test::TopicReader reader(brokers, topic);
  const auto take = [&](const kafka_test::TopicRecord& record) {
    const Json payload = Json::parse(record.value);
    const Alert alert = read_alert(payload);
    std::string_view note;
    std::string& before = reached[payload.at("AlarmActions").dump()];
    if (const auto found = missing.find(alert); found != missing.end()) {
      missing.erase(found);
      if (alert.time < before) note = "   <- out of order";
    } else {
      note = "   <- the backtest does not tell this";
    }
    if (!note.empty()) ++wrong;
    before = std::max(before, alert.time);
    held.emplace(alert, note);
    while (!held.empty() && (missing.empty() || held.begin()->first.time <= missing.begin()->time)) {
      show(held.begin()->first, held.begin()->second);
      held.erase(held.begin());
    }
  };
  while (!missing.empty()) {
    const auto record = reader.next(kLimit);
    if (!record) break;
    take(*record);
  }
  stop_engine(engine);
  while (const auto record = reader.next(kQuiet)) take(*record);
  for (const auto& [alert, note] : held) show(alert, note);
  for (const Alert& alert : missing) fmt::print("  {}   <- did not come\n", in_words(alert));
  if (wrong == 0 && missing.empty()) {
    fmt::print(
        "\n{} alerts: the same as in a backtest of the same topics, in the same order within each topic of "
        "the configuration.\n",
        count);
    return 0;
  }
  fmt::print("\n{} of {} alerts came, {} were wrong.\n", count - missing.size(), count, wrong);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string brokers;
  std::string topic;
  std::string create;
  std::string expect;
  pid_t engine = 0;
  CLI::App app("The alert topic, as it fills.", "read_alerts");
  app.add_option("--brokers", brokers)->required();
  app.add_option("--create", create, "create this topic, and end");
  app.add_option("--topic", topic);
  app.add_option("--expect", expect, "what a backtest printed");
  app.add_option("--engine", engine, "the process to stop once all that is expected has come");
  CLI11_PARSE(app, argc, argv);
  try {
    if (create.empty()) return follow(brokers, topic, expect, engine);
    tocsin::kafka_test::Topics(brokers).create(create, 1);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "read_alerts: {}\n", error.what());
    return 1;
  }
}
