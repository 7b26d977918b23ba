// Evidence: where to find a few of the events behind a datapoint, so that a person can look at them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>

#include "engine/base/time.h"

namespace tocsin::metric {

// One event. Ordered by time, then place, so that a sample does not depend on the order in which events came.
struct Evidence {
  EventTime time{};
  std::uint32_t partition = 0;  // index into the engine's partition table
  std::uint32_t index = 0;      // among the items of one record
  std::int64_t offset = 0;      // as event::Position::offset
  friend auto operator<=>(const Evidence& a, const Evidence& b) {
    if (const auto order = a.time <=> b.time; order != 0) return order;
    if (const auto order = a.partition <=> b.partition; order != 0) return order;
    if (const auto order = a.offset <=> b.offset; order != 0) return order;
    return a.index <=> b.index;
  }
  bool operator==(const Evidence&) const = default;
};

// The first few events of a bucket. merge() is associative and commutative: the sample is a function of the
// set of events.
class EvidenceSample {
 public:
  static constexpr std::size_t kSize = 3;

  void add(const Evidence& evidence);
  void merge(const EvidenceSample& other);
  [[nodiscard]] std::span<const Evidence> events() const { return {events_.data(), size_}; }

 private:
  std::array<Evidence, kSize> events_{};  // the first size_ are sorted
  std::uint32_t size_ = 0;
};

}  // namespace tocsin::metric
