#include "engine/metric/statistic.h"

#include <array>

#include "engine/base/check.h"

namespace tocsin::metric {
namespace {
constexpr std::array<std::string_view, 5> kNames{"SampleCount", "Average", "Sum", "Minimum", "Maximum"};
}  // namespace

std::string_view to_string(Statistic statistic) { return kNames[static_cast<std::size_t>(statistic)]; }

std::optional<Statistic> parse_statistic(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Statistic>(i);
  }
  return std::nullopt;
}

double value_of(const StatisticSet& set, Statistic statistic) {
  TOCSIN_CHECK(!set.empty());
  switch (statistic) {
    case Statistic::SampleCount:
      return set.count;
    case Statistic::Average:
      return set.sum / set.count;
    case Statistic::Sum:
      return set.sum;
    case Statistic::Minimum:
      return set.min;
    case Statistic::Maximum:
      return set.max;
  }
  TOCSIN_CHECK(false);
}

}  // namespace tocsin::metric
