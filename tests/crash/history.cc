#include "tests/crash/history.h"

#include <fmt/format.h>

namespace tocsin::crash_test {
namespace {

// SplitMix64's finish: any number to a well mixed one.
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

constexpr std::int64_t kQuietValues = 5;  // 0 to 4
constexpr std::int64_t kLoudValues = 10;  // 10 to 19
constexpr std::int64_t kLoudLeast = 10;

}  // namespace

// An account keeps its mood for two periods; one in eleven is silent, every fifth of the others loud.
History::Mood History::mood(std::uint32_t account, EventTime time) const {
  const auto stretch = static_cast<std::uint64_t>((time - shape_.start) / (2 * kPeriod));
  const std::uint64_t dice = mixed(stretch * 1'000'003 + account);
  if (account != 0 && dice % 11 == 0) return Mood::Silent;
  return dice / 11 % 5 == 0 ? Mood::Loud : Mood::Quiet;
}

Event History::event(std::uint64_t index) const {
  Event event;
  event.time = shape_.start + Duration{static_cast<std::int64_t>(index) * 1000 / shape_.rate};
  event.partition = static_cast<std::int32_t>(index % static_cast<std::uint64_t>(shape_.partitions));
  const std::uint64_t dice = mixed(index);
  event.account = static_cast<std::uint32_t>(dice % shape_.accounts);
  Mood now = mood(event.account, event.time);
  while (now == Mood::Silent) {
    event.account = (event.account + 1) % shape_.accounts;
    now = mood(event.account, event.time);
  }
  const auto rest = static_cast<std::int64_t>((dice >> 32) % 1000);
  event.value = now == Mood::Loud ? kLoudLeast + rest % kLoudValues : rest % kQuietValues;
  return event;
}

std::string History::name(std::uint32_t account) { return fmt::format("a{:03}", account); }

std::string History::text(const Event& event, std::uint64_t index) {
  return fmt::format(R"({{"account":"{}","index":{},"value":{}}})", name(event.account), index, event.value);
}

EventTime History::end() const { return event(shape_.events - 1).time + Duration{1}; }

PeriodSums History::sums() const {
  std::map<std::pair<std::uint32_t, EventTime>, Sums> by_account;
  for (std::uint64_t i = 0; i < shape_.events; ++i) {
    const Event one = event(i);
    Sums& sums = by_account[{one.account, floor_to(one.time, kPeriod)}];
    ++sums.count;
    sums.sum += one.value;
  }
  PeriodSums all;
  for (const auto& [key, sums] : by_account) {
    all[{name(key.first), key.second}] = sums;
    Sums& total = all[{std::string(), key.second}];
    total.count += sums.count;
    total.sum += sums.sum;
  }
  return all;
}

// Halfway, in powers, between five times two and five times fourteen and a half.
std::int64_t History::account_threshold() const { return shape_.rate * 10 / shape_.accounts * 6; }

// With a fifth of them loud.
std::int64_t History::total_threshold() const { return shape_.rate * 10 * 9 / 2; }

std::vector<Change> expected_changes(const PeriodSums& sums, std::int64_t threshold,
                                     const std::string& account) {
  std::vector<Change> changes;
  std::string state = "INSUFFICIENT_DATA";
  EventTime judged = kForever;  // the end of the last period looked at
  const auto judge = [&](EventTime end, std::int64_t sum) {
    const std::string next = sum > threshold ? "ALARM" : "OK";
    if (next != state) changes.push_back({account, next, end});
    state = next;
    judged = end;
  };
  for (auto at = sums.lower_bound({account, kNever}); at != sums.end() && at->first.first == account; ++at) {
    const EventTime end = at->first.second + kPeriod;
    if (judged < at->first.second) judge(judged + kPeriod, 0);  // a silent period
    judge(end, at->second.sum);
  }
  if (judged != kForever) judge(judged + kPeriod, 0);
  return changes;
}

}  // namespace tocsin::crash_test
