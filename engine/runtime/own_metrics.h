// The engine's own metrics, in the namespace Tocsin: one table for alarms, the Prometheus page and the docs.
//
//   Telemetry --OwnMetric::read--> values --OwnMetricFeed, each 10 s--> Chunk --> shard: alarms on them
//                                        └--cli/prometheus--> /metrics
//
// As in CloudWatch a metric with dimensions also exists with fewer: each leading part of its dimensions is a
// series of its own, down to none, with the values added up (or the greatest, the least of them). Pure, but
// for what a feed remembers.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/plan.h"
#include "engine/runtime/telemetry.h"
#include "engine/shard/shard.h"

namespace tocsin::runtime {

inline constexpr std::string_view kOwnNamespace = "Tocsin";  // which no filter may write to
inline constexpr Duration kOwnInterval = std::chrono::seconds(10);  // between two datapoints

struct OwnMetric {
  enum class Kind : std::uint8_t {
    Counter,  // a datapoint is what was added since the last: take its Sum
    Gauge,    // a datapoint is how things stand: take its Maximum, Minimum or Average
  };
  enum class Fold : std::uint8_t { Sum, Greatest, Least };  // of series, where dimensions are left out
  // The values of the dimensions, in their order, and the number.
  using Emit = std::function<void(const std::vector<std::string_view>& values, double number)>;

  std::string_view name;  // "LagRecords"
  std::string_view unit;  // CloudWatch's: Count, Seconds, Bytes, None
  Kind kind = Kind::Counter;
  Fold fold = Fold::Sum;
  std::vector<std::string_view> dimensions;  // {"Source", "Reason"}
  std::string_view prometheus;               // "tocsin_lag_records"
  std::string_view help;                     // one sentence without its stop
  void (*read)(const Telemetry& telemetry, const Emit& emit) = nullptr;
};

// Sorted by name.
[[nodiscard]] std::span<const OwnMetric> own_metrics();
[[nodiscard]] const OwnMetric* find_own_metric(std::string_view name);

// The sets of dimensions that a metric's series have, each sorted: [], [Source], [Reason, Source].
[[nodiscard]] std::vector<std::vector<std::string>> dimension_sets(const OwnMetric& metric);

// Makes datapoints of those own metrics that the plan's alarms watch. Used by one thread.
class OwnMetricFeed {
 public:
  explicit OwnMetricFeed(const Plan& plan);

  // No alarm watches any.
  [[nodiscard]] bool empty() const { return watched_.empty(); }

  // One datapoint for each series, at `time`.
  [[nodiscard]] shard::Chunk sample(const Telemetry& telemetry, EventTime time);

 private:
  struct Watched {
    const OwnMetric* metric;
    std::uint32_t index;  // into the plan's metrics
    Duration bucket;
  };

  std::vector<Watched> watched_;
  absl::flat_hash_map<Hash128, double> counted_;  // of each counter's series, up to the last datapoint
};

}  // namespace tocsin::runtime
