// A mergeable statistic set: what a bucket keeps of its samples.
//
// merge() is associative and commutative, exactly so while sums stay integers below 2^53; other doubles up to
// rounding. Pure values. The statistics are CloudWatch's (SampleCount, Average, Sum, Minimum, Maximum).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::metric {

struct StatisticSet {
  double count = 0;
  double sum = 0;
  double min = 0;  // meaningless while count is 0, as is max
  double max = 0;

  [[nodiscard]] bool empty() const { return count == 0; }

  void add(double value) { merge({1, value, value, value}); }

  void merge(const StatisticSet& other) {
    if (other.empty()) return;
    if (empty()) {
      *this = other;
      return;
    }
    count += other.count;
    sum += other.sum;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }

  bool operator==(const StatisticSet&) const = default;
};

enum class Statistic : std::uint8_t { SampleCount, Average, Sum, Minimum, Maximum };

// CloudWatch's spelling: "SampleCount", "Average", "Sum", "Minimum", "Maximum".
[[nodiscard]] std::string_view to_string(Statistic statistic);
[[nodiscard]] std::optional<Statistic> parse_statistic(std::string_view name);

// The statistic of a set that is not empty.
[[nodiscard]] double value_of(const StatisticSet& set, Statistic statistic);

}  // namespace tocsin::metric
