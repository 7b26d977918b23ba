// The demo's day: a day of account logs of a made-up company, with six incidents in it (README.md lists
// them).
//
// A function of its options: the same ones give the same bytes on every machine. What there is more of in a
// larger day are ordinary calls and sessions; the story and all that comes near a threshold stay as they are.
// One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace tocsin::bench {

struct DemoDay {
  std::filesystem::path
      folder;         // is made; gets cloudtrail-0.jsonl …, backup.jsonl, hosts.log and, last, `complete`
  EventTime start{};  // midnight
  std::uint64_t events = 300'000;  // in all
  std::uint64_t seed = 1;
};

struct DemoDayProgress {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_expected = 0;
  std::uint64_t events = 0;
  EventTime time{};
};

// How many bytes were written. `progress` is called now and then.
[[nodiscard]] Result<std::uint64_t> write_demo_day(
    const DemoDay& day, const std::function<void(const DemoDayProgress&)>& progress);

}  // namespace tocsin::bench
