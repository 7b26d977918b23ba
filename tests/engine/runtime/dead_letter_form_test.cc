// Letters as lines and as records: whatever bytes they hold, they come back as they went.
#include "engine/runtime/dead_letter_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tocsin::runtime {
namespace {

using ::testing::HasSubstr;

PostedLetter cut_record() {
  PostedLetter posted;
  posted.from = {.source = "org-trail", .topic = "org-cloudtrail", .number = 3};
  posted.letter.reason = event::RejectReason::NotJson;
  posted.letter.offset = 1042;
  posted.letter.timestamp = EventTime{Duration{1772355600123}};
  posted.letter.value = R"({"eventName": "Console)";
  return posted;
}

PostedLetter element() {
  PostedLetter posted = cut_record();
  posted.letter.index = 7;
  posted.letter.part = event::Part::LogEvent;
  posted.letter.carried = true;
  posted.letter.envelope = event::DeadLetter::Envelope{"111122223333", "/aws/lambda/pay", "2026/03/01"};
  return posted;
}

PostedLetter line_of_a_file() {
  PostedLetter posted;
  posted.from = {
      .source = "hosts", .topic = {}, .number = 0, .file = "logs/auth \"1\".log", .by_line = false};
  posted.letter.reason = event::RejectReason::TooLarge;
  posted.letter.offset = 17;
  posted.letter.cut_bytes = 99;
  posted.letter.value = "start";
  return posted;
}

void expect_equal(const PostedLetter& a, const PostedLetter& b) {
  EXPECT_EQ(a.from.source, b.from.source);
  EXPECT_EQ(a.from.topic, b.from.topic);
  EXPECT_EQ(a.from.number, b.from.number);
  EXPECT_EQ(a.from.file, b.from.file);
  EXPECT_EQ(a.from.by_line, b.from.by_line);
  EXPECT_EQ(a.letter.reason, b.letter.reason);
  EXPECT_EQ(a.letter.offset, b.letter.offset);
  EXPECT_EQ(a.letter.index, b.letter.index);
  EXPECT_EQ(a.letter.part, b.letter.part);
  EXPECT_EQ(a.letter.carried, b.letter.carried);
  EXPECT_EQ(a.letter.timestamp, b.letter.timestamp);
  EXPECT_EQ(a.letter.value, b.letter.value);
  EXPECT_EQ(a.letter.cut_bytes, b.letter.cut_bytes);
  ASSERT_EQ(a.letter.envelope.has_value(), b.letter.envelope.has_value());
  if (!a.letter.envelope) return;
  EXPECT_EQ(a.letter.envelope->account, b.letter.envelope->account);
  EXPECT_EQ(a.letter.envelope->log_group, b.letter.envelope->log_group);
  EXPECT_EQ(a.letter.envelope->log_stream, b.letter.envelope->log_stream);
}

std::vector<std::string> odd_values() {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  std::vector<std::string> values = {"",          "\n",       "\"\\",    std::string("a\0b", 3),
                                     "caf\u00e9", "\xff\xfe", every_byte};
  for (std::size_t size = 0; size < 7; ++size) values.push_back(std::string(size, '\x80'));
  return values;
}

TEST(DeadLetterForm, ComesBackFromALineAndFromARecord) {
  for (PostedLetter posted : {cut_record(), element(), line_of_a_file()}) {
    for (const std::string& value : odd_values()) {
      posted.letter.value = value;
      const std::string line = to_line(posted);
      EXPECT_EQ(line.find('\n'), std::string::npos);
      const auto from_line = parse_line(line);
      ASSERT_TRUE(from_line) << from_line.error().message << "\n" << line;
      expect_equal(*from_line, posted);
      const auto from_record = parse_attributes(to_attributes(posted), value);
      ASSERT_TRUE(from_record) << from_record.error().message;
      expect_equal(*from_record, posted);
    }
  }
}

TEST(DeadLetterForm, LineReadsWellAndHasTheBytesAsTheyStood) {
  EXPECT_EQ(
      to_line(cut_record()),
      R"({"id":")" + letter_id(cut_record()) +
          R"(","reason":"not_json","place":"org-cloudtrail[3]@1042","source":"org-trail",)"
          R"("topic":"org-cloudtrail","partition":3,"offset":1042,"timestamp":"2026-03-01T09:00:00.123Z",)"
          R"("value":"{\"eventName\": \"Console"})");
}

TEST(DeadLetterForm, IdIsThatOfThePlaceWhateverBecomesOfTheValue) {
  PostedLetter mended = cut_record();
  mended.letter.value = "{}";
  mended.letter.reason = event::RejectReason::NoTime;
  EXPECT_EQ(letter_id(mended), letter_id(cut_record()));
  EXPECT_NE(letter_id(element()), letter_id(cut_record()));
  PostedLetter other = cut_record();
  other.from.number = 4;
  EXPECT_NE(letter_id(other), letter_id(cut_record()));
}

TEST(DeadLetterForm, WhatHasTheSameNameLaterHasOtherIdsAndKeepsThem) {
  PostedLetter anew = cut_record();
  anew.from.incarnation = "2";
  EXPECT_NE(letter_id(anew), letter_id(cut_record()));
  const auto line = parse_line(to_line(anew));
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(letter_id(*line), letter_id(anew));
  const auto headers = parse_attributes(to_attributes(anew), anew.letter.value);
  ASSERT_TRUE(headers) << headers.error().message;
  EXPECT_EQ(letter_id(*headers), letter_id(anew));
}

TEST(DeadLetterForm, ValueMayBeMendedAsAnObject) {
  const auto posted = parse_line(R"({"source":"s","topic":"t","offset":1,"value":{"b":1,"a":[2.50,"é"]}})");
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->letter.value, R"({"b":1,"a":[2.5,"é"]})");
}

TEST(DeadLetterForm, APartitionOfAFileIsOfNoAccount) {
  const auto plain = parse_line(R"({"source":"s","file":"f","offset":1,"value":"x"})");
  const auto other = parse_line(R"({"source":"s","file":"f","partition":3,"offset":1,"value":"x"})");
  ASSERT_TRUE(plain && other);
  EXPECT_EQ(letter_id(*plain), letter_id(*other));
}

TEST(DeadLetterForm, LineNestedDeeperThanAnyEventIsRefused) {
  const auto line = [](std::size_t depth) {
    return R"({"source":"s","topic":"t","offset":1,"value":)" + std::string(depth, '[') + R"("]\"]")" +
           std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_line(line(event::kMaxDepth)).has_value());
  for (const std::size_t depth : {event::kMaxDepth + 1, std::size_t{1'000'000}}) {
    const auto posted = parse_line(line(depth));
    ASSERT_FALSE(posted.has_value());
    EXPECT_EQ(posted.error().message, "is nested too deeply");
  }
}

TEST(DeadLetterForm, TimeOffTheCalendarIsLeftOut) {
  PostedLetter posted = cut_record();
  posted.letter.timestamp = EventTime{Duration{INT64_MAX / 2}};
  const auto parsed = parse_line(to_line(posted));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->letter.timestamp, std::nullopt);
}

TEST(DeadLetterForm, SaysWhatIsWrongWithALine) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "is not JSON"},
      {"{\"source\":", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"topic":"t","offset":1,"value":""})", "has no `source`"},
      {R"({"source":"s","offset":1,"value":""})", "needs one of `topic` and `file`"},
      {R"({"source":"s","topic":"t","file":"f","offset":1,"value":""})", "needs one of `topic` and `file`"},
      {R"({"source":"s","topic":"t","value":""})", "has no `offset`"},
      {R"({"source":"s","topic":"t","offset":"1","value":""})", "`offset` is not a whole number"},
      {R"({"source":"s","topic":"t","offset":1,"index":-1,"value":""})", "`index` is not a whole number"},
      {R"({"source":"s","topic":"t","offset":1})", "has no `value`"},
      {R"({"source":"s","topic":"t","offset":1,"value":"","value_base64":""})",
       "both `value` and `value_base64`"},
      {R"({"source":"s","topic":"t","offset":1,"value_base64":"!"})", "`value_base64` is not base64"},
      {R"({"source":"s","topic":"t","offset":1,"value":"","reason":"x"})", "`reason` is not one"},
      {R"({"source":"s","topic":"t","offset":1,"value":"","part":"x"})", "`part` is not one of record, "},
      {R"({"source":"s","topic":"t","offset":1,"value":"","timestamp":"x"})", "`timestamp` is not a time"},
      {R"({"source":"s","topic":"t","offset":1,"value":"","envelope":[]})", "`envelope` is not an object"},
      {R"({"source":"s","topic":"t","offset":1,"value":"","envelope":{"account":1}})",
       "in `envelope`, `account`"},
  };
  for (const auto& [line, fault] : rows) {
    const auto posted = parse_line(line);
    ASSERT_FALSE(posted) << line;
    EXPECT_THAT(posted.error().message, HasSubstr(fault)) << line;
  }
}

TEST(DeadLetterForm, RecordThatIsNoLetterIsToldApart) {
  EXPECT_FALSE(parse_attributes({}, "x"));
  EXPECT_FALSE(parse_attributes({{"type", "tocsin.alarm.state_change"}}, "x"));
  EXPECT_FALSE(parse_attributes({{"type", "tocsin.dead_letter"}}, "x"));
  Attributes attributes = to_attributes(cut_record());
  for (auto& [name, text] : attributes) {
    if (name == "offset") text = "ten";
  }
  EXPECT_FALSE(parse_attributes(attributes, "x"));
}

}  // namespace
}  // namespace tocsin::runtime
