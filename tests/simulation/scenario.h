// What goes wrong in a run, and when: a list made from the seed, from which the minimiser takes away.
//
// Plain values. Moments are virtual time since the start of the run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::simulation {

// Where a process can die: at the first such point after the fault's moment.
enum class Point : std::uint8_t {
  Step,
  BeforeAppend,
  AfterAppend,
  BeforePut,
  AfterPut,
  BeforeTrim,
  AfterTrim,
  Submit,
  TakeSettled,
  Commit,
};
inline constexpr std::uint64_t kPoints = 10;

struct Fault {
  enum class Kind : std::uint8_t {
    Crash,           // at `point`
    Stop,            // in good order, and started again
    Configure,       // stopped and started with another configuration
    DiskFull,        // for `length`
    SnapshotDamage,  // of the newest one, found at the next start; the process dies
    Disconnect,      // of a source, for `length`
    SinkDown,        // of a subscription, for `length`
    SinkTimeout,     // of a subscription, for `length`: it has what is sent, and does not say so
    SinkRejects,     // of a subscription, for `length`: it will never take what is sent
    ClockJump,       // by `length`
    Retention,       // what a partition has is let go of, read or not
    AddPartition,
    Recreate,    // a topic's partition is created anew
    Lag,         // of a partition, for `length`: others are read on
    LeaderAway,  // of a partition, for `length`: nobody says what it has, either
  };
  std::size_t number = 0;  // of its scenario's, by time
  Kind kind = Kind::Crash;
  Duration at{0};
  Duration length{0};
  Point point = Point::Step;
  std::uint64_t target = 0;  // source, partition, subscription or configuration, by remainder
};
inline constexpr std::uint64_t kFaultKinds = 15;

[[nodiscard]] std::string to_text(const Fault& fault);

struct Scenario {
  std::uint64_t seed = 0;
  std::vector<Fault> faults;  // by time
};

inline constexpr Duration kActive = std::chrono::minutes(12);  // faults and new events come within it

[[nodiscard]] Scenario make_scenario(std::uint64_t seed);

}  // namespace tocsin::simulation
