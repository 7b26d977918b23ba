// Alarm evaluation: one alarm's next state, from the recent history of its metric.
//
// Pure: the caller brings the datapoints and the previous state, so live, replay and backtest runs agree
// exactly. Reads no clock, takes no lock, never allocates.
//
//   metric::Window --closed periods--> evaluate() --Verdict--> shard::Shard --Transition-->
//
// The semantics are CloudWatch's "M out of N" with its published tables of missing data; tests/conformance/
// alarm_evaluation.json is the specification: to change a rule, change a row there first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tocsin::alarm {

enum class State : std::uint8_t { InsufficientData, Ok, Alarm };
enum class Comparison : std::uint8_t { Greater, GreaterOrEqual, Less, LessOrEqual };

// What a gap counts as, once too few real datapoints are left to judge by.
enum class MissingData : std::uint8_t { Missing, Ignore, Breaching, NotBreaching };

// "INSUFFICIENT_DATA", "OK", "ALARM".
[[nodiscard]] std::string_view to_string(State state);

// The numeric heart of an alarm. Requires 1 <= datapoints_to_alarm <= evaluation_periods.
struct Rule {
  double threshold = 0;
  Comparison comparison = Comparison::Greater;
  std::uint32_t evaluation_periods = 1;   // N: datapoints judged
  std::uint32_t datapoints_to_alarm = 1;  // M: of those, how many must breach
  MissingData missing_data = MissingData::Missing;
};

[[nodiscard]] constexpr bool breaches(const Rule& rule, double value) {
  switch (rule.comparison) {
    case Comparison::Greater:
      return value > rule.threshold;
    case Comparison::GreaterOrEqual:
      return value >= rule.threshold;
    case Comparison::Less:
      return value < rule.threshold;
    case Comparison::LessOrEqual:
      return value <= rule.threshold;
  }
  return false;
}

// The state, and what it rests on: enough to word a reason without evaluating again.
struct Verdict {
  State state = State::InsufficientData;
  std::uint32_t real = 0;       // datapoints that exist in the whole range
  std::uint32_t judged = 0;     // of those, how many were judged: the newest N at most
  std::uint32_t breaching = 0;  // of the judged ones, how many breach
  std::uint32_t filled = 0;     // gaps that `missing_data` had to stand in for
};

// `history` has one entry per period, oldest first, empty where nothing was measured, and covers at least N
// periods (the evaluation range). The newest N real datapoints are judged; gaps are filled only when fewer
// exist. `previous` is returned where the rules say that a state is kept.
[[nodiscard]] Verdict evaluate(const Rule& rule, std::span<const std::optional<double>> history,
                               State previous) noexcept;

// Whether evaluate() says ALARM whatever data is still to come into any of these periods, given that a value
// that breaches can only go on to breach: M of the newest N periods breach already. (What fills a gap can
// push older datapoints out of the newest N, never one of those.)
[[nodiscard]] bool is_certain_alarm(const Rule& rule,
                                    std::span<const std::optional<double>> history) noexcept;

}  // namespace tocsin::alarm
