// Identity of what is measured: a metric (namespace and name) and a series (a metric with the values of its
// dimensions).
//
// As in CloudWatch a series is a metric with its exact set of dimensions; nothing is rolled up over
// dimensions. A series is named by a 128-bit hash of all of it, which is the same on every machine and in
// every run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/time.h"

namespace tocsin::metric {

// Name and value, sorted by name, no name twice.
using Dimensions = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t kMaxDimensionValue = 1024;  // bytes; longer values are cut at a character
inline constexpr std::uint32_t kDefaultMaxSeries = 100'000;

struct MetricDefinition {
  std::string metric_namespace;
  std::string name;
  std::string unit = "None";
  Duration bucket =
      std::chrono::seconds(60);  // base buckets: 60 s, or 1 s where an alarm's period is below a minute
  Duration retention{0};         // how far back some alarm still looks; later data is `late`
  std::uint32_t max_series = kDefaultMaxSeries;
};

[[nodiscard]] Hash128 series_hash(std::string_view metric_namespace, std::string_view name,
                                  const Dimensions& dimensions);

// `{Account="1111", Region="eu"}`, or nothing for no dimensions: for keys and for people.
[[nodiscard]] std::string describe(const Dimensions& dimensions);

}  // namespace tocsin::metric
