#include "engine/runtime/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/runtime/engine.h"
#include "filters/matcher.h"

namespace tocsin::runtime {
namespace {

using ::testing::ElementsAre;

class UntimedEvents : public ::testing::Test {
 protected:
  UntimedEvents() {
    const auto plan = std::make_shared<Plan>();
    plan->make_matcher = [] { return filters::make_matcher(filters::compile_matcher({})); };
    worker_ = std::make_unique<Worker>(plan);
    partition_.decode.log_group = "group";
  }

  MatchedBatch process(const std::vector<std::string>& lines) {
    const auto bytes = std::make_shared<std::vector<std::string>>(lines);
    event::RawBatch batch;
    batch.read_at = wall_now();
    std::int64_t offset = 0;
    for (const std::string& line : *bytes)
      batch.records.push_back({.value = line, .timestamp = {}, .offset = ++offset});
    batch.bytes = bytes;
    return worker_->process(std::move(batch), partition_);
  }

  static std::vector<std::string> values(const MatchedBatch& batch) {
    std::vector<std::string> values;
    for (const event::DeadLetter& letter : batch.dead) values.push_back(letter.value);
    return values;
  }

  std::unique_ptr<Worker> worker_;
  Partition partition_;
};

TEST_F(UntimedEvents, DieAtTheStartOfAPartitionAndLeaveTheirBytes) {
  MatchedBatch batch = process({"banner", R"({"a":1})", "2026-03-10T10:00:00Z first", "trace"});
  EXPECT_EQ(batch.items.decoded, 4U);
  Engine::resolve_times(batch, kNever);
  EXPECT_EQ(batch.items.read, 4U);
  EXPECT_EQ(batch.items.decoded, 2U);
  EXPECT_EQ(batch.items.dead, 2U);
  EXPECT_EQ(batch.rejects[event::RejectReason::NoTime], 2U);
  EXPECT_THAT(values(batch), ElementsAre("banner", R"({"a":1})"));
  EXPECT_EQ(batch.dead[1].reason, event::RejectReason::NoTime);
  EXPECT_EQ(batch.dead[1].offset, 2);
  EXPECT_EQ(batch.times[3], parse_rfc3339("2026-03-10T10:00:00Z"));
}

TEST_F(UntimedEvents, TakeTheTimeOfTheBatchBefore) {
  const auto before = *parse_rfc3339("2026-03-10T10:00:00Z");
  MatchedBatch batch = process({"trace", "more"});
  Engine::resolve_times(batch, before);
  EXPECT_THAT(batch.times, ElementsAre(before, before));
  EXPECT_EQ(batch.items.decoded, 2U);
  EXPECT_TRUE(batch.dead.empty());
  EXPECT_TRUE(batch.untimed.events.empty()) << "their texts are let go of";
}

class NewestRecord : public UntimedEvents {};

TEST_F(NewestRecord, IsNotOneOfAClockThatIsAhead) {
  event::RawBatch batch;
  batch.read_at = WallTime{Duration{1'800'000'000'000}};
  const EventTime now = as_event_time(batch.read_at);
  for (const Duration ahead :
       {-std::chrono::minutes(30), -std::chrono::minutes(40), std::chrono::minutes(90)})
    batch.records.push_back({.value = "x", .timestamp = now + ahead, .offset = 0});
  EXPECT_EQ(worker_->process(std::move(batch), partition_).newest_record, now - std::chrono::minutes(30));
}

}  // namespace
}  // namespace tocsin::runtime
