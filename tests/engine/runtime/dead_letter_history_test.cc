// Letters from the death of a record to its second life: kept with the very bytes, dead again as they are,
// and an event once they are mended.
#include "engine/runtime/dead_letter_history.h"
#include "engine/base/base64.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/load.h"
#include "engine/runtime/dead_letter_form.h"

namespace tocsin::runtime {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

constexpr std::string_view kConfiguration = R"(
sources:
  app: {kafka: {brokers: "127.0.0.1:1", topics: [app-logs]}, log_group: app}
  restricted: {stdin: {}, accounts: {allow: ["111122223333"]}}
metric_filters:
  mended:
    pattern: mended
    metric: {namespace: App, name: Mended}
alarms:
  mended:
    metric: {namespace: App, name: Mended, statistic: Sum, period: 5m}
    condition: ">= 1"
)";

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Witness final : Listener {
  void on_transition(const alarm::Transition& transition, const std::vector<JudgedNotification>&) override {
    transitions.push_back(transition);
  }
  void on_closed(const shard::ClosedBucket&) override {}
  void on_time(EventTime) override {}
  void on_dead(std::uint32_t partition, std::vector<event::DeadLetter> letters) override {
    for (auto& letter : letters) dead.push_back({(*partitions)[partition].name, std::move(letter)});
  }
  std::vector<alarm::Transition> transitions;
  std::vector<PostedLetter> dead;
  const PartitionTable* partitions = nullptr;
};

class DeadLetterHistoryTest : public testing::Test {
 protected:
  DeadLetterHistoryTest() {
    std::string name = (fs::temp_directory_path() / "tocsin-letters-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    std::ofstream(directory_ / "tocsin.yaml") << kConfiguration;
    config::Loaded loaded = config::load({(directory_ / "tocsin.yaml").string()}, {});
    for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << config::render(diagnostic);
    plan_ = loaded.configuration->plan;
  }
  ~DeadLetterHistoryTest() override { fs::remove_all(directory_); }

  // What a live source would make of one record.
  MatchedBatch read(const std::string& value, std::optional<EventTime> timestamp, std::uint32_t source = 0) {
    PartitionTable partitions;
    partitions.add(plan_->sources[source], source, from_, true);
    const auto bytes = std::make_shared<std::string>(value);
    event::RawBatch batch;
    batch.read_at = wall_now();
    batch.records.push_back({.value = *bytes, .timestamp = timestamp, .offset = 1042});
    batch.bytes = bytes;
    Worker worker(plan_);
    MatchedBatch matched = worker.process(std::move(batch), partitions[0]);
    Engine::resolve_times(matched, kNever);
    return matched;
  }

  void keep(const std::vector<std::string>& lines) {
    std::ofstream file(letters(), std::ios::binary);
    for (const std::string& line : lines) file << line << '\n';
  }

  ReplayResult replay_letters(bool age_limits = true) {
    unusable_.clear();
    witness_ = {};
    auto history = open_letter_file(letters(), *plan_, [&](const std::string& place, const std::string& why) {
      unusable_.push_back(fs::path(place).filename().string() + " " + why);
    });
    if (!history) {
      ADD_FAILURE() << describe(history.error());
      return {};
    }
    history_ = std::move(*history);
    PartitionTable partitions;
    witness_.partitions = &partitions;
    std::atomic<bool> stop{false};
    ReplayOptions options;
    options.age_limits = age_limits;
    options.run_on = std::chrono::minutes(10);
    const auto result = replay(plan_, std::move(history_.inputs), options, partitions, witness_, {}, stop);
    if (!result) {
      ADD_FAILURE() << describe(result.error());
      return {};
    }
    const event::ItemCounts& items = result->counts.items;
    EXPECT_EQ(items.read, items.decoded + items.skipped_total() + items.refused + items.dead);
    return *result;
  }

  [[nodiscard]] std::string letters() const { return (directory_ / "dead.jsonl").string(); }

  fs::path directory_;
  std::shared_ptr<const Plan> plan_;
  const source::PartitionName from_{.source = "app", .topic = "app-logs", .number = 3};
  DeadLetterHistory history_;
  Witness witness_;
  std::vector<std::string> unusable_;
};

struct Poison {
  std::string name;
  std::string record;
  std::optional<EventTime> timestamp;
  event::RejectReason reason;
  std::string kept;    // the letter's value
  std::string mended;  // what a person makes of it
};

std::vector<Poison> poisons() {
  using enum event::RejectReason;
  const EventTime now = floor_to(as_event_time(wall_now()), Duration{1000});
  const std::string good = fmt::format(R"({{"time":"{}","say":"mended"}})", format_rfc3339(now));
  std::vector<Poison> rows;
  const auto add = [&](std::string name, const std::string& record, event::RejectReason reason,
                       std::optional<EventTime> timestamp) {
    rows.push_back({std::move(name), record, timestamp, reason, record, good});
  };
  add("cut JSON", R"({"time":"2026-03-01T09:00:00Z","say":"men)", NotJson, now);
  add("text over the limit", std::string(event::kMaxEventBytes + 1, 'x'), TooLarge, now);
  add("object over the limit", R"({"a":")" + std::string(event::kMaxEventBytes, 'x') + R"("})", TooLarge,
      now);
  std::string deep;
  for (std::size_t i = 0; i <= event::kMaxDepth; ++i) deep += R"({"a":)";
  add("nested too deep", deep + "1" + std::string(event::kMaxDepth + 1, '}'), TooDeep, now);
  add("gzip that is damaged", std::string("\x1f\x8b\x08\0garbage", 11), BadGzip, now);
  add("gzip that ends early", gzip(good).substr(0, 20), BadGzip, now);
  add("gzip bomb", gzip(std::string(event::kMaxInflatedBytes + 1, ' ')), InflatedTooLarge, now);
  add("text that is not UTF-8", "caf\xe9", BadUtf8, now);
  add("object that is not UTF-8", "{\"a\":\"caf\xe9\"}", BadUtf8, now);
  add("no time", R"({"say":"nothing"})", NoTime, std::nullopt);
  add("a day ahead", fmt::format(R"({{"time":"{}"}})", format_rfc3339(now + std::chrono::hours(24))), TooNew,
      now);
  add("a month ago", fmt::format(R"({{"time":"{}"}})", format_rfc3339(now - std::chrono::hours(24 * 30))),
      TooOld, now);
  const auto envelope = [&](const std::string& element) {
    return fmt::format(R"({{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/pay",)"
                       R"("logStream":"s","subscriptionFilters":["f"],"logEvents":[{}]}})",
                       element);
  };
  const auto call = [&](std::string_view name) {
    return fmt::format(R"({{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"{}",)"
                       R"("eventTime":"{}","recipientAccountId":"111122223333"}})",
                       name, format_rfc3339(now));
  };
  const auto at = [](EventTime time) { return time.time_since_epoch().count(); };
  const std::string future =
      fmt::format(R"({{"id":"1","timestamp":{},"message":"soon"}})", at(now + std::chrono::hours(24)));
  // The message of an element; its time is the letter's.
  rows.push_back({"element a day ahead", gzip(envelope(future)), now, TooNew, "soon", "mended"});
  const std::string element = fmt::format(R"({{"id":"1","timestamp":{},"message":"mended"}})", at(now));
  const std::string silent = fmt::format(R"({{"id":"1","timestamp":{},"text":"mended"}})", at(now));
  rows.push_back({"element without a message", envelope(silent), now, NotJson, silent, element});
  rows.push_back({"element that is no object", envelope("5"), now, NotJson, "5", element});
  rows.push_back({"CloudTrail file's record that is none",
                  fmt::format(R"({{"Records":[{},"x"]}})", call("Other")), now, NotJson, R"("x")",
                  call("mended")});
  rows.push_back({"Firehose's data that is damaged",
                  R"({"requestId":"r","timestamp":1893456000000,"records":[{"recordId":"1","data":"!"}]})",
                  now, BadBase64, R"({"recordId":"1","data":"!"})",
                  fmt::format(R"({{"recordId":"1","data":"{}"}})", encode_base64(good))});
  rows.push_back({"element without a message, in a Kinesis record",
                  fmt::format(R"({{"Records":[{{"eventSource":"aws:kinesis","kinesis":{{"data":"{}"}}}}]}})",
                              encode_base64(envelope(silent))),
                  now, NotJson, silent, element});
  return rows;
}

TEST_F(DeadLetterHistoryTest, WhatDiesIsKeptAsItStoodAndLivesOnceItIsMended) {
  for (const Poison& poison : poisons()) {
    SCOPED_TRACE(poison.name);
    MatchedBatch batch = read(poison.record, poison.timestamp);
    ASSERT_THAT(batch.dead, SizeIs(1));
    EXPECT_EQ(batch.dead[0].reason, poison.reason) << event::to_string(batch.dead[0].reason);
    EXPECT_TRUE(batch.dead[0].value == poison.kept);
    EXPECT_EQ(batch.dead[0].cut_bytes, 0U);
    const std::string line = to_line({from_, batch.dead[0]});

    keep({line});
    ReplayResult result = replay_letters();
    EXPECT_EQ(result.counts.items.read, 1U);
    ASSERT_THAT(witness_.dead, SizeIs(1));
    EXPECT_EQ(to_line(witness_.dead[0]), line) << "dead again, and the same letter";

    Json letter = Json::parse(line);
    letter.erase("value_base64");
    letter["value"] = poison.mended;
    letter["timestamp"] = format_rfc3339(floor_to(as_event_time(wall_now()), Duration{1000}));
    keep({letter.dump()});
    result = replay_letters();
    EXPECT_EQ(result.counts.items.decoded, 1U);
    EXPECT_EQ(result.counts.matched, 1U);
    EXPECT_THAT(witness_.dead, SizeIs(0));
    ASSERT_FALSE(witness_.transitions.empty());
    ASSERT_FALSE(witness_.transitions[0].evidence.empty());
    EXPECT_EQ(witness_.transitions[0].evidence[0].offset, 1042) << "the place is that of the dead record";
  }
}

TEST_F(DeadLetterHistoryTest, ElementKeepsItsEnvelopeAndItsPlaceInIt) {
  Json envelope = {{"messageType", "DATA_MESSAGE"},
                   {"owner", "444455556666"},
                   {"logGroup", "/aws/pay"},
                   {"logStream", "s"},
                   {"logEvents", Json::array()}};
  for (int i = 0; i < 3; ++i) {
    envelope["logEvents"].push_back(
        {{"id", std::to_string(i)},
         {"timestamp", as_event_time(wall_now()).time_since_epoch().count()},
         {"message", i == 1 ? std::string(event::kMaxEventBytes + 1, 'x') : "fine"}});
  }
  const MatchedBatch batch = read(envelope.dump(), std::nullopt);
  EXPECT_EQ(batch.items.decoded, 2U);
  ASSERT_THAT(batch.dead, SizeIs(1));
  EXPECT_EQ(batch.dead[0].index, 1U);
  ASSERT_TRUE(batch.dead[0].envelope);
  EXPECT_EQ(batch.dead[0].envelope->account, "444455556666");

  // The account policy of its source holds for it too.
  Json letter = Json::parse(to_line({from_, batch.dead[0]}));
  letter["value"] = "mended";
  letter["source"] = "restricted";
  keep({letter.dump()});
  EXPECT_EQ(replay_letters().counts.items.refused, 1U);
  letter["envelope"]["account"] = "111122223333";
  keep({letter.dump()});
  EXPECT_EQ(replay_letters().counts.items.decoded, 1U);
  ASSERT_FALSE(witness_.transitions.empty());
  ASSERT_FALSE(witness_.transitions[0].evidence.empty());
  EXPECT_EQ(witness_.transitions[0].evidence[0].index, 1U);
}

TEST_F(DeadLetterHistoryTest, AgeLimitsHoldUnlessTheyAreLifted) {
  const MatchedBatch batch = read("2020-01-01T00:00:00Z mended", std::nullopt);
  ASSERT_THAT(batch.dead, SizeIs(1));
  keep({to_line({from_, batch.dead[0]})});
  EXPECT_EQ(replay_letters().counts.items.dead, 1U);
  EXPECT_EQ(replay_letters(false).counts.items.decoded, 1U);
}

TEST_F(DeadLetterHistoryTest, UnusableLettersAreToldAndHoldUpNothing) {
  const std::string now = format_rfc3339(as_event_time(wall_now()));
  const auto line = [&](int offset, const std::string& more) {
    return fmt::format(
        R"({{"source":"app","topic":"app-logs","partition":3,"offset":{},"timestamp":"{}",{}}})", offset, now,
        more);
  };
  keep({line(1, R"("value":"mended")"), "", "scribble", line(2, R"("value":"men","cut_bytes":3)"),
        R"({"source":"gone","topic":"t","offset":1,"value":"x"})", line(1, R"("value":"mended")"),
        line(3, R"("value":"mended")")});
  const ReplayResult result = replay_letters();
  EXPECT_EQ(result.counts.matched, 2U);
  EXPECT_EQ(history_.letters, 2U);
  EXPECT_EQ(history_.repeated, 1U);
  EXPECT_EQ(history_.unusable, 3U);
  EXPECT_THAT(unusable_,
              ElementsAre("dead.jsonl:3 is not JSON",
                          AllOf(HasSubstr("dead.jsonl:4"), HasSubstr("read the original at app-logs[3]@2")),
                          HasSubstr("dead.jsonl:5 came from the source gone")));
}

TEST_F(DeadLetterHistoryTest, FileThatIsNotThereIsAnError) {
  const auto history = open_letter_file(letters(), *plan_, {});
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().code, ErrorCode::NotFound);
}

TEST_F(DeadLetterHistoryTest, LinesLongerThanAChunkAreReadWhole) {
  const std::string now = format_rfc3339(as_event_time(wall_now()));
  std::vector<std::string> lines;
  for (int i = 0; i < 5; ++i) {
    lines.push_back(fmt::format(
        R"({{"source":"app","topic":"app-logs","offset":{},"timestamp":"{}","value":"mended {}"}})", i, now,
        std::string(700'000, 'x')));
  }
  keep(lines);
  EXPECT_EQ(replay_letters().counts.matched, 5U);
}

}  // namespace
}  // namespace tocsin::runtime
