#include "engine/shard/state_machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "tests/engine/shard/history.h"

namespace tocsin::shard {
namespace {

using alarm::AlarmDefinition;
using alarm::Comparison;
using alarm::MissingData;
using std::chrono::minutes;
using std::chrono::seconds;

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

TEST(StateMachine, AForgottenPartitionLeavesItsNumberAndNothingElse) {
  StateMachine machine(shared(definitions()));
  Output out;
  Chunk chunk;
  chunk.new_partitions = {"first", "second"};
  chunk.covers = {{0, 0, 7, "place", kStart}, {1, 0, 9, "place", kStart}};
  ASSERT_TRUE(machine.apply(chunk, out));
  ASSERT_TRUE(machine.apply(Forget{{0}}, out));
  const auto loaded = StateMachine::load(machine.save());
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->partitions().size(), 2U);
  EXPECT_TRUE(loaded->partitions()[0].is_forgotten());
  EXPECT_EQ(loaded->partitions()[1], (PartitionState{"second", 9, "place", kStart}));
  EXPECT_FALSE(machine.apply(Forget{{2}}, out));
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

std::string to_hex_text(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string from_hex_text(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<Record> one_of_each_type() {
  metric::EvidenceSample evidence;
  evidence.add({kStart + seconds(5), 1, 2, 1042});
  Chunk chunk;
  chunk.series = {{metric::series_hash("App", "Errors", account(7)), 0, account(7)}, {{1, 2}, 0, {}, false}};
  chunk.entries = {{0, kStart, {2, 3.5, 1, 2.5}, evidence, kStart + seconds(5)},
                   {1, kStart + minutes(1), {1, -4, -4, -4}, {}, kStart + minutes(1)}};
  chunk.seen = {{3, kStart, true}};
  chunk.new_partitions = {R"({"source":"a","topic":"t","partition":3})"};
  chunk.covers = {{0, 1000, 1043, "place", kStart + seconds(5)}};
  chunk.counts = {{"events", 43}};
  SetState set{2, account(7), alarm::State::Alarm, "a drill", kStart};
  return {chunk,
          Tick{{kStart, kNever, kForever}, kStart + seconds(1)},
          Config{"definitions"},
          Start{kStart, Start::Later{2, kStart + minutes(1)}},
          set,
          Outbox{{"0123456789abcdef"}, {{17, "security", {"kafka", "email"}, "content"}}},
          Ack{{{17, "kafka", true}, {17, "email", false}}},
          Hash{{3, 4}},
          Forget{{3, 4}}};
}

// What an older version wrote is read for as long as its golden bytes stand in the file; what this version
// writes is what stands there.
TEST(Record, TheWireFormIsThatOfTheGoldenFile) {
  std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/conformance/records.json");
  const auto golden = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(golden.is_object());
  const Knows knows = [](const Hash128& series) { return series == Hash128{1, 2}; };
  for (const Record& record : one_of_each_type()) {
    const std::string type(to_string(type_of(record)));
    EXPECT_EQ(to_hex_text(encode(record, knows)), golden["1"].value(type, "")) << type;
  }
  EXPECT_EQ(to_hex_text(encode(definitions())), golden["1"].value("definitions", ""));
  for (const auto& [version, records] : golden.items()) {
    for (const auto& [type, hex] : records.items()) {
      if (type == "definitions") {
        EXPECT_TRUE(decode_definitions(from_hex_text(hex)));
        continue;
      }
      const auto record = decode_record(from_hex_text(hex));
      ASSERT_TRUE(record) << version << " " << type;
      EXPECT_EQ(to_string(type_of(*record)), type);
      if (version == "1") {
        EXPECT_EQ(to_hex_text(encode(*record, knows)), hex);
      }
    }
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
