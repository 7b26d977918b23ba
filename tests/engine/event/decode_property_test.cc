// The decoder against damage: rows of real shapes, mutated and put into each other. Whatever comes, it does
// not crash (this runs under sanitizers), takes no more than it was given, and closes its ledger.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "engine/event/decode.h"
#include "engine/event/excerpt.h"
#include "tests/engine/event/envelope_rows.h"
#include "tests/engine/event/ledger.h"

namespace tocsin::event {
namespace {

class DecoderUnderDamage : public ::testing::Test {
 protected:
  DecoderUnderDamage() {
    const RowJson file = envelope_rows();
    for (const RowJson& row : file["rows"]) seeds_.push_back(make_record(row["record"]));
    seeds_.emplace_back("plain text");
    seeds_.emplace_back(R"({"a":[1,{"b":"c"}],"time":"2030-01-01T00:00:00Z"})");
  }

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  std::string seed() { return seeds_[below(seeds_.size())]; }

  // A record inside of what some carrier makes of it.
  std::string wrap(const std::string& record) {
    switch (below(6)) {
      case 0:
        return gzip(record);
      case 1:
        return base64(gzip(record));
      case 2:
        return RowJson{
            {"Records", {{{"eventSource", "aws:kinesis"}, {"kinesis", {{"data", base64(record)}}}}}}}
            .dump();
      case 3:
        return RowJson{{"invocationId", "i"}, {"records", {{{"recordId", "1"}, {"data", base64(record)}}}}}
            .dump();
      case 4:
        return RowJson{{"Type", "Notification"}, {"TopicArn", "arn:aws:sns:r:1:t"}, {"Message", record}}.dump(
            -1, ' ', false, RowJson::error_handler_t::replace);
      default:
        return RowJson{{"eventSource", "aws:sqs"}, {"body", record}}.dump(-1, ' ', false,
                                                                          RowJson::error_handler_t::replace);
    }
  }

  std::string mutate(std::string record) {
    constexpr std::string_view kBytes =
        "\"\\{}[],:\n \xff\x1f\x8b"
        "0aH=";
    for (std::size_t changes = below(4); changes > 0 && !record.empty(); --changes) {
      const std::size_t at = below(record.size());
      switch (below(5)) {
        case 0:
          record[at] = kBytes[below(kBytes.size())];
          break;
        case 1:
          record.resize(at);
          break;
        case 2:
          record.insert(at, 1, kBytes[below(kBytes.size())]);
          break;
        case 3:
          record.erase(at, 1 + below(8));
          break;
        default: {
          const std::string other = seed();
          record.insert(at, other.substr(below(other.size())));
        }
      }
    }
    return record;
  }

  // A letter that is read again as it is dies again, and leaves the same letter.
  void expect_same_death(const DeadLetter& letter, const DecodeSettings& settings) {
    RawBatch batch;
    batch.read_at = read_at_;
    batch.records.push_back({.value = letter.value,
                             .timestamp = letter.timestamp,
                             .offset = letter.offset,
                             .index = letter.index,
                             .part = letter.part,
                             .carried = letter.carried,
                             .envelope = letter.envelope ? &*letter.envelope : nullptr});
    EventBatch again;
    decode_all(decoder_, batch, settings, again);
    ASSERT_EQ(again.dead.size(), 1U) << letter.value;
    EXPECT_EQ(again.items.read, 1U) << letter.value;
    EXPECT_EQ(to_string(again.dead[0].reason), to_string(letter.reason)) << letter.value;
    EXPECT_EQ(again.dead[0].value, letter.value);
    EXPECT_EQ(again.dead[0].index, letter.index);
    EXPECT_EQ(again.dead[0].part, letter.part);
    EXPECT_EQ(again.dead[0].carried, letter.carried);
  }

  const WallTime read_at_{parse_rfc3339("2030-01-01T00:00:00Z")->time_since_epoch()};
  Decoder decoder_;
  std::mt19937 random_{20261124};
  std::vector<std::string> seeds_;
};

TEST_F(DecoderUnderDamage, ClosesItsLedger) {
  Decoder decoder;
  EventBatch out;
  std::uint64_t decoded = 0;
  std::uint64_t dead = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::vector<std::string> values(1 + below(4));
    for (std::string& value : values) {
      value = seed();
      for (std::size_t layers = below(11); layers > 0; --layers) {
        if (below(12) == 0) value = mutate(value);
        if (value.size() < 60'000) value = wrap(value);
      }
      if (below(2) == 0) value = mutate(value);
    }
    DecodeSettings settings;
    settings.log_group = "g";
    settings.format = static_cast<Format>(below(2) == 0 ? 0 : below(12));
    settings.vpc_flow.as_json = below(2) == 0;
    settings.age_limits = below(4) == 0;
    if (below(4) == 0) settings.accounts = {"000000000001"};
    RawBatch batch;
    batch.read_at = read_at_;
    for (std::size_t i = 0; i < values.size(); ++i)
      batch.records.push_back({.value = values[i], .timestamp = {}, .offset = static_cast<std::int64_t>(i)});
    decode_all(decoder, batch, settings, out);
    expect_closed_ledger(out);
    ASSERT_FALSE(HasFailure()) << "round " << round;
    decoded += out.items.decoded;
    dead += out.items.dead;
    for (const Event& event : out.events) {
      ASSERT_FALSE(event.log_group.empty());
      ASSERT_LE(event.message.size(), kMaxEventBytes);
      ASSERT_LE(excerpt(event).size(), kMaxExcerptBytes);
    }
    for (const DeadLetter& letter : out.dead) {
      ASSERT_LT(static_cast<std::size_t>(letter.offset), values.size());
      // What was counted in layers around it is not with it.
      if (letter.cut_bytes == 0 && letter.reason != RejectReason::TooDeep)
        expect_same_death(letter, settings);
      ASSERT_FALSE(HasFailure()) << "round " << round;
    }
  }
  EXPECT_GT(decoded, 1'000U);
  EXPECT_GT(dead, 1'000U);
}

// However bombs are put into each other, one record unpacks to no more than its bound.
TEST_F(DecoderUnderDamage, BoundsABombInABomb) {
  const std::string spaces = gzip(std::string(kMaxInflatedBytes / 3, ' '));
  RowJson records = RowJson::array();
  for (int i = 0; i < 12; ++i) records.push_back({{"recordId", "r"}, {"data", base64(spaces)}});
  const std::string record = gzip(RowJson{{"invocationId", "i"}, {"records", records}}.dump());
  Decoder decoder;
  EventBatch out;
  DecodeSettings settings;
  settings.log_group = "g";
  RawBatch batch;
  batch.records.push_back({.value = record, .timestamp = {}, .offset = 0});
  decode_all(decoder, batch, settings, out);
  expect_closed_ledger(out);
  std::size_t owned = 0;
  for (const auto& text : out.owned) owned += text->capacity();
  EXPECT_LE(owned, 3 * kMaxInflatedBytes / 2) << "capacity included";
  EXPECT_GE(out.rejects[RejectReason::InflatedTooLarge], 9U);
}

}  // namespace
}  // namespace tocsin::event
