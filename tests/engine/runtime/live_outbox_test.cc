// A destination that is dead while more is to be told than its queue holds: the core of `run` with a journal
// that keeps, the real delivery, and clocks that the test moves.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "config/load.h"
#include "engine/runtime/live_core.h"
#include "engine/runtime/plan_definitions.h"
#include "engine/shard/memory_log.h"

namespace tocsin::runtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kAccounts = 3000;
const WallTime kStart{parse_rfc3339("2026-03-01T09:00:00Z")->time_since_epoch()};

constexpr std::string_view kConfiguration = R"(
sources:
  app: {kafka: {brokers: "none:9092", topics: [app], group: g}, format: json, time: {field: $.t}}
metric_filters:
  errors:
    log_groups: [app]
    pattern: '{ $.account = "*" }'
    metric: {namespace: App, name: Errors, dimensions: {Account: $.account}}
alarms:
  errors:
    metric: {namespace: App, name: Errors, statistic: Sum, period: 1m}
    for_each: [Account]
    condition: ">= 1"
    evaluation_range: 1
    missing_data: not_breaching
    notify: {alarm: [told]}
topics:
  told: {subscriptions: [{console: {}}]}
)";

std::shared_ptr<const Plan> make_plan() {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("tocsin-outbox-{}.yaml", getpid());
  std::ofstream(path) << kConfiguration;
  config::Loaded loaded = config::load({path.string()}, {});
  std::filesystem::remove(path);
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
  return loaded.configuration->plan;
}

// The destination: outlives the process that tells it.
struct Hook {
  std::mutex mutex;
  bool is_dead = true;
  std::vector<std::string> keys;  // that it got, in order
};

class HookSink final : public notify::Sink {
 public:
  explicit HookSink(Hook& hook) : hook_(hook) {}
  Result<void> open() override { return {}; }
  notify::Attempt deliver(const notify::Notification& notification) override {
    const std::lock_guard lock(hook_.mutex);
    if (hook_.is_dead) return {.outcome = notify::Attempt::Outcome::Retry, .detail = "dead", .away = true};
    hook_.keys.push_back(notification.key);
    return {};
  }
  [[nodiscard]] std::string describe() const override { return "the hook"; }

 private:
  Hook& hook_;
};

// One process on the log: everything but the log and the hook ends with it.
class Process {
 public:
  Process(std::shared_ptr<const Plan> plan, shard::MemoryLog& log, Hook& hook, WallTime& now)
      : journal_(open(*plan, log)),
        delivery_(plan->topics, sinks(hook),
                  {.retry = {.base = Duration{1}, .cap = Duration{2}, .give_up_after = Duration{50}},
                   .is_kept = true},
                  clock_, [](const notify::DeliveryReport&) {}) {
    EXPECT_TRUE(delivery_.open());
    options_.now = [&now] { return now; };
    options_.steady = [&now] { return std::chrono::steady_clock::time_point(now.time_since_epoch()); };
    options_.board = &board_;
    core_ = std::make_unique<LiveCore>(
        std::move(plan), journal_, delivery_, options_, [](const Note&) {},
        [](std::uint32_t, std::uint32_t, std::int64_t) {});
    EXPECT_TRUE(core_->resume());
    EXPECT_TRUE(core_->begin());
  }

  LiveCore& core() { return *core_; }
  [[nodiscard]] const shard::StateMachine& machine() const { return journal_.machine(); }
  [[nodiscard]] notify::SubscriptionStatus status() const {
    return board_.latest()->subscriptions.at(0).status;
  }

 private:
  static shard::Journal open(const Plan& plan, shard::MemoryLog& log) {
    auto journal = shard::Journal::open(log, log, definitions_of(plan), {}, [](const Note&) {});
    EXPECT_TRUE(journal);
    return std::move(*journal);
  }
  static std::vector<std::vector<std::unique_ptr<notify::Sink>>> sinks(Hook& hook) {
    std::vector<std::vector<std::unique_ptr<notify::Sink>>> all(1);
    all[0].push_back(std::make_unique<HookSink>(hook));
    return all;
  }

  shard::Journal journal_;
  notify::SteadyClock clock_;
  notify::Delivery delivery_;
  TelemetryBoard board_;
  LiveOptions options_;
  std::unique_ptr<LiveCore> core_;
};

class LiveOutbox : public testing::Test {
 protected:
  void start() { process_ = std::make_unique<Process>(plan_, log_, hook_, now_); }
  // Without a word: what was not kept is gone.
  void kill() { process_.reset(); }

  // Each account has an error, and its minute passes.
  void ring() {
    const auto bytes = std::make_shared<std::vector<std::string>>();
    for (std::size_t i = 0; i < kAccounts; ++i) {
      bytes->push_back(
          fmt::format(R"({{"t":"{}","account":"{:05}"}})", format_rfc3339(as_event_time(now_)), i));
    }
    event::RawBatch batch;
    std::int64_t offset = 0;
    for (const std::string& line : *bytes) batch.records.push_back({line, as_event_time(now_), offset++});
    batch.bytes = bytes;
    batch.next_offset = offset;
    batch.read_at = now_;
    const source::PartitionName name{.source = "app", .topic = "app", .incarnation = "1"};
    EXPECT_FALSE(process_->core().handle({0, {name}, std::move(batch)}));
    pass(minutes(2));
    source::SourceStatus caught_up;
    caught_up.partitions = {{.partition = 0, .caught_up = true, .at = now_}};
    EXPECT_FALSE(process_->core().handle({0, {}, caught_up}));
    pass(seconds(2));
  }

  void pass(Duration time) {
    now_ += time;
    process_->core().step(true);
  }

  std::vector<std::string> keys() {
    const std::lock_guard lock(hook_.mutex);
    return hook_.keys;
  }
  void revive() {
    const std::lock_guard lock(hook_.mutex);
    hook_.is_dead = false;
  }
  bool pass_until(const std::function<bool()>& is_over) {
    for (const auto end = std::chrono::steady_clock::now() + seconds(60);
         !is_over() && std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      pass(seconds(1));
    }
    return is_over();
  }

  void expect_all_in_order_once() {
    const auto got = keys();
    EXPECT_EQ(got.size(), kAccounts);
    EXPECT_TRUE(std::ranges::is_sorted(got)) << "as they were decided: by account";
    EXPECT_EQ(std::ranges::adjacent_find(got), got.end()) << "each once";
  }

  const std::shared_ptr<const Plan> plan_ = make_plan();
  shard::MemoryLog log_;
  Hook hook_;
  WallTime now_ = kStart;
  std::unique_ptr<Process> process_;
};

TEST_F(LiveOutbox, ThreeThousandForADestinationThatIsDeadArriveInTheirOrderOnceWhenItLives) {
  start();
  ring();
  EXPECT_EQ(process_->machine().outbox().size(), kAccounts);
  // One is being tried.
  EXPECT_TRUE(pass_until([&] {
    const auto status = process_->status();
    return status.waiting == 1000 && status.in_outbox == kAccounts - 1001;
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // longer than what the retries give up after
  pass(seconds(1));
  EXPECT_EQ(process_->machine().outbox().size(), kAccounts);
  revive();
  EXPECT_TRUE(pass_until([&] { return process_->machine().outbox().empty(); }));
  expect_all_in_order_once();
  EXPECT_EQ(process_->machine().ledger().at("delivered"), kAccounts);
  EXPECT_FALSE(process_->machine().ledger().contains("given_up"));
}

TEST_F(LiveOutbox, ThoseThatWaitOutliveTheProcess) {
  start();
  ring();
  kill();
  start();
  EXPECT_EQ(process_->machine().outbox().size(), kAccounts);
  revive();
  EXPECT_TRUE(pass_until([&] { return process_->machine().outbox().empty(); }));
  expect_all_in_order_once();
}

// The tick that decided it was kept, and what is told of it was not.
TEST_F(LiveOutbox, AStartOnAFullDiskWaitsForRoomAndThenTellsWhatWasDecided) {
  start();
  bool is_full = false;
  log_.set_fault([&](shard::MemoryLog::Operation operation) -> std::optional<Error> {
    is_full = is_full || !process_->machine().untold().empty();
    if (!is_full || operation != shard::MemoryLog::Operation::Append) return std::nullopt;
    return Error{ErrorCode::Exhausted, "the disk is full", {}};
  });
  ring();
  EXPECT_FALSE(process_->machine().untold().empty());
  kill();
  start();
  EXPECT_FALSE(process_->core().ready());
  pass(seconds(1));
  EXPECT_FALSE(process_->core().failure());
  EXPECT_TRUE(process_->machine().outbox().empty());
  log_.set_fault({});
  pass(seconds(1));
  EXPECT_TRUE(process_->core().ready());
  EXPECT_EQ(process_->machine().outbox().size(), kAccounts);
  EXPECT_TRUE(process_->machine().untold().empty());
  revive();
  EXPECT_TRUE(pass_until([&] { return process_->machine().outbox().empty(); }));
  expect_all_in_order_once();
}

}  // namespace
}  // namespace tocsin::runtime
