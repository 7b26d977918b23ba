// The same input, cut into batches, partitions and workers in random ways, gives the same results.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <fstream>
#include <random>

#include "config/load.h"
#include "engine/runtime/replay.h"

namespace tocsin::runtime {
namespace {

constexpr std::string_view kConfiguration = R"(
sources:
  app:
    stdin: {}
    format: json
    time: {field: $.t}
metric_filters:
  all:
    log_groups: [app]
    pattern: '{ $.v = * }'
    metric: {namespace: App, name: Value, value: $.v, dimensions: {Account: $.account}}
  errors:
    log_groups: [app]
    pattern: '{ $.error IS TRUE }'
    metric: {namespace: App, name: Errors, value: 1, default: 0}
rules:
  errors-of-one:
    event_pattern: {account: ["1"], error: [true]}
    notify: [told]
topics: {told: {subscriptions: [{console: {}}]}}
alarms:
  errors-burst:
    metric: {namespace: App, name: Errors, statistic: Sum, period: 5m}
    condition: ">= 6"
    datapoints: 1 of 2
    missing_data: not_breaching
  errors-fine:
    metric: {namespace: App, name: Errors, statistic: SampleCount, period: 1m}
    condition: "< 1"
    datapoints: 2 of 3
    missing_data: breaching
  value-high:
    metric: {namespace: App, name: Value, statistic: Average, period: 2m}
    for_each: [Account]
    condition: "> 55"
    datapoints: 2 of 3
    missing_data: missing
  value-max:
    metric: {namespace: App, name: Value, statistic: Maximum, period: 10m}
    for_each: [Account]
    condition: ">= 98"
    missing_data: ignore
)";

std::shared_ptr<const Plan> make_plan() {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("tocsin-property-{}.yaml", getpid());
  std::ofstream(path) << kConfiguration;
  config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  return loaded.configuration->plan;
}

// Lines from memory, in batches of the sizes asked for.
class Lines final : public source::PartitionReader {
 public:
  Lines(std::shared_ptr<const std::vector<std::string>> lines, std::uint64_t seed, std::size_t largest)
      : lines_(std::move(lines)), random_(seed), largest_(largest) {}

  Result<event::RawBatch> read() override {
    event::RawBatch batch;
    const std::size_t size = random_() % (largest_ + 1);  // sometimes none
    for (std::size_t i = 0; i < size && next_ < lines_->size(); ++i, ++next_) {
      batch.records.push_back({(*lines_)[next_], std::nullopt, static_cast<std::int64_t>(next_ + 1)});
    }
    batch.last = next_ == lines_->size();
    return batch;
  }

 private:
  std::shared_ptr<const std::vector<std::string>> lines_;
  std::mt19937_64 random_;
  std::size_t largest_;
  std::size_t next_ = 0;
};

using Partitions = std::vector<std::shared_ptr<const std::vector<std::string>>>;

struct Datapoint {
  std::string name;
  metric::StatisticSet statistics;
  auto operator<=>(const Datapoint& other) const { return name <=> other.name; }
};

struct Heard final : Listener {
  bool with_evidence = true;
  std::vector<std::string> transitions;
  std::vector<Datapoint> datapoints;
  std::vector<std::string> events;

  void on_event(std::uint32_t rule, const metric::Evidence& event,
                const std::vector<JudgedNotification>& notifications) override {
    events.push_back(fmt::format("{} {}@{} {} {} {}", rule, event.partition, event.offset,
                                 format_rfc3339(event.time), notifications.at(0).notification.id,
                                 notifications.at(0).notification.payload));
  }
  void on_transition(const alarm::Transition& t, const std::vector<JudgedNotification>&) override {
    std::string text = fmt::format("{} {} {} {} {}->{}", format_rfc3339(t.time), t.id, t.alarm,
                                   metric::describe(t.dimensions), to_string(t.from), to_string(t.to));
    if (with_evidence) {
      text += t.reason + t.reason_data;
      for (const auto& event : t.evidence) text += fmt::format(" {}@{}", event.partition, event.offset);
    }
    transitions.push_back(text);
  }
  void on_closed(const shard::ClosedBucket& bucket) override {
    datapoints.push_back({fmt::format("{} {} {}", format_rfc3339(bucket.start), bucket.metric,
                                      metric::describe(bucket.dimensions)),
                          bucket.statistics});
  }
  void on_time(EventTime) override {}
};

struct Result {
  Heard heard;
  ReplayResult replayed;
};

Result run(const std::shared_ptr<const Plan>& plan, const Partitions& partitions, std::uint64_t seed,
           std::size_t largest_batch, unsigned workers, bool with_evidence = true) {
  std::vector<ReplayInput> inputs;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    source::HistoryPartition partition;
    partition.name.source = "app";
    partition.name.file = fmt::format("{}", i);
    partition.open = [lines = partitions[i], seed, i,
                      largest_batch]() -> tocsin::Result<std::unique_ptr<source::PartitionReader>> {
      return std::make_unique<Lines>(lines, seed + i, largest_batch);
    };
    partition.bytes = i % 4;  // 0: it may wait for whoever writes it
    inputs.push_back({0, std::move(partition)});
  }
  Result result;
  result.heard.with_evidence = with_evidence;
  ReplayOptions options;
  options.workers = workers;
  options.report_closed = true;
  PartitionTable table;
  const std::atomic<bool> stop{false};
  auto replayed = replay(plan, std::move(inputs), options, table, result.heard, {}, stop);
  EXPECT_TRUE(replayed.has_value());
  result.replayed = *replayed;
  std::sort(result.heard.datapoints.begin(), result.heard.datapoints.end());
  return result;
}

// Events over three hours, up to `lateness` out of order.
std::vector<std::string> make_lines(std::mt19937_64& random, bool fractions, Duration lateness) {
  const EventTime start = *parse_rfc3339("2026-03-01T09:00:00Z");
  std::vector<std::pair<std::int64_t, std::string>> lines;
  const std::size_t count = 50 + random() % 400;
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::int64_t>(random() % 10'800'000);
    const auto delivered =
        at + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(lateness.count() + 1));
    std::string value = std::to_string(random() % 100);
    if (fractions) value += fmt::format(".{}", random() % 1000);
    lines.emplace_back(delivered, fmt::format(R"({{"t":"{}","account":"{}","v":{},"error":{}}})",
                                              format_rfc3339(start + Duration{at}), random() % 4, value,
                                              random() % 3 == 0 ? "true" : "false"));
  }
  std::sort(lines.begin(), lines.end());
  std::vector<std::string> ordered;
  for (auto& [delivered, line] : lines) ordered.push_back(std::move(line));
  return ordered;
}

Partitions deal(std::mt19937_64& random, const std::vector<std::string>& lines, std::size_t partitions) {
  std::vector<std::vector<std::string>> dealt(partitions);
  for (const std::string& line : lines) dealt[random() % partitions].push_back(line);
  Partitions result;
  for (auto& some : dealt)
    result.push_back(std::make_shared<const std::vector<std::string>>(std::move(some)));
  return result;
}

TEST(ReplayProperty, BatchesAndWorkersChangeNoByteWhateverTheLateness) {
  const auto plan = make_plan();
  std::mt19937_64 random(1);
  bool any_events = false;
  for (int round = 0; round < 25; ++round) {
    // Up to an hour out of order: much of it is late, and which part of it must not depend on batches either.
    const auto lines = make_lines(random, false, std::chrono::minutes(random() % 60));
    const Partitions partitions = deal(random, lines, 1 + random() % (round % 5 == 0 ? 100 : 5));
    const Result reference = run(plan, partitions, 0, 1, 1);
    ASSERT_FALSE(reference.heard.transitions.empty());
    any_events |= !reference.heard.events.empty();
    for (const unsigned workers : {1U, 2U, 5U}) {
      const Result other = run(plan, partitions, random(), 1 + random() % 300, workers);
      ASSERT_EQ(other.heard.transitions, reference.heard.transitions)
          << "round " << round << " workers " << workers;
      ASSERT_EQ(other.replayed.counts.rejects.counts, reference.replayed.counts.rejects.counts);
      ASSERT_EQ(other.replayed.counts.events, reference.replayed.counts.events);
      ASSERT_EQ(other.replayed.end, reference.replayed.end);
      ASSERT_EQ(other.heard.events, reference.heard.events);
      ASSERT_EQ(other.replayed.counts.rule_matches, reference.heard.events.size());
      ASSERT_EQ(other.heard.datapoints.size(), reference.heard.datapoints.size());
      for (std::size_t i = 0; i < other.heard.datapoints.size(); ++i) {
        ASSERT_EQ(other.heard.datapoints[i].name, reference.heard.datapoints[i].name);
        ASSERT_EQ(other.heard.datapoints[i].statistics, reference.heard.datapoints[i].statistics);
      }
    }
  }
  EXPECT_TRUE(any_events);
}

TEST(ReplayProperty, PartitionsChangeNothingWithinTheLateness) {
  const auto plan = make_plan();
  std::mt19937_64 random(2);
  for (int round = 0; round < 25; ++round) {
    const auto lines = make_lines(random, false, std::chrono::minutes(random() % 14));
    const Result reference = run(plan, deal(random, lines, 1), 0, 100, 1, false);
    for (int cut = 0; cut < 3; ++cut) {
      const Result other = run(plan, deal(random, lines, 1 + random() % 6), random(), 1 + random() % 50,
                               1 + static_cast<unsigned>(random() % 3), false);
      ASSERT_EQ(other.heard.transitions, reference.heard.transitions) << "round " << round;
      ASSERT_EQ(other.replayed.counts.rejects[event::RejectReason::Late], 0U);
    }
  }
}

// Flat memory: a partition is not read further than its events are needed.
TEST(Replay, ReadsAPartitionOnlyAsItIsConsumed) {
  constexpr std::size_t kBatch = 10;
  class Counted final : public source::PartitionReader {
   public:
    explicit Counted(std::atomic<std::size_t>& read) : read_(read) {}
    tocsin::Result<event::RawBatch> read() override {
      event::RawBatch batch;
      const auto lines = std::make_shared<std::deque<std::string>>();
      for (std::size_t i = 0; i < kBatch; ++i, ++read_) {
        lines->push_back(fmt::format(
            R"({{"t":"{}","account":"1","v":1}})",
            format_rfc3339(EventTime{Duration{60'000 * static_cast<std::int64_t>(read_.load())}})));
        batch.records.push_back({lines->back(), std::nullopt, static_cast<std::int64_t>(read_.load())});
      }
      batch.bytes = lines;
      batch.last = read_ == 1000 * kBatch;
      return batch;
    }

   private:
    std::atomic<std::size_t>& read_;
  };
  for (const unsigned workers : {1U, 3U}) {
    std::atomic<std::size_t> read = 0;
    std::size_t furthest = 0;
    std::vector<ReplayInput> inputs(1);
    inputs[0].partition.open = [&]() -> tocsin::Result<std::unique_ptr<source::PartitionReader>> {
      return std::make_unique<Counted>(read);
    };
    Heard heard;
    PartitionTable table;
    const std::atomic<bool> stop{false};
    const auto result = replay(
        make_plan(), std::move(inputs), {.workers = workers}, table, heard,
        [&](const ReplayProgress& reached) { furthest = std::max(furthest, read.load() - reached.events); },
        stop);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->counts.events, 1000 * kBatch);
    EXPECT_GT(furthest, 0U);
    EXPECT_LE(furthest, kBatch * 2 * workers);
  }
}

TEST(Replay, APartitionThatCannotBeReadOnEndsIt) {
  class Failing final : public source::PartitionReader {
   public:
    tocsin::Result<event::RawBatch> read() override {
      if (batches_ == 5) return fail(ErrorCode::Unavailable, "the disk is gone", "a file");
      event::RawBatch batch;
      batch.records.push_back(
          {R"({"t":"2026-03-01T09:00:00Z","account":"1","v":1})", std::nullopt, batches_++});
      return batch;
    }

   private:
    std::int64_t batches_ = 0;
  };
  const auto plan = make_plan();
  for (const unsigned workers : {1U, 2U, 5U}) {
    for (const bool opens : {true, false}) {
      std::vector<ReplayInput> inputs(3);
      for (ReplayInput& input : inputs) {
        input.partition.open = [opens]() -> tocsin::Result<std::unique_ptr<source::PartitionReader>> {
          if (!opens) return fail(ErrorCode::Refused, "no", "a file");
          return std::make_unique<Failing>();
        };
      }
      Heard heard;
      PartitionTable table;
      const std::atomic<bool> stop{false};
      const auto result = replay(plan, std::move(inputs), {.workers = workers}, table, heard, {}, stop);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, opens ? ErrorCode::Unavailable : ErrorCode::Refused);
    }
  }
}

TEST(ReplayProperty, FractionsAgreeToRounding) {
  const auto plan = make_plan();
  std::mt19937_64 random(3);
  for (int round = 0; round < 15; ++round) {
    const auto lines = make_lines(random, true, std::chrono::minutes(10));
    const Result reference = run(plan, deal(random, lines, 1), 0, 100, 1, false);
    const Result other = run(plan, deal(random, lines, 4), random(), 7, 3, false);
    ASSERT_EQ(other.heard.datapoints.size(), reference.heard.datapoints.size());
    for (std::size_t i = 0; i < other.heard.datapoints.size(); ++i) {
      ASSERT_EQ(other.heard.datapoints[i].name, reference.heard.datapoints[i].name);
      const metric::StatisticSet& a = other.heard.datapoints[i].statistics;
      const metric::StatisticSet& b = reference.heard.datapoints[i].statistics;
      ASSERT_EQ(a.count, b.count);
      ASSERT_EQ(a.min, b.min);
      ASSERT_EQ(a.max, b.max);
      ASSERT_LE(std::abs(a.sum - b.sum), 1e-12 * std::abs(b.sum));
    }
  }
}

}  // namespace
}  // namespace tocsin::runtime
