// The history that the crash tests feed to the engine, and what must come of it, in integers.
//
// Event i is a function of i alone: partition, account, value, time. Times advance evenly, so each partition
// is in order, and everything that follows (sums, verdicts) does not depend on what is read when. Accounts
// have quiet, loud and silent periods, so that alarms ring and clear often.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::crash_test {

inline constexpr Duration kPeriod = std::chrono::seconds(10);

struct HistoryShape {
  std::uint64_t events = 0;
  std::int64_t rate = 500;  // events in a second of event time
  std::uint32_t accounts = 20;
  std::int32_t partitions = 4;
  EventTime start{};  // at a full minute
};

struct Event {
  std::int32_t partition = 0;
  std::uint32_t account = 0;
  std::int64_t value = 0;
  EventTime time{};
};

// What is true of one account, or of all, in one period.
struct Sums {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  bool operator==(const Sums&) const = default;
};

// Account (empty: all of them) and start of the period.
using PeriodSums = std::map<std::pair<std::string, EventTime>, Sums>;

class History {
 public:
  explicit History(HistoryShape shape) : shape_(shape) {}

  [[nodiscard]] const HistoryShape& shape() const { return shape_; }
  [[nodiscard]] Event event(std::uint64_t index) const;
  // As a record's value.
  [[nodiscard]] static std::string text(const Event& event, std::uint64_t index);
  [[nodiscard]] static std::string name(std::uint32_t account);
  [[nodiscard]] EventTime end() const;  // after the last event

  [[nodiscard]] PeriodSums sums() const;

  // A sum above it in a period is a loud account; for all accounts, that many are loud at once.
  [[nodiscard]] std::int64_t account_threshold() const;
  [[nodiscard]] std::int64_t total_threshold() const;

 private:
  enum class Mood : std::uint8_t { Quiet, Loud, Silent };
  [[nodiscard]] Mood mood(std::uint32_t account, EventTime time) const;

  HistoryShape shape_;
};

// What an alarm "Sum of a period above the threshold, one of one, nothing is not breaching" must do, by the
// plainest reading of the rule: each change of state once, at the end of the period that caused it.
struct Change {
  std::string account;
  std::string state;  // "OK", "ALARM"
  EventTime time{};
  auto operator<=>(const Change&) const = default;
};
[[nodiscard]] std::vector<Change> expected_changes(const PeriodSums& sums, std::int64_t threshold,
                                                   const std::string& account);

}  // namespace tocsin::crash_test
