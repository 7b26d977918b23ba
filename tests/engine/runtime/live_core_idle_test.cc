// What the live core does while nothing comes: no thread, no clock but the test's, a log that the test may
// break.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "engine/runtime/live_core.h"
#include "engine/runtime/plan_definitions.h"
#include "engine/shard/memory_log.h"

namespace tocsin::runtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

const WallTime kStart{parse_rfc3339("2026-03-01T09:00:00Z")->time_since_epoch()};

constexpr std::string_view kConfiguration = R"(
sources:
  app: {kafka: {brokers: "none:9092", topics: [app], group: g}, format: json, time: {field: $.t}}
metric_filters:
  errors:
    log_groups: [app]
    pattern: '{ $.t = "*" }'
    metric: {namespace: App, name: Errors}
alarms:
  errors:
    metric: {namespace: App, name: Errors, statistic: Sum, period: 1m}
    condition: ">= 1"
    early: true
    notify: [told]
topics:
  told: {subscriptions: [{console: {}}]}
)";

std::shared_ptr<const Plan> make_plan() {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("tocsin-idle-{}.yaml", getpid());
  std::ofstream(path) << kConfiguration;
  const config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  return loaded.configuration->plan;
}

class Listening final : public notify::Deliverer {
 public:
  std::optional<Ticket> submit(const notify::Notification& notification, std::uint32_t, Duration) override {
    told.push_back(fmt::format("{} {}", notification.facts->alarm, to_string(notification.facts->to)));
    return told.size();
  }
  [[nodiscard]] Room room(const notify::Notification&, std::uint32_t) const override { return Room::Half; }
  std::vector<Settled> take_settled() override { return {}; }
  [[nodiscard]] Ticket settled_up_to() const override { return 0; }
  [[nodiscard]] std::vector<notify::SubscriptionStatus> status() const override {
    return {{.subscription = "told/console", .destination = "the test"}};
  }

  std::vector<std::string> told;
};

class LiveCoreIdle : public testing::Test {
 protected:
  LiveCoreIdle() {
    auto journal = shard::Journal::open(log_, log_, definitions_of(*plan_),
                                        {.snapshot_records = 8, .snapshot_bytes = 4096, .hash_records = 100},
                                        [](const Note&) {});
    journal_.emplace(std::move(*journal));
    options_.now = [this] { return now_; };
    options_.steady = [this] { return steady_; };
    core_ = std::make_unique<LiveCore>(
        plan_, *journal_, delivery_, options_, [this](const Note& note) { codes_.push_back(note.code); },
        [](std::uint32_t, std::uint32_t, std::int64_t) {});
    EXPECT_TRUE(core_->resume());
    EXPECT_TRUE(core_->begin());
    SourceMessage first{.source = 0, .new_partitions = {{.source = "app", .topic = "app"}}, .content = {}};
    first.content = caught_up();
    EXPECT_FALSE(core_->handle(std::move(first)));
  }

  [[nodiscard]] source::SourceStatus caught_up() const {
    return {.partitions = {{.partition = 0, .caught_up = true, .at = now_}}};
  }
  // As a source of files says when one was rotated away.
  void say_gone() {
    source::SourceStatus status = caught_up();
    status.gone = {0};
    EXPECT_FALSE(core_->handle({.source = 0, .new_partitions = {}, .content = std::move(status)}));
  }
  void set_clock(Duration ahead) {
    now_ += ahead;
    steady_ += ahead;
  }
  void event(Duration since_start) {
    record(fmt::format(R"({{"t":"{}"}})", format_rfc3339(as_event_time(kStart) + since_start)));
  }
  void record(std::string content) {
    const auto text = std::make_shared<std::string>(std::move(content));
    event::RawBatch batch;
    batch.records.push_back({*text, as_event_time(now_), next_offset_++});
    batch.bytes = text;
    batch.next_offset = next_offset_;
    batch.read_at = now_;
    EXPECT_FALSE(core_->handle({.source = 0, .new_partitions = {}, .content = std::move(batch)}));
  }
  // Second by second; the source says nothing, or that it is caught up.
  void pass(Duration time, bool says_so = false) {
    for (; time > Duration{0}; time -= seconds(1)) {
      now_ += seconds(1);
      steady_ += seconds(1);
      if (says_so) {
        EXPECT_FALSE(core_->handle({.source = 0, .new_partitions = {}, .content = caught_up()}));
      }
      core_->step(true);
    }
  }

  const std::shared_ptr<const Plan> plan_ = make_plan();
  shard::MemoryLog log_;
  std::optional<shard::Journal> journal_;
  Listening delivery_;
  LiveOptions options_;
  std::vector<std::string> codes_;
  WallTime now_ = kStart;
  std::chrono::steady_clock::time_point steady_{std::chrono::hours(1)};
  std::int64_t next_offset_ = 0;
  std::unique_ptr<LiveCore> core_;
};

// Nothing proves the source's time meanwhile, so time stands still, and nothing else is to be kept.
TEST_F(LiveCoreIdle, AnEventAheadOfTheClockRingsEarlyOnceTheClockComesToItsMinute) {
  event(minutes(2) + seconds(30));
  pass(seconds(115));
  EXPECT_THAT(delivery_.told, IsEmpty());
  pass(seconds(10));
  EXPECT_THAT(delivery_.told, ElementsAre("errors ALARM"));
}

TEST_F(LiveCoreIdle, WhileTimeStandsStillNothingIsWritten) {
  pass(seconds(5));
  const auto before = log_.last();
  pass(minutes(5));
  EXPECT_EQ(log_.last(), before);
}

TEST_F(LiveCoreIdle, ALogThatCannotBeTrimmedIsNoMissingSnapshot) {
  log_.set_fault([](shard::MemoryLog::Operation operation) -> std::optional<Error> {
    if (operation != shard::MemoryLog::Operation::Trim) return std::nullopt;
    return Error{ErrorCode::Exhausted, "the disk is full", ""};
  });
  pass(minutes(5), true);
  EXPECT_EQ(log_.kept()->size(), 2U);
  EXPECT_EQ(std::ranges::count(codes_, "log_not_trimmed"), 1);
  EXPECT_THAT(codes_, Not(Contains("no_snapshot")));
}

TEST_F(LiveCoreIdle, APartitionThatIsGoneIsForgottenOnceWhatIsInItIsTooOldToCount) {
  event(seconds(0));
  say_gone();
  pass(seconds(5));
  set_clock(std::chrono::days(14));
  pass(seconds(5), true);
  ASSERT_EQ(journal_->machine().partitions().size(), 1U);
  EXPECT_FALSE(journal_->machine().partitions()[0].is_forgotten());
  set_clock(std::chrono::days(1));
  pass(seconds(5), true);
  EXPECT_TRUE(journal_->machine().partitions()[0].is_forgotten());
}

TEST_F(LiveCoreIdle, DeadItemsAreSummedUpAfterAMinuteHoweverOftenTheSourceSpeaks) {
  for (int i = 0; i < 3; ++i) record("{");
  pass(seconds(50), true);
  EXPECT_EQ(std::ranges::count(codes_, "dead_letters"), 1);
  pass(seconds(15), true);
  EXPECT_EQ(std::ranges::count(codes_, "dead_letters"), 2);
}

}  // namespace
}  // namespace tocsin::runtime
