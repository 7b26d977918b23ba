// Event rules from the record that is read to the outbox, and across a crash.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/runtime/engine.h"
#include "engine/runtime/plan_definitions.h"
#include "engine/runtime/worker.h"
#include "engine/shard/memory_log.h"
#include "engine/shard/record.h"
#include "filters/event_pattern.h"
#include "filters/filter_policy.h"
#include "filters/matcher.h"

namespace tocsin::runtime {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

const std::vector<std::string> kEvents{
    R"({"source":"aws.backup","detail-type":"Backup Job State Change","account":"111122223333","region":"eu-central-1","time":"2026-03-01T09:00:10Z","detail":{"state":"FAILED"}})",
    R"({"source":"aws.backup","detail-type":"Backup Job State Change","account":"111122223333","region":"eu-central-1","time":"2026-03-01T09:00:20Z","detail":{"state":"COMPLETED"}})",
    R"({"source":"aws.backup","detail-type":"Copy Job State Change","account":"444455556666","region":"eu-west-1","time":"2026-03-01T09:00:30Z","detail":{"state":"FAILED"}})"};

event::Predicate pattern(std::string_view text) { return filters::compile_event_pattern(text)->predicate; }

std::shared_ptr<const Plan> make_plan() {
  auto plan = std::make_shared<Plan>();
  source::SourceSettings source;
  source.name = "bus";
  plan->sources.push_back(source);
  plan->topics = {{"team", {{"console", "console"}, {"console-2", "console"}}}, {"nobody", {}}};
  plan->rules = {{"copies", "", {{}, pattern(R"({"detail-type":[{"prefix":"Copy"}]})"), {}}, {0, 1}},
                 {"failed", "for the team", {{}, pattern(R"({"detail":{"state":["FAILED"]}})"), {}}, {0}}};
  plan->make_matcher = [rules = plan->rules] {
    std::vector<MatchSpec> specs;
    for (const RulePlan& rule : rules) specs.push_back(rule.match);
    return filters::make_matcher(filters::compile_matcher(std::move(specs)));
  };
  return plan;
}

Partition partition_of(std::string incarnation = "") {
  Partition partition;
  partition.name = {
      .source = "bus", .topic = "events", .number = 3, .file = {}, .incarnation = std::move(incarnation)};
  partition.decode.log_group = "events";
  return partition;
}

event::RawBatch batch_of(const std::vector<std::string>& lines, std::int64_t offset = 0) {
  event::RawBatch batch;
  for (const std::string& line : lines)
    batch.records.push_back({.value = line, .timestamp = {}, .offset = offset++});
  batch.next_offset = offset;
  return batch;
}

struct Told final : Listener {
  std::vector<OutboxNotification> outbox;
  std::vector<std::string> events;  // rule and place

  void on_transition(const alarm::Transition&, const std::vector<JudgedNotification>&) override {}
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}
  void on_event(std::uint32_t rule, const metric::Evidence& event,
                const std::vector<JudgedNotification>& notifications) override {
    events.push_back(fmt::format("{}@{} to {}", rule, event.offset, notifications.size()));
  }
  void on_outbox(const OutboxNotification& notification) override { outbox.push_back(notification); }
  [[nodiscard]] std::string place(const metric::Evidence& event) const override {
    return fmt::format("events[3]@{}", event.offset);
  }
};

TEST(RuleMatches, AreTheEventsAndTheirPlaces) {
  Worker worker(make_plan());
  const MatchedBatch matched = worker.process(batch_of(kEvents, 40), partition_of());
  ASSERT_THAT(matched.rule_matches, SizeIs(3));
  EXPECT_THAT(matched.contributions, IsEmpty());
  ASSERT_THAT(matched.ruled, SizeIs(2)) << "two rules share the copy job's event";
  EXPECT_EQ(matched.ruled[1].message, kEvents[2]);
  EXPECT_EQ(matched.ruled[1].offset, 42);
  EXPECT_EQ(matched.ruled[1].account, "444455556666");
  EXPECT_EQ(matched.ruled[1].region, "eu-west-1");
  EXPECT_TRUE(matched.ruled[1].is_object);
  EXPECT_THAT(matched.ruled[1].summary, HasSubstr("Copy Job State Change"));
  EXPECT_THAT(worker.matched(), ElementsAre(1U, 2U));
}

TEST(RuleMatches, HaveAnIdOfRuleAndPlace) {
  Worker worker(make_plan());
  const auto ids = [&](std::int64_t offset, const std::string& incarnation) {
    std::vector<std::string> found;
    for (const RuleMatch& match :
         worker.process(batch_of(kEvents, offset), partition_of(incarnation)).rule_matches)
      found.push_back(match.id);
    return found;
  };
  const auto first = ids(40, "");
  EXPECT_EQ(first.at(0).size(), 32U);
  EXPECT_NE(first.at(1), first.at(2)) << "of the same event, for two rules";
  EXPECT_EQ(ids(40, ""), first) << "read again";
  EXPECT_NE(ids(41, ""), first);
  EXPECT_NE(ids(40, "a topic created anew"), first);
}

TEST(RuleMatches, OfALargeEventKeepWhatANotificationHolds) {
  Worker worker(make_plan());
  std::string event = kEvents[0];
  event.insert(event.size() - 1, ",\"more\":\"" + std::string(600'000, 'x') + "\"");
  const MatchedBatch matched = worker.process(batch_of({event}), partition_of());
  ASSERT_THAT(matched.ruled, SizeIs(1));
  EXPECT_EQ(matched.ruled[0].message.size(), std::size_t{256} << 10);
  EXPECT_EQ(matched.ruled[0].bytes, event.size());
}

// Each event of an envelope keeps them, however many there are.
TEST(RuleMatches, KeepOfALogGroupAsMuchAsALogGroupHas) {
  Worker worker(make_plan());
  Partition partition = partition_of();
  partition.decode.log_group = std::string(300'000, 'g');
  const MatchedBatch matched = worker.process(batch_of(kEvents), partition);
  ASSERT_THAT(matched.ruled, SizeIs(2));
  EXPECT_EQ(matched.ruled[0].log_group, std::string(512, 'g'));
}

class KeptRules : public ::testing::Test {
 protected:
  // A process: it reads what its log does not have yet, and ends as if killed.
  struct Process {
    Process(shard::MemoryLog& log, const std::shared_ptr<const Plan>& plan,
            std::uint64_t most_waiting = std::uint64_t{128} << 20)
        : journal(*shard::Journal::open(log, log, definitions_of(*plan), {}, [](const Note&) {})),
          engine(plan, journal, told, most_waiting),
          worker(plan) {
      EXPECT_TRUE(engine.resume([](const Note&) {}));
      if (journal.machine().partitions().empty()) (void)engine.meet("events");
    }
    void read(const std::vector<std::string>& lines, std::int64_t offset) {
      MatchedBatch matched = worker.process(batch_of(lines, offset), partition_of());
      matched.partition = 0;
      Engine::resolve_times(matched, kNever);
      engine.count_items(matched);
      engine.consume(matched, 0, matched.times.size());
      engine.cover(0, offset + static_cast<std::int64_t>(lines.size()), "", matched.times.back());
    }
    std::vector<std::string> ids() const {
      std::vector<std::string> ids;
      for (const OutboxNotification& notification : told.outbox) ids.push_back(notification.notification.id);
      return ids;
    }
    Told told;
    shard::Journal journal;
    Engine engine;
    Worker worker;
  };

  std::shared_ptr<const Plan> plan_ = make_plan();
  shard::MemoryLog log_;
};

TEST_F(KeptRules, AreToldOnceTheirOffsetsAreKept) {
  Process process(log_, plan_);
  process.read(kEvents, 0);
  EXPECT_THAT(process.told.outbox, IsEmpty());
  EXPECT_FALSE(process.engine.is_idle());
  EXPECT_TRUE(process.engine.commit());
  EXPECT_THAT(process.told.events, ElementsAre("1@0 to 1", "0@2 to 2", "1@2 to 1"));
  ASSERT_THAT(process.told.outbox, SizeIs(3)) << "a topic without subscriptions has no outbox";
  EXPECT_THAT(process.told.outbox[0].subscriptions, ElementsAre("console", "console-2"));
  EXPECT_EQ(process.told.outbox[0].notification.payload, kEvents[0]);
  EXPECT_EQ(process.told.outbox[0].notification.event->place, "events[3]@0");
  EXPECT_EQ(process.engine.counts().rule_matches, 3U);
  EXPECT_EQ(process.engine.counts().notifications, 2U + 2U + 1U + 2U);
  EXPECT_EQ(process.journal.machine().ledger().at("rule_matches"), 3U);
}

TEST_F(KeptRules, BeforeTheyAreKeptACrashLosesNoneSinceTheyAreReadAgain) {
  std::vector<std::string> ids;
  {
    Process process(log_, plan_);
    process.read(kEvents, 0);
  }
  Process process(log_, plan_);
  EXPECT_THAT(process.told.outbox, IsEmpty());
  process.read(kEvents, process.engine.next_offset(0));
  EXPECT_TRUE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, SizeIs(3));
}

TEST_F(KeptRules, KeptAndNotDeliveredTheyGoOutAgainWithTheSameBytes) {
  std::vector<std::string> ids;
  {
    Process process(log_, plan_);
    process.read(kEvents, 0);
    EXPECT_TRUE(process.engine.commit());
    ids = process.ids();
    process.engine.settle(process.told.outbox[0].number, "console", true);
    EXPECT_TRUE(process.engine.commit());
  }
  Process process(log_, plan_);
  EXPECT_EQ(process.engine.next_offset(0), 3);
  EXPECT_EQ(process.ids(), ids);
  EXPECT_THAT(process.told.outbox[0].subscriptions, ElementsAre("console-2"));
  EXPECT_EQ(process.told.outbox[0].notification.payload, kEvents[0]);
  ASSERT_NE(process.told.outbox[0].notification.event, nullptr);
  EXPECT_EQ(process.told.outbox[0].notification.event->description, "for the team");
  // What comes next has numbers of its own.
  process.read({kEvents[0]}, 3);
  EXPECT_TRUE(process.engine.commit());
  EXPECT_EQ(process.told.outbox.back().number, process.told.outbox[2].number + 1);
}

TEST_F(KeptRules, WhileTheDiskIsFullNobodyIsTold) {
  Process process(log_, plan_);
  bool is_full = true;
  log_.set_fault([&](shard::MemoryLog::Operation) -> std::optional<Error> {
    if (is_full) return Error{ErrorCode::Exhausted, "full", {}};
    return std::nullopt;
  });
  process.read(kEvents, 0);
  EXPECT_FALSE(process.engine.commit());
  process.read({kEvents[0]}, 3);
  EXPECT_FALSE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, IsEmpty());
  is_full = false;
  EXPECT_TRUE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, SizeIs(4));
}

TEST_F(KeptRules, OfAnotherConfigurationAreToldOnceTheDiskHasRoomForIt) {
  {
    const Process process(log_, plan_);
  }
  const auto plan = std::make_shared<Plan>(*plan_);
  plan->sources[0].name = "another";
  bool is_full = true;
  log_.set_fault([&](shard::MemoryLog::Operation operation) -> std::optional<Error> {
    if (is_full && operation == shard::MemoryLog::Operation::Append)
      return Error{ErrorCode::Exhausted, "full", {}};
    return std::nullopt;
  });
  Told told;
  auto journal = *shard::Journal::open(log_, log_, definitions_of(*plan), {}, [](const Note&) {});
  Engine engine(plan, journal, told);
  const auto resumed = engine.resume([](const Note&) {});
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, ErrorCode::Exhausted);
  EXPECT_TRUE(engine.is_resuming());
  EXPECT_TRUE(engine.has_pending());
  EXPECT_FALSE(engine.commit());
  is_full = false;
  EXPECT_TRUE(engine.commit());
  EXPECT_FALSE(engine.has_pending());
  EXPECT_EQ(shard::encode(journal.machine().shard().definitions()), shard::encode(definitions_of(*plan)));
}

TEST_F(KeptRules, AreKeptForThoseWhosePolicyLetsThemPass) {
  const auto plan = std::make_shared<Plan>(*plan_);
  notify::FilterPolicy policy;
  policy.predicate = *filters::compile_filter_policy(R"({"AWSAccountId":["444455556666"]})", policy.scope);
  plan->topics[0].subscriptions[1].policy = std::make_shared<const notify::FilterPolicy>(policy);
  plan->topics[0].subscriptions[0].policy = plan->topics[0].subscriptions[1].policy;
  Process process(log_, plan);
  process.read(kEvents, 0);
  EXPECT_TRUE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, SizeIs(2)) << "of the other account's event there is nothing to deliver";
  EXPECT_EQ(process.engine.counts().filtered, 2U);
  EXPECT_EQ(process.engine.counts().notifications, 2U + 1U + 2U);
  const auto refused = static_cast<std::size_t>(notify::FilterOutcome::MessageAttributes);
  EXPECT_EQ(process.engine.filtered(0, 1)[refused], 1U);
  EXPECT_EQ(process.engine.filtered(0, 1)[0], 2U);
}

// Who pads his request must not slip by: a policy is asked of the event, not of what is left of it.
TEST_F(KeptRules, AreJudgedByTheWholeEventHoweverMuchOfItIsCut) {
  const auto plan = std::make_shared<Plan>(*plan_);
  notify::FilterPolicy policy{.scope = notify::FilterPolicy::Scope::MessageBody, .predicate = {}};
  policy.predicate =
      *filters::compile_filter_policy(R"({"source":["aws.backup"],"end":["x"]})", policy.scope);
  plan->topics[0].subscriptions[1].policy = std::make_shared<const notify::FilterPolicy>(policy);
  plan->make_policy_matcher = [predicate = policy.predicate] {
    return filters::make_matcher(filters::compile_matcher({{{}, predicate, {}}}));
  };
  const auto padded = [](std::size_t size, std::string_view end) {
    return fmt::format(R"({},"more":"{}","end":"{}"}})", kEvents[0].substr(0, kEvents[0].size() - 1),
                       std::string(size, 'x'), end);
  };
  Process process(log_, plan);
  process.read({padded(300'000, "x"), padded(300'000, "y"), padded(10, "x")}, 0);
  EXPECT_TRUE(process.engine.commit());
  ASSERT_THAT(process.told.outbox, SizeIs(3));
  EXPECT_THAT(process.told.outbox[0].subscriptions, ElementsAre("console", "console-2"));
  EXPECT_GT(process.told.outbox[0].notification.event->cut_bytes, 0U);
  EXPECT_THAT(process.told.outbox[1].subscriptions, ElementsAre("console"));
  EXPECT_THAT(process.told.outbox[2].subscriptions, ElementsAre("console", "console-2"));
}

TEST_F(KeptRules, ManyOfThemAreKeptBeforeMoreIsRead) {
  Process process(log_, plan_);
  const std::vector<std::string> many(
      200, kEvents[0].substr(0, kEvents[0].size() - 1) + ",\"more\":\"" + std::string(100'000, 'x') + "\"}");
  process.read(many, 0);
  EXPECT_TRUE(process.engine.is_full());
  EXPECT_TRUE(process.engine.commit());
  EXPECT_FALSE(process.engine.is_full());
}

std::vector<std::string> padded_events(std::size_t count, std::size_t padding) {
  return std::vector<std::string>(count, kEvents[0].substr(0, kEvents[0].size() - 1) + ",\"more\":\"" +
                                             std::string(padding, 'x') + "\"}");
}

// What one record unpacks to is kept all at once, so it must not be more than there is room for.
TEST_F(KeptRules, OfOneBatchNoMoreAreMadeThanThereIsRoomForAndTheOthersAreCounted) {
  constexpr std::uint64_t kRoom = std::uint64_t{1} << 20;
  Process process(log_, plan_, kRoom);
  process.read(padded_events(1000, 10'000), 0);
  EXPECT_TRUE(process.engine.commit());
  std::size_t whole = 0;
  std::uint64_t bytes = 0;
  for (const OutboxNotification& posted : process.told.outbox) {
    whole += posted.notification.event->cut_bytes == 0 ? 1U : 0U;
    bytes += posted.notification.payload.size();
  }
  EXPECT_THAT(whole, AllOf(Gt(40U), Lt(60U))) << "half of the room is for events with their text";
  EXPECT_GT(process.told.outbox.size(), 4 * whole) << "the other half for many more without";
  EXPECT_LT(bytes, kRoom);
  EXPECT_EQ(process.engine.counts().rule_matches, 1000U);
  EXPECT_EQ(process.engine.untold(), 1000U - process.told.outbox.size());
  EXPECT_EQ(process.journal.machine().ledger().at("untold"), process.engine.untold());
  EXPECT_EQ(process.engine.next_offset(0), 1000) << "they are never read again";

  const std::size_t before = process.told.outbox.size();
  process.read({kEvents[0]}, 1000);
  EXPECT_TRUE(process.engine.commit());
  ASSERT_THAT(process.told.outbox, SizeIs(before + 1)) << "there is room again";
  EXPECT_EQ(process.told.outbox.back().notification.payload, kEvents[0]);
}

// A record of the log is one value of the store, which takes no value of any size.
TEST_F(KeptRules, HoweverManyAreKeptAtOnceNoRecordIsLargeAndEachComesBackOnceInItsOrder) {
  constexpr std::size_t kMebi = std::size_t{1} << 20;
  std::vector<std::string> ids;
  {
    Process process(log_, plan_);
    process.read(padded_events(300, 100'000), 0);
    EXPECT_TRUE(process.engine.commit());
    ids = process.ids();
    EXPECT_THAT(ids, SizeIs(300));
  }
  std::vector<std::size_t> outboxes;  // the sizes of such records
  EXPECT_TRUE(log_.read(0, [&](shard::Sequence, std::string_view bytes) -> Result<void> {
    const auto record = shard::decode_record(bytes);
    if (record && std::holds_alternative<shard::Outbox>(*record)) outboxes.push_back(bytes.size());
    return {};
  }));
  EXPECT_THAT(outboxes, SizeIs(4)) << "of 30 MB";
  EXPECT_THAT(outboxes, Each(Lt(9 * kMebi)));

  Process process(log_, plan_);
  EXPECT_EQ(process.ids(), ids);
  EXPECT_EQ(process.engine.next_offset(0), 300);
}

TEST_F(KeptRules, OfSeveralRecordsAllAreKeptOrNone) {
  Process process(log_, plan_);
  bool is_full = true;
  log_.set_fault([&](shard::MemoryLog::Operation) -> std::optional<Error> {
    if (is_full) return Error{ErrorCode::Exhausted, "full", {}};
    return std::nullopt;
  });
  process.read(padded_events(200, 100'000), 0);
  EXPECT_FALSE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, IsEmpty());
  EXPECT_TRUE(process.journal.machine().outbox().empty());
  is_full = false;
  EXPECT_TRUE(process.engine.commit());
  EXPECT_THAT(process.told.outbox, SizeIs(200));
  EXPECT_THAT(process.journal.machine().outbox(), SizeIs(200));
}

}  // namespace
}  // namespace tocsin::runtime
