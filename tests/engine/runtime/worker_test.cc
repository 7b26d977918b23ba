#include "engine/runtime/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/runtime/engine.h"
#include "filters/matcher.h"
#include "tests/engine/event/compress.h"

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
  EXPECT_TRUE(batch.untimed.empty()) << "their texts are let go of";
}

TEST(Excerpts, AreOfTheEventsThatEvidenceNames) {
  const auto plan = std::make_shared<Plan>();
  plan->metrics.push_back({.metric_namespace = "App", .name = "Events"});
  plan->filters.push_back({.name = "all", .match = {{}, event::Predicate::always(), {}}});
  plan->make_matcher = [plan = plan.get()] {
    return filters::make_matcher(filters::compile_matcher({plan->filters[0].match}));
  };
  Worker worker(plan, true);
  Partition partition;
  partition.decode.log_group = "group";
  event::RawBatch batch;
  const std::vector<std::string> lines{"2026-03-10T10:00:50Z f",
                                       "2026-03-10T10:01:00Z other minute",
                                       "2026-03-10T10:00:40Z e",
                                       "2026-03-10T10:00:30Z d",
                                       "no time c",
                                       "2026-03-10T10:00:10Z a",
                                       "2026-03-10T10:00:20Z b"};
  std::int64_t offset = 0;
  for (const std::string& line : lines)
    batch.records.push_back({.value = line, .timestamp = {}, .offset = ++offset});
  const MatchedBatch matched = worker.process(std::move(batch), partition);
  std::vector<std::int64_t> offsets;
  for (const Excerpt& excerpt : matched.excerpts) {
    offsets.push_back(excerpt.offset);
    EXPECT_EQ(matched.excerpt_texts.substr(excerpt.begin, excerpt.size),
              lines[static_cast<std::size_t>(excerpt.offset - 1)]);
  }
  EXPECT_THAT(offsets, ElementsAre(2, 4, 6, 7)) << "the earliest three of each minute, in the batch's order";
}

// What a batch holds need not be decoded at once.
TEST_F(UntimedEvents, AreThoseOfTheWholeBatch) {
  std::string lines;
  for (std::size_t i = 1; i < event::kMaxPieceEvents; ++i) lines += "{}";
  const std::string record = event::gzip(lines);
  MatchedBatch batch = process({"banner", record, "more", R"({"time":"2026-03-10T10:00:00Z"})", "late"});
  EXPECT_EQ(batch.times.size(), event::kMaxPieceEvents + 3);
  EXPECT_EQ(batch.items.decoded, batch.times.size());
  EXPECT_EQ(batch.untimed.size(), event::kMaxPieceEvents + 1);
  Engine::resolve_times(batch, kNever);
  EXPECT_EQ(batch.items.dead, event::kMaxPieceEvents + 1);
  EXPECT_EQ(batch.times.back(), parse_rfc3339("2026-03-10T10:00:00Z"));
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
