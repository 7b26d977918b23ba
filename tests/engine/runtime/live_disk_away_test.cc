// A disk that takes nothing, and a source that has no end: reading pauses, and what is held stays bounded.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "engine/runtime/live.h"
#include "engine/runtime/plan_definitions.h"
#include "engine/shard/memory_log.h"
#include "filters/matcher.h"

namespace tocsin::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kRecords = 1000;   // of a batch
constexpr std::uint64_t kMostHeld = 20;  // batches: the mailbox, and one in each hand

class EndlessSource final : public source::Source {
 public:
  explicit EndlessSource(std::atomic<std::uint64_t>& handed) : handed_(handed) {}
  Result<void> open(const std::vector<source::Resume>&) override { return {}; }
  Result<std::optional<event::RawBatch>> poll(Duration) override {
    event::RawBatch batch;
    for (std::size_t i = 0; i < kRecords; ++i) batch.records.push_back({*line_, std::nullopt, offset_++});
    batch.bytes = line_;
    batch.next_offset = offset_;
    batch.read_at = wall_now();
    handed_ += kRecords;
    return std::optional(std::move(batch));
  }
  [[nodiscard]] const std::vector<source::PartitionName>& partitions() const override { return partitions_; }
  source::SourceStatus status() override {
    return {{{.partition = 0, .caught_up = true, .at = wall_now()}}, {}};
  }
  void commit(std::uint32_t, std::int64_t) override {}
  void close() override {}

 private:
  std::atomic<std::uint64_t>& handed_;
  const std::shared_ptr<std::string> line_ =
      std::make_shared<std::string>(R"({"timestamp":"2026-03-01T09:00:00Z","message":"x"})");
  const std::vector<source::PartitionName> partitions_{{.source = "app", .file = "-"}};
  std::int64_t offset_ = 0;
};

// Without filters: what counts here is the reading.
std::shared_ptr<const Plan> make_plan() {
  Plan plan;
  plan.sources.push_back({.name = "app", .kind = source::StdinSettings{}, .decode = {}});
  plan.make_matcher = [program = filters::compile_matcher({})] { return filters::make_matcher(program); };
  return std::make_shared<const Plan>(std::move(plan));
}

bool wait_for(const std::function<bool()>& what) {
  for (const auto end = std::chrono::steady_clock::now() + seconds(60);
       !what() && std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(milliseconds(5))) {
  }
  return what();
}

TEST(LiveDiskAway, ReadingPausesAndWhatIsHeldStaysBoundedUntilTheDiskIsBack) {
  std::atomic<std::uint64_t> handed{0};
  std::atomic<bool> is_away{false};
  std::atomic<bool> is_told{false};
  std::atomic<bool> stop{false};
  const auto plan = make_plan();
  shard::MemoryLog log;
  log.set_fault([&](shard::MemoryLog::Operation operation) -> std::optional<Error> {
    if (!is_away || operation != shard::MemoryLog::Operation::Append) return std::nullopt;
    return Error{ErrorCode::Exhausted, "the disk is full", {}};
  });
  auto journal = shard::Journal::open(log, log, definitions_of(*plan), {}, [](const Note&) {});
  ASSERT_TRUE(journal);
  notify::SteadyClock clock;
  notify::Delivery delivery({}, {}, {.is_kept = true}, clock, {});
  ASSERT_TRUE(delivery.open());
  TelemetryBoard board;
  LiveOptions options;
  options.board = &board;
  std::vector<std::unique_ptr<source::Source>> sources;
  sources.push_back(std::make_unique<EndlessSource>(handed));
  Live live(plan, std::move(sources), *journal, delivery, options, [&](const Note& note) {
    if (note.code == "state_not_kept") is_told = true;
  });
  std::jthread running([&] { EXPECT_TRUE(live.run([&] { return stop.load(); })); });
  const auto consumed = [&] {
    const auto telemetry = board.latest();
    return telemetry ? telemetry->sources.at(0).records : 0;
  };

  EXPECT_TRUE(wait_for([&] { return consumed() > 0; }));
  is_away = true;
  EXPECT_TRUE(wait_for([&] { return is_told.load(); }));
  std::this_thread::sleep_for(seconds(1));  // telemetry is published twice a second
  const std::uint64_t paused_at = handed;
  EXPECT_LE(paused_at - consumed(), kMostHeld * kRecords);
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(handed, paused_at) << "nothing more is read";
  is_away = false;
  EXPECT_TRUE(wait_for([&] { return handed > paused_at + 100 * kRecords; }));
  stop = true;
}

}  // namespace
}  // namespace tocsin::runtime
