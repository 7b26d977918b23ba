// How long an engine takes to be ready again with a large state: series by the million, each with a few
// buckets and an alarm of its own, in a state directory on a real disk.
//
//   state_restart [SERIES] [DIRECTORY]      a million, in a new directory beside the build
//
// Prints what the state takes on the disk, in memory, and how long each step took.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "engine/shard/journal.h"
#include "engine/store/sqlite_state.h"

namespace tocsin {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::minutes;

constexpr std::uint64_t kSeriesOfOneChunk = 10'000;
const EventTime kStart{std::chrono::hours(24 * 365 * 56)};

shard::Definitions definitions(std::uint32_t series) {
  shard::Definitions given;
  given.metrics = {{"App", "Errors", "None", minutes(1), minutes(10), series}};
  alarm::AlarmDefinition alarm;
  alarm.name = "errors";
  alarm.rule = {100, alarm::Comparison::Greater, 3, 2, alarm::MissingData::NotBreaching};
  alarm.evaluation_range = 5;
  alarm.for_each = {"Account", "Host"};
  given.alarms = {alarm};
  given.metric_sources = {{0}};
  return given;
}

shard::Chunk chunk_of(std::uint64_t first, std::uint64_t count, EventTime minute) {
  shard::Chunk chunk;
  for (std::uint64_t i = first; i < first + count; ++i) {
    const metric::Dimensions dimensions{{"Account", fmt::format("{:012}", i % 5000)},
                                        {"Host", fmt::format("host-{}.example.internal", i)}};
    metric::EvidenceSample evidence;
    evidence.add(
        {minute + Duration{static_cast<std::int64_t>(i % 60'000)}, 0, 0, static_cast<std::int64_t>(i)});
    const auto index = static_cast<std::uint32_t>(chunk.series.size());
    chunk.series.push_back({metric::series_hash("App", "Errors", dimensions), 0, dimensions});
    chunk.entries.push_back({index, minute, {3, 7, 1, 4}, evidence, minute});
  }
  return chunk;
}

double since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

int fail_with(const Error& error) {
  fmt::print(stderr, "{}\n", describe(error));
  return 1;
}

int run(std::uint64_t series, const std::string& directory) {
  const auto given = definitions(static_cast<std::uint32_t>(series));
  const auto note = [](const Note& said) { fmt::print(stderr, "{}\n", said.text); };
  Hash128 digest;
  {
    auto state = store::open_state(directory, "state_restart");
    if (!state) return fail_with(state.error());
    auto journal = shard::Journal::open(**state, **state, given, {}, note);
    if (!journal) return fail_with(journal.error());
    shard::Output out;
    auto begun = Clock::now();
    if (auto kept = journal->commit({shard::Start{kStart, {}}}, out); !kept) return fail_with(kept.error());
    std::uint64_t commits = 1;
    for (int minute = 0; minute < 3; ++minute) {
      for (std::uint64_t first = 0; first < series; first += kSeriesOfOneChunk) {
        const std::uint64_t count = std::min(kSeriesOfOneChunk, series - first);
        if (auto kept = journal->commit({chunk_of(first, count, kStart + minutes(minute))}, out); !kept) {
          return fail_with(kept.error());
        }
        ++commits;
      }
    }
    fmt::print("{} commits, {} datapoints: {:.1f} s\n", commits,
               journal->machine().shard().counts().datapoints, since(begun));
    begun = Clock::now();
    if (auto written = journal->snapshot(); !written) return fail_with(written.error());
    fmt::print("snapshot: {:.1f} s\n", since(begun));
    begun = Clock::now();
    digest = journal->machine().digest();
    fmt::print("digest: {:.2f} s\n", since(begun));
    fmt::print("on the disk: {} MB\n", (*state)->bytes() >> 20);
  }
  const auto begun = Clock::now();
  auto state = store::open_state(directory, "state_restart");
  if (!state) return fail_with(state.error());
  auto journal = shard::Journal::open(**state, **state, given, {}, note);
  if (!journal) return fail_with(journal.error());
  fmt::print("ready again: {:.1f} s with {} series\n", since(begun),
             journal->machine().shard().counts().series);
  if (journal->machine().digest() != digest) {
    fmt::print(stderr, "the state is another than before\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tocsin

int main(int argc, char** argv) {
  const std::uint64_t series = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string directory = argc > 2 ? argv[2] : "build/state-restart";
  std::filesystem::remove_all(directory);
  const int code = tocsin::run(series, directory);
  std::filesystem::remove_all(directory);
  return code;
}
