// The crash storm: `tocsin run --state` beside a real broker, killed again and again, and what it came to
// held against integers and against a run that nobody disturbed.
//
//   History ─► broker ─► tocsin run --state ─► alert topic
//                ▲            ▲
//             SIGKILL      SIGKILL, SIGSTOP; each time started again on the same state
//
// Everything is produced first: while the engine catches up, time is that of the records, and what is decided
// does not depend on how fast it reads. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/engine_process.h"
#include "tests/crash/history.h"
#include "tests/crash/kept_state.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/topics.h"

namespace tocsin::crash_test {

struct StormPlan {
  std::filesystem::path tocsin;
  std::filesystem::path out;  // states, configurations, logs
  HistoryShape history;       // its start is set by the storm
  int kills = 100;
  int broker_kills = 3;
  int pauses = 5;           // SIGSTOP, before a kill or on their own
  int verified_every = 10;  // the state is looked at after so many kills
  std::uint64_t seed = 1;
  // For what a test does beside it.
  std::function<void()> before_start;
  std::function<void(EngineProcess&)> meanwhile;  // after the first start
  std::function<void(const std::filesystem::path& state)> after_kill;
};

// A change of state as the receiver was told of it.
struct Told {
  std::string id;
  std::string alarm;
  std::string dimensions;
  std::string from;
  std::string to;
  std::string time;
  std::string reason;  // with the datapoints
  auto operator<=>(const Told&) const = default;
};

struct StormReport {
  std::uint64_t events = 0;
  int kills = 0;
  int restarts = 0;
  int pauses = 0;
  int broker_kills = 0;
  int states_verified = 0;
  std::size_t transitions = 0;
  std::uint64_t notifications = 0;  // that arrived, repeats among them
  std::uint64_t notifications_repeated = 0;
  std::uint64_t chunks_suppressed = 0;
  std::uint64_t state_bytes = 0;
  double storm_seconds = 0;
  double undisturbed_seconds = 0;
  std::vector<std::string> faults;  // empty: everything held

  [[nodiscard]] std::string text() const;
};

class Storm {
 public:
  Storm(kafka_test::Broker& broker, StormPlan plan);

  [[nodiscard]] StormReport run();

 private:
  struct Outcome {
    std::vector<Told> told;  // by id, each once
    KeptState state;
  };

  void produce();
  [[nodiscard]] EngineProcess engine(const std::string& name);
  void write_config(const std::string& name) const;
  void storm(EngineProcess& engine);
  void disturb(EngineProcess& engine, int kill);
  void verify(const EngineProcess& engine);
  [[nodiscard]] Outcome finish(EngineProcess& engine, const std::string& name);
  [[nodiscard]] std::vector<Told> receive(const std::string& name);
  void check_state(const KeptState& state, const std::string& name, std::size_t told);
  void check_rule(const std::vector<Told>& told, const std::string& alarm, std::int64_t threshold,
                  const std::vector<std::string>& accounts);
  void fault(std::string text);
  [[nodiscard]] std::uint64_t dice(std::uint64_t below);
  void sleep_up_to(std::uint64_t milliseconds);

  kafka_test::Broker& broker_;
  kafka_test::Topics topics_;
  StormPlan plan_;
  History history_;
  std::mt19937_64 random_;
  std::int64_t position_ = 0;  // the furthest that was seen
  PeriodSums truth_;
  StormReport report_;
};

}  // namespace tocsin::crash_test
