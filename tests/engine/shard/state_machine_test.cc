#include "engine/shard/state_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace tocsin::shard {
namespace {

using alarm::AlarmDefinition;
using alarm::Comparison;
using alarm::MissingData;
using std::chrono::minutes;
using std::chrono::seconds;

const EventTime kStart = *parse_rfc3339("2026-03-01T09:00:00Z");

AlarmDefinition alarm_on(std::string name, std::uint32_t metric, Duration period, alarm::Rule rule) {
  AlarmDefinition alarm;
  alarm.name = std::move(name);
  alarm.metric = metric;
  alarm.period = period;
  alarm.rule = rule;
  alarm.evaluation_range = alarm::default_evaluation_range(rule.evaluation_periods, period);
  return alarm;
}

// Three metrics: one fed by both sources with an alarm for each account, one with a default value and an
// alarm on silence, one in buckets of a second with an early alarm.
Definitions definitions() {
  Definitions given;
  given.metrics = {{"App", "Errors", "None", seconds(60), minutes(10), 4},
                   {"App", "Heartbeats", "None", seconds(60), minutes(10), 100},
                   {"App", "Logins", "None", seconds(1), minutes(10), 100}};
  AlarmDefinition each =
      alarm_on("each", 0, minutes(2), {3, Comparison::Greater, 3, 2, MissingData::Missing});
  each.for_each = {"Account"};
  AlarmDefinition fast =
      alarm_on("fast", 2, seconds(10), {4, Comparison::GreaterOrEqual, 1, 1, MissingData::NotBreaching});
  fast.early = true;
  given.alarms = {each, fast,
                  alarm_on("silent", 1, minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching})};
  given.defaults = {{1, 0.5, "beats"}};
  given.sources = {"a", "b", "tocsin"};
  given.metric_sources = {{0, 1}, {0}, {1}};
  return given;
}

std::shared_ptr<const Definitions> shared(Definitions given) {
  return std::make_shared<const Definitions>(std::move(given));
}

metric::Dimensions account(int number) { return {{"Account", std::to_string(number)}}; }

// A history of records as an engine writes them.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {}

  Record next(const StateMachine& machine) {
    if (!machine.shard().started()) return Start{kStart, Start::Later{2, kStart}};
    if (!machine.untold().empty()) return tell(machine);
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return tick();
      case 3:
        return set_state();
      case 4:
        if (!machine.outbox().empty()) return acknowledge(machine);
        [[fallthrough]];
      default:
        return chunk(machine);
    }
  }

 private:
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }

  Record tick() {
    for (EventTime& time : frontier_) time += seconds(below(90));
    return Tick{frontier_,
                random_() % 3 == 0 ? kNever : *std::max_element(frontier_.begin(), frontier_.end())};
  }

  Record chunk(const StateMachine& machine) {
    Chunk chunk;
    const auto known = static_cast<std::uint32_t>(machine.partitions().size());
    std::uint32_t partition = static_cast<std::uint32_t>(below(3));
    if (partition >= known) {
      partition = known;
      chunk.new_partitions.push_back("p" + std::to_string(known));
    }
    const std::int64_t next = partition < known ? machine.partitions()[partition].next_offset : 0;
    // Now and then what a restart reads again.
    const std::int64_t from = below(10) == 0 ? next - below(3) : next + below(2);
    chunk.covers.push_back({partition, from, from + 1 + below(9), "place", frontier_[0]});
    const Definitions& given = machine.shard().definitions();
    for (std::int64_t left = below(6); left > 0; --left) {
      const auto metric = static_cast<std::uint32_t>(below(static_cast<std::int64_t>(given.metrics.size())));
      const auto& definition = given.metrics[metric];
      const metric::Dimensions dimensions =
          definition.name == "Errors" ? account(static_cast<int>(below(6))) : metric::Dimensions{};
      const Hash128 hash = metric::series_hash(definition.metric_namespace, definition.name, dimensions);
      const EventTime time = frontier_[0] + seconds(below(400) - 200);
      if (std::any_of(chunk.series.begin(), chunk.series.end(),
                      [&](const ChunkSeries& known_series) { return known_series.hash == hash; }))
        continue;
      chunk.series.push_back({hash, metric, dimensions});
      ChunkEntry entry{static_cast<std::uint32_t>(chunk.series.size() - 1),
                       floor_to(time, definition.bucket),
                       {},
                       {},
                       time};
      for (std::int64_t n = 1 + below(4); n > 0; --n) entry.statistics.add(static_cast<double>(below(5)));
      entry.evidence.add({time, partition, 0, from});
      chunk.entries.push_back(entry);
    }
    for (std::uint32_t i = 0; i < given.defaults.size() && below(2) == 0; ++i) {
      chunk.seen.push_back(
          {i, floor_to(frontier_[0] + seconds(below(120) - 60), seconds(60)), below(3) == 0});
    }
    chunk.counts = {{"events", static_cast<std::uint64_t>(below(50))}};
    return chunk;
  }

  Record set_state() {
    return SetState{static_cast<std::uint32_t>(below(3)),
                    below(2) == 0 ? metric::Dimensions{} : account(static_cast<int>(below(6))),
                    static_cast<alarm::State>(below(3)), "by hand", frontier_[0]};
  }

  static Record tell(const StateMachine& machine) {
    Outbox outbox;
    for (const alarm::Transition& transition : machine.untold()) {
      outbox.told.push_back(transition.id);
      outbox.entries.push_back(
          {machine.next_number() + outbox.entries.size(), "topic", {"one", "two"}, transition.reason});
    }
    return outbox;
  }

  Record acknowledge(const StateMachine& machine) {
    const auto& [number, entry] = *machine.outbox().begin();
    return Ack{{{number, entry.subscriptions.back(), below(5) != 0}}};
  }

  std::mt19937_64 random_;
  std::vector<EventTime> frontier_ = std::vector<EventTime>(3, kStart);
};

StateMachine reloaded(const StateMachine& machine) {
  auto loaded = StateMachine::load(machine.save());
  EXPECT_TRUE(loaded.has_value());
  return std::move(*loaded);
}

std::vector<std::string> ids(const Output& output) {
  std::vector<std::string> all;
  for (const alarm::Transition& transition : output.transitions)
    all.push_back(transition.id + transition.reason_data);
  return all;
}

Record through_the_wire(const Record& record, const StateMachine& machine) {
  auto decoded =
      decode_record(encode(record, [&](const Hash128& series) { return machine.shard().knows(series); }));
  EXPECT_TRUE(decoded.has_value());
  return std::move(*decoded);
}

// The heart of recovery: wherever a snapshot is taken and loaded, the same records lead to the same.
TEST(StateMachine, ASnapshotLoadedIsTheStateItWasTakenOf) {
  std::size_t transitions = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    History history(seed);
    std::mt19937_64 when(seed);
    StateMachine straight(shared(definitions()));
    StateMachine broken(shared(definitions()));
    Output told_straight;
    Output told_broken;
    for (int step = 0; step < 400; ++step) {
      const Record record = history.next(straight);
      ASSERT_TRUE(straight.apply(record, told_straight));
      ASSERT_TRUE(broken.apply(through_the_wire(record, broken), told_broken));
      if (when() % 7 == 0 && broken.untold().empty()) broken = reloaded(broken);
      ASSERT_EQ(straight.digest(), broken.digest()) << "seed " << seed << " step " << step;
    }
    EXPECT_EQ(ids(told_straight), ids(told_broken)) << seed;
    EXPECT_EQ(straight.partitions(), broken.partitions());
    EXPECT_EQ(straight.ledger(), broken.ledger());
    transitions += told_straight.transitions.size();
  }
  EXPECT_GT(transitions, 1000U);
}

TEST(StateMachine, TheDigestOfAnotherStateIsAnother) {
  std::set<Hash128> seen;
  History history(7);
  StateMachine machine(shared(definitions()));
  Output out;
  std::size_t changes = 0;
  for (int step = 0; step < 300; ++step) {
    const Record record = history.next(machine);
    const auto repeated = machine.repeated();
    ASSERT_TRUE(machine.apply(record, out));
    if (type_of(record) == RecordType::Chunk && machine.repeated() == repeated) {
      ++changes;
      EXPECT_TRUE(seen.insert(machine.digest()).second) << step;
    }
  }
  EXPECT_GT(changes, 50U);
}

TEST(StateMachine, WhatIsReadTwiceCountsOnce) {
  StateMachine machine(shared(definitions()));
  Output out;
  Chunk chunk;
  chunk.new_partitions = {"p"};
  chunk.covers = {{0, 10, 20, "", kStart}};
  chunk.counts = {{"events", 10}};
  ASSERT_TRUE(machine.apply(chunk, out));
  chunk.new_partitions.clear();
  const Hash128 before = machine.digest();
  chunk.covers = {{0, 15, 30, "", kStart}};
  ASSERT_TRUE(machine.apply(chunk, out));
  EXPECT_EQ(machine.repeated(), 1U);
  EXPECT_EQ(machine.ledger().at("events"), 10U);
  EXPECT_EQ(machine.partitions()[0].next_offset, 20);
  EXPECT_NE(machine.digest(), before);  // that it was refused is part of the state
  chunk.covers = {{0, 20, 30, "", kStart}};
  ASSERT_TRUE(machine.apply(chunk, out));
  EXPECT_EQ(machine.ledger().at("events"), 20U);
}

TEST(StateMachine, AHashRecordOfAnotherStateIsRefused) {
  StateMachine machine(shared(definitions()));
  Output out;
  EXPECT_TRUE(machine.apply(Hash{machine.digest()}, out));
  const auto refused = machine.apply(Hash{{1, 2}}, out);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("fault of the program"), std::string::npos);
}

// --- other definitions
// --------------------------------------------------------------------------------------------------

struct Told {
  StateMachine machine;
  Output out;

  explicit Told(Definitions given) : machine(shared(std::move(given))) {
    EXPECT_TRUE(machine.apply(Start{kStart, {}}, out));
  }
  void datum(std::uint32_t metric, Duration since, double value, const metric::Dimensions& dimensions) {
    const auto& definition = machine.shard().definitions().metrics[metric];
    Chunk chunk;
    chunk.series = {
        {metric::series_hash(definition.metric_namespace, definition.name, dimensions), metric, dimensions}};
    chunk.entries = {
        {0, floor_to(kStart + since, definition.bucket), {1, value, value, value}, {}, kStart + since}};
    EXPECT_TRUE(machine.apply(chunk, out));
  }
  void tick(Duration since) {
    EXPECT_TRUE(machine.apply(
        Tick{std::vector<EventTime>(machine.shard().definitions().sources.size(), kStart + since)}, out));
    tell();
  }
  void tell() {
    Outbox outbox;
    for (const auto& transition : machine.untold()) outbox.told.push_back(transition.id);
    EXPECT_TRUE(machine.apply(outbox, out));
  }
  void change(const Definitions& given) { EXPECT_TRUE(machine.apply(Config{encode(given)}, out)); }
  std::vector<std::string> states() const {
    std::vector<std::string> all;
    for (const AlarmState& state : machine.shard().alarm_states()) {
      all.push_back(machine.shard().definitions().alarms[state.alarm].name +
                    metric::describe(state.dimensions) + " " + std::string(to_string(state.state)) + " " +
                    std::to_string(state.transitions));
    }
    return all;
  }
};

Definitions errors_only() {
  Definitions given = definitions();
  given.alarms.resize(1);
  given.defaults.clear();
  return given;
}

TEST(OtherDefinitions, TheSameOnesChangeNothing) {
  Told run(definitions());
  run.datum(0, seconds(30), 9, account(1));
  run.tick(minutes(3));
  StateMachine before = reloaded(run.machine);
  run.change(definitions());
  EXPECT_EQ(run.machine.digest(), before.digest());
}

TEST(OtherDefinitions, WindowsAndStatesOfWhatDidNotChangeGoOn) {
  Told run(errors_only());
  run.datum(0, seconds(30), 9, account(1));
  run.datum(0, seconds(130), 9, account(1));
  run.tick(minutes(4));
  ASSERT_EQ(run.states(), (std::vector<std::string>{"each{Account=\"1\"} ALARM 1"}));
  Definitions more = definitions();
  more.metrics.insert(more.metrics.begin(), {"App", "Added", "None", seconds(60), minutes(5), 10});
  for (AlarmDefinition& alarm : more.alarms) ++alarm.metric;
  for (auto& value : more.defaults) ++value.metric;
  more.metric_sources.insert(more.metric_sources.begin(), {0});
  AlarmDefinition first =
      alarm_on("added", 0, minutes(1), {1, Comparison::Less, 1, 1, MissingData::Breaching});
  more.alarms.insert(more.alarms.begin(), first);
  run.change(more);
  EXPECT_EQ(run.states(),
            (std::vector<std::string>{"added INSUFFICIENT_DATA 0", "each{Account=\"1\"} ALARM 1",
                                      "fast INSUFFICIENT_DATA 0", "silent INSUFFICIENT_DATA 0"}));
  // New alarms begin where time has come to: nothing of the four minutes before is judged as missing.
  run.out = {};
  run.tick(minutes(5));
  ASSERT_FALSE(run.out.transitions.empty());
  for (const auto& transition : run.out.transitions) EXPECT_GT(transition.time, kStart + minutes(4));
}

TEST(OtherDefinitions, AnAlarmThatChangedKeepsItsStateUntilItIsJudgedByTheNewRule) {
  Told run(errors_only());
  run.datum(0, seconds(30), 9, account(1));
  run.datum(0, seconds(130), 9, account(1));
  run.tick(minutes(4));
  Definitions other = errors_only();
  other.alarms[0].rule.threshold = 100;
  run.change(other);
  EXPECT_EQ(run.states(), (std::vector<std::string>{"each{Account=\"1\"} ALARM 1"}));
  run.datum(0, seconds(250), 1, account(1));
  run.tick(minutes(5));
  EXPECT_EQ(run.states(), (std::vector<std::string>{"each{Account=\"1\"} OK 2"}));
}

TEST(OtherDefinitions, WhatIsGoneIsForgotten) {
  Told run(definitions());
  run.datum(0, seconds(30), 9, account(1));
  run.tick(minutes(1));
  Definitions less = definitions();
  less.metrics.erase(less.metrics.begin());
  less.alarms.erase(less.alarms.begin());
  for (AlarmDefinition& alarm : less.alarms) --alarm.metric;
  for (auto& value : less.defaults) --value.metric;
  less.metric_sources.erase(less.metric_sources.begin());
  run.change(less);
  EXPECT_EQ(run.states().size(), 2U);
  EXPECT_EQ(run.machine.shard().counts().series, 2U);
}

// A damaged record or snapshot never gets in, and never does harm.
TEST(StateMachine, BytesThatNobodyWroteAreRefusedOrHarmless) {
  History history(3);
  std::mt19937_64 random(5);
  StateMachine machine(shared(definitions()));
  Output out;
  int refused = 0;
  for (int step = 0; step < 300; ++step) {
    const Record record = history.next(machine);
    std::string bytes = encode(record, [](const Hash128&) { return false; });
    for (int tries = 0; tries < 20; ++tries) {
      std::string mutated = bytes;
      mutated[random() % mutated.size()] = static_cast<char>(random());
      if (random() % 4 == 0) mutated.resize(random() % mutated.size());
      if (!decode_record(mutated)) ++refused;
    }
    ASSERT_TRUE(machine.apply(record, out));
  }
  EXPECT_GT(refused, 1000);
  while (!machine.untold().empty()) ASSERT_TRUE(machine.apply(history.next(machine), out));
  const std::string saved = machine.save();
  for (int tries = 0; tries < 2000; ++tries) {
    std::string mutated = saved;
    mutated[random() % mutated.size()] = static_cast<char>(random());
    (void)StateMachine::load(mutated);
    EXPECT_FALSE(StateMachine::load(saved.substr(0, random() % saved.size())));
  }
}

TEST(Record, AnotherVersionOrTypeIsRefusedByName) {
  std::string bytes = encode(Hash{{1, 2}}, [](const Hash128&) { return false; });
  bytes[0] = 9;
  EXPECT_NE(decode_record(bytes).error().message.find("version 9"), std::string::npos);
  bytes[0] = 1;
  bytes[1] = 4;
  EXPECT_NE(decode_record(bytes).error().message.find("type 4"), std::string::npos);
  EXPECT_FALSE(decode_record(""));
}

}  // namespace
}  // namespace tocsin::shard
