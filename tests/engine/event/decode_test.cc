#include "engine/event/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>
#include <vector>

#include "tests/engine/event/compress.h"
#include "tests/engine/event/ledger.h"

namespace tocsin::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WallTime kNow{parse_rfc3339("2026-03-10T12:00:00Z")->time_since_epoch()};

constexpr char kTrail[] =
    R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","accountId":"000000000001"},"eventTime":"2026-03-10T10:00:00Z",)"
    R"("eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"eu-west-1","recipientAccountId":"000000000002"})";
constexpr char kBus[] =
    R"({"version":"0","id":"1","detail-type":"Backup Job State Change","source":"aws.backup","account":"000000000003",)"
    R"("time":"2026-03-10T11:00:00Z","region":"us-east-1","resources":[],"detail":{"state":"FAILED"}})";

std::string envelope(const std::string& events) {
  return R"({"messageType":"DATA_MESSAGE","owner":"000000000004","logGroup":"/app/api","logStream":"i-1",)"
         R"("subscriptionFilters":["f"],"logEvents":[)" +
         events + "]}";
}

std::string log_event(const std::string& escaped_message, std::int64_t timestamp = 1773136800000) {
  return R"({"id":"1","timestamp":)" + std::to_string(timestamp) + R"(,"message":")" + escaped_message +
         "\"}";
}

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// One decoder for all, as a worker has: what a record leaves behind must not show in the next.
class DecoderTest : public ::testing::Test {
 protected:
  DecoderTest() {
    settings.log_group = "the-group";
    settings.log_stream = "the-stream";
  }

  const std::vector<Event>& decode(const std::vector<std::string>& values,
                                   std::optional<EventTime> timestamp = std::nullopt) {
    auto bytes = std::make_shared<std::vector<std::string>>(values);
    RawBatch batch;
    batch.partition = 7;
    batch.read_at = kNow;
    std::int64_t offset = 100;
    for (const std::string& value : *bytes)
      batch.records.push_back({.value = value, .timestamp = timestamp, .offset = offset++});
    batch.bytes = std::move(bytes);
    decode_all(decoder, batch, settings, out);
    expect_closed_ledger(out);
    return out.events;
  }
  std::string messages(const std::vector<std::string>& values) {
    std::string joined;
    for (const Event& event : decode(values)) joined += std::string(event.message) + "|";
    return joined;
  }
  std::string rejects() const {
    std::string text;
    for (std::size_t i = 0; i < kRejectReasons; ++i) {
      if (out.rejects.counts[i] > 0)
        text += std::string(kRejectNames[i]) + "=" + std::to_string(out.rejects.counts[i]) + " ";
    }
    return text;
  }
  std::string time(std::size_t index = 0) const {
    const EventTime when = out.events.at(index).time;
    return when == kInheritTime ? "inherited" : format_rfc3339(when);
  }

  DecodeSettings settings;
  Decoder decoder;
  EventBatch out;
};

TEST_F(DecoderTest, TakesACloudTrailRecordAsItStood) {
  const auto& events = decode({kTrail});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::CloudTrail);
  EXPECT_EQ(events[0].message, kTrail);
  EXPECT_EQ(events[0].account, "000000000002");
  EXPECT_EQ(events[0].region, "eu-west-1");
  EXPECT_EQ(events[0].log_group, "the-group");
  EXPECT_EQ(events[0].log_stream, "the-stream");
  EXPECT_EQ(time(), "2026-03-10T10:00:00Z");
  EXPECT_EQ(events[0].position, (Position{.partition = 7, .offset = 100, .index = 0}));
}

TEST_F(DecoderTest, FallsBackToTheAccountOfTheIdentity) {
  EXPECT_EQ(
      decode({R"({"eventVersion":"1.0","eventName":"x","userIdentity":{"accountId":"000000000001"}})"})[0]
          .account,
      "000000000001");
}

TEST_F(DecoderTest, KnowsAnInsightRecordAndAnS3Notification) {
  EXPECT_EQ(
      decode(
          {R"({"eventVersion":"1.08","eventTime":"2026-03-10T10:00:00Z","eventType":"AwsCloudTrailInsight"})"})
          [0]
              .kind,
      Kind::CloudTrail);
  EXPECT_EQ(
      decode(
          {R"({"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-03-10T10:00:00.5Z","eventName":"x",)"
           R"("userIdentity":{"principalId":"p"}})"})[0]
          .kind,
      Kind::Json);
  EXPECT_EQ(time(), "2026-03-10T10:00:00.500Z");
}

TEST_F(DecoderTest, KnowsACloudTrailRecordThatLostItsVersion) {
  const auto& events = decode(
      {R"({"eventName":"x","eventSource":"s3.amazonaws.com","userIdentity":{"accountId":"000000000001"}})",
       R"({"eventName":"x","eventSource":"shop","userIdentity":{"accountId":"000000000001"}})"});
  EXPECT_EQ(events[0].kind, Kind::CloudTrail);
  EXPECT_EQ(events[0].account, "000000000001");
  EXPECT_EQ(events[1].kind, Kind::Json);
}

TEST_F(DecoderTest, UnwrapsATrailFileInOneRecord) {
  const auto& events = decode({std::string(R"({"Records":[)") + kTrail + " , " + kTrail + "]}"});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].message, kTrail);
  EXPECT_EQ(events[1].kind, Kind::CloudTrail);
  EXPECT_EQ(events[1].position, (Position{.partition = 7, .offset = 100, .index = 1}));
  EXPECT_THAT(decode({R"({"Records":[]})"}), IsEmpty());
  EXPECT_EQ(rejects(), "");
}

TEST_F(DecoderTest, LeavesOtherRecordsInOnePiece) {
  const std::string s3 =
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"x","userIdentity":{}}]})";
  const auto& events = decode({s3});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::Json);
  EXPECT_EQ(events[0].message, s3);
}

TEST_F(DecoderTest, TakesABusEventWithItsOwnAccountRegionAndTime) {
  const auto& events = decode({kBus});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::BusEvent);
  EXPECT_EQ(events[0].message, kBus);
  EXPECT_EQ(events[0].account, "000000000003");
  EXPECT_EQ(events[0].region, "us-east-1");
  EXPECT_EQ(time(), "2026-03-10T11:00:00Z");
}

TEST_F(DecoderTest, UnwrapsASubscriptionInEveryWrapping) {
  const std::string plain =
      envelope(log_event("GET \\/x 200") + "," + log_event("tab\\there", 1773136801500));
  const std::string lambda = R"({"awslogs":{"data":")" + base64(gzip(plain)) + "\"}}";
  for (const std::string& record :
       {plain, gzip(plain), base64(gzip(plain)), lambda, gzip(lambda), "  " + plain}) {
    const auto& events = decode({record});
    ASSERT_EQ(events.size(), 2U) << record;
    EXPECT_EQ(events[0].kind, Kind::Text);
    EXPECT_EQ(events[0].message, "GET /x 200");
    EXPECT_EQ(events[0].account, "000000000004");
    EXPECT_EQ(events[0].log_group, "/app/api");
    EXPECT_EQ(events[0].log_stream, "i-1");
    EXPECT_EQ(time(0), "2026-03-10T10:00:00Z");
    EXPECT_EQ(events[1].message, "tab\there");
    EXPECT_EQ(time(1), "2026-03-10T10:00:01.500Z");
    EXPECT_EQ(events[1].position.index, 1U);
    EXPECT_EQ(rejects(), "");
  }
}

TEST_F(DecoderTest, JoinsCompressedEnvelopesThatFollowEachOther) {
  const std::string one = envelope(log_event("one"));
  const std::string two = envelope(log_event("two"));
  EXPECT_EQ(messages({gzip(one) + gzip(two)}), "one|two|");
  EXPECT_EQ(messages({gzip(one + "\n" + two + "\n")}), "one|two|");
  EXPECT_EQ(out.events[1].position.index, 1U);
}

TEST_F(DecoderTest, LooksIntoTheMessagesOfASubscription) {
  const auto& events =
      decode({envelope(log_event(escape(kTrail), 1) + "," + log_event(escape(kBus), 1) + "," +
                       log_event(R"({\"time\":\"2020-01-01T00:00:00Z\"})") + "," + log_event("plain"))});
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].kind, Kind::CloudTrail);
  EXPECT_EQ(events[0].message, kTrail);
  EXPECT_EQ(events[0].account, "000000000002");
  EXPECT_EQ(events[0].region, "eu-west-1");
  EXPECT_EQ(time(0), "2026-03-10T10:00:00Z");
  EXPECT_EQ(events[1].kind, Kind::BusEvent);
  EXPECT_EQ(events[1].account, "000000000003");
  EXPECT_EQ(time(1), "2026-03-10T11:00:00Z");
  EXPECT_EQ(events[2].kind, Kind::Json);
  EXPECT_EQ(time(2), "2026-03-10T10:00:00Z") << "the log event's timestamp is known, a field only guessed";
  EXPECT_EQ(events[3].account, "000000000004");
}

TEST_F(DecoderTest, DropsControlMessages) {
  std::string control = envelope(log_event("CWL CONTROL MESSAGE: Checking health of destination Firehose."));
  control.replace(control.find("DATA_MESSAGE"), 12, "CONTROL_MESSAGE");
  EXPECT_THAT(decode({control, gzip(control)}), IsEmpty());
  EXPECT_EQ(rejects(), "");
}

TEST_F(DecoderTest, CountsBrokenLogEventsOneByOne) {
  EXPECT_EQ(messages({envelope(log_event("a") + R"(,{"timestamp":1},7,)" + "{}" + "," + log_event("b"))}),
            "a|b|");
  EXPECT_EQ(rejects(), "not_json=3 ");
  EXPECT_EQ(out.events[1].position.index, 4U);
}

TEST_F(DecoderTest, TakesTextForTextAndCutJsonForBroken) {
  EXPECT_EQ(
      messages({"hello", "[1,2]", "{ no json", "{}", "{", "H4sI am no base64!", "\"quoted\"", "{ %s }"}),
      "hello|[1,2]|{ no json|{}|{|H4sI am no base64!|\"quoted\"|{ %s }|");
  EXPECT_EQ(rejects(), "");
  EXPECT_EQ(messages({R"({"eventVersion":"1.08","eventNa)", R"( { "a" : 1 )", R"({"a":1}})",
                      R"({"a":1} and {"b":2})", "ok"}),
            "ok|");
  EXPECT_EQ(rejects(), "not_json=4 ");
}

TEST_F(DecoderTest, CountsEachFaultUnderItsName) {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += R"({"a":)";
  EXPECT_THAT(
      decode({"caf\xe9", "{\"a\":\"\xff\"}", deep + "1" + std::string(300, '}'), gzip("x").substr(0, 12),
              std::string(kMaxEventBytes + 1, 'x'), R"({"a":")" + std::string(kMaxEventBytes, 'x') + "\"}",
              gzip(std::string(kMaxInflatedBytes + 1, ' ')), R"({"awslogs":{"data":"H4sIAAAA"}})"}),
      IsEmpty());
  EXPECT_EQ(rejects(), "bad_utf8=2 too_large=2 too_deep=1 bad_gzip=2 inflated_too_large=1 ");
}

TEST_F(DecoderTest, MeasuresEventsAndNotTheirEnvelope) {
  const std::string big(kMaxEventBytes / 2, 'x');
  EXPECT_EQ(decode({envelope(log_event(big) + "," + log_event(big) + "," + log_event(big))}).size(), 3U);
  EXPECT_EQ(decode({envelope(log_event("a") + "," + log_event(big + big + "x"))}).size(), 1U);
  EXPECT_EQ(rejects(), "too_large=1 ");
}

TEST_F(DecoderTest, StopsUnwrappingWhatIsWrappedWithoutEnd) {
  std::string record = "text";
  for (int i = 0; i < 10; ++i) record = gzip(record);
  EXPECT_THAT(decode({record}), IsEmpty());
  EXPECT_EQ(rejects(), "too_deep=1 ");
}

TEST_F(DecoderTest, TakesOnlySoManyEventsOutOfOneRecord) {
  std::string documents;
  std::string records = R"({"Records":[)" + std::string(kTrail);
  std::string log_events = log_event("x");
  for (std::uint32_t i = 1; i < kMaxRecordItems; ++i) {
    records += ",{}";
    log_events += R"(,{"message":"x"})";
  }
  for (std::uint32_t i = 0; i < kMaxRecordItems; ++i) documents += "{}";
  const auto arrival = parse_rfc3339("2026-03-10T11:30:00Z");
  EXPECT_EQ(decode({gzip(documents), gzip(records + "]}"), gzip(envelope(log_events))}, arrival).size(),
            std::size_t{3} * kMaxRecordItems);
  EXPECT_EQ(rejects(), "");

  EXPECT_EQ(decode({gzip(documents + "{}{}{}"), gzip(records + ",{},{}]}"),
                    gzip(envelope(log_events + "," + log_event("y")) + envelope(log_event("z"))), "next"},
                   arrival)
                .size(),
            std::size_t{3} * kMaxRecordItems + 1);
  EXPECT_EQ(rejects(), "inflated_too_large=4 ") << "each envelope's rest dies as one";
  EXPECT_EQ(out.events.back().message, "next");
}

TEST_F(DecoderTest, CountsTheRestOfAFullRecord) {
  std::string documents;
  for (std::uint32_t i = 0; i < kMaxRecordItems + 5; ++i) documents += "{}";
  const std::string second = R"({"recordId":"2","data":")" + base64("second") + R"("})";
  decode({R"({"invocationId":"i","records":[{"recordId":"1","data":")" + base64(gzip(documents)) + R"("},)" +
          second + "," + second + "]}"});
  EXPECT_EQ(out.items.decoded, kMaxRecordItems);
  EXPECT_EQ(rejects(), "inflated_too_large=2 ");
  EXPECT_EQ(out.dead[0].cut_bytes, 8U);
  EXPECT_EQ(out.dead[1].value, second);
  EXPECT_EQ(out.dead[1].cut_bytes, second.size() + 2);
}

TEST_F(DecoderTest, HoldsOnlySoMuchTextAtOnce) {
  const std::string bomb = gzip(gzip(std::string(40U << 20, 'x')));
  auto bytes = std::make_shared<std::vector<std::string>>(4, bomb);
  RawBatch batch;
  for (const std::string& value : *bytes)
    batch.records.push_back({.value = value, .timestamp = {}, .offset = 0});
  std::vector<std::size_t> ends;
  for (std::size_t next = 0; next < batch.records.size(); ends.push_back(next)) {
    next = decoder.decode(batch, settings, out, next);
    expect_closed_ledger(out);
    std::size_t owned = 0;
    for (const auto& text : out.owned) owned += text->capacity();
    EXPECT_LE(owned, 2 * (kMaxPieceBytes + kMaxInflatedBytes)) << "capacity included";
  }
  EXPECT_GE(ends.size(), 2U);
}

TEST_F(DecoderTest, HoldsOnlySoManyEventsAtOnce) {
  std::string documents;
  for (std::uint32_t i = 0; i < kMaxPieceEvents / 2; ++i) documents += "{}";
  const std::string record = gzip(documents);
  RawBatch batch;
  for (std::int64_t i = 0; i < 5; ++i)
    batch.records.push_back({.value = record, .timestamp = as_event_time(kNow), .offset = i});
  std::vector<std::size_t> ends;
  for (std::size_t next = 0; next < batch.records.size(); ends.push_back(next)) {
    next = decoder.decode(batch, settings, out, next);
    expect_closed_ledger(out);
    EXPECT_EQ(out.events.front().position.offset, static_cast<std::int64_t>(ends.empty() ? 0 : ends.back()));
  }
  EXPECT_THAT(ends, ElementsAre(2U, 4U, 5U));
}

TEST_F(DecoderTest, LeavesOnlySoManyLettersOfABatchOfBombs) {
  std::string records = R"({"Records":[)" + std::string(kTrail);
  for (std::uint32_t i = 1; i < kMaxRecordItems; ++i) records += ",1";
  const std::vector<std::string> bombs(8, gzip(records + "]}"));
  decode(bombs);
  EXPECT_LE(out.dead.size(), kMaxBatchLetters + kMaxRecordItems + bombs.size() * (kMaxSpentItems + 1));
  EXPECT_EQ(out.items.decoded, bombs.size()) << "the first of each";
}

TEST_F(DecoderTest, CountsALayerForRecords) {
  std::string nested = "1";
  for (int i = 0; i < 50; ++i)
    nested = R"({"Records":[{"eventSource":"aws:sqs","body":"x"},)" + nested + "]}";
  EXPECT_EQ(decode({nested}).size(), std::size_t{kMaxLayers - 1});
  EXPECT_EQ(rejects(), "too_deep=3 ") << "a text and the two elements behind it";
  settings.format = Format::Sqs;
  EXPECT_EQ(decode({nested}).size(), std::size_t{kMaxLayers - 1});
  EXPECT_EQ(rejects(), "too_deep=3 ");
}

TEST_F(DecoderTest, LeavesALetterForEachEventWithoutATimeBeforeTheFirstThatHasOne) {
  decode({"banner", gzip(envelope(R"({"message":"bare"})")), R"({"time":"2026-03-10T10:00:00Z"})", "later"});
  ASSERT_EQ(out.events.size(), 4U);
  ASSERT_EQ(out.untimed.size(), 2U);
  EXPECT_EQ(out.untimed[0].value, "banner");
  EXPECT_EQ(out.untimed[0].reason, RejectReason::NoTime);
  EXPECT_EQ(out.untimed[1].value, "bare");
  EXPECT_EQ(out.untimed[1].envelope->log_group, "/app/api");
  settings.format = Format::VpcFlow;
  settings.vpc_flow.fields = {"version", "dstport"};
  settings.vpc_flow.as_json = true;
  decode({"2 443"});
  EXPECT_EQ(out.events[0].message, R"({"version":2,"dstport":443})");
  ASSERT_EQ(out.untimed.size(), 1U);
  EXPECT_EQ(out.untimed[0].value, "2 443") << "what stood there, not what was made of it";
}

TEST_F(DecoderTest, InflatesOnlySoMuchOutOfOneRecord) {
  const std::string lambda =
      R"({"awslogs":{"data":")" + base64(gzip(std::string(kMaxInflatedBytes / 4, ' ') + "{}")) + R"("}})";
  EXPECT_EQ(decode({gzip(lambda + lambda + lambda + lambda + lambda), "next"}).size(), 4U);
  EXPECT_EQ(rejects(), "inflated_too_large=2 ");
}

TEST_F(DecoderTest, TakesBrokenJsonInAnEnvelopeAsText) {
  std::string deep = R"({"a":)";
  for (std::size_t i = 0; i < kMaxDepth; ++i) deep += '[';
  for (std::size_t i = 0; i < kMaxDepth; ++i) deep += ']';
  deep += '}';
  const std::string cut = R"({"level":"error","text":"cut he)";
  EXPECT_EQ(messages({envelope(log_event(escape(cut)) + "," + log_event(escape(deep)) + "," +
                               log_event(escape(R"({"a":1})")))}),
            cut + "|" + deep + R"(|{"a":1}|)");
  EXPECT_EQ(out.events[0].kind, Kind::Text);
  EXPECT_EQ(out.events[1].kind, Kind::Text);
  EXPECT_EQ(out.events[2].kind, Kind::Json);
  EXPECT_EQ(out.events[0].log_group, "/app/api");
  EXPECT_EQ(time(0), "2026-03-10T10:00:00Z");
  EXPECT_EQ(rejects(), "");
  decode({cut});
  EXPECT_EQ(rejects(), "not_json=1 ");
}

TEST_F(DecoderTest, KeepsTheRejectsOfTheSourceAndForgetsThoseOfTheLastBatch) {
  decode({R"({"a")"});
  RawBatch batch;
  batch.rejects.add(RejectReason::TooLarge, 3);
  decode_all(decoder, batch, settings, out);
  EXPECT_EQ(rejects(), "too_large=3 ");
}

TEST_F(DecoderTest, HoldsPinnedFormatsToTheirWord) {
  settings.format = Format::Text;
  EXPECT_EQ(decode({kTrail})[0].kind, Kind::Text);
  EXPECT_EQ(decode({gzip("x")}).size(), 0U);
  EXPECT_EQ(rejects(), "bad_utf8=1 ");

  settings.format = Format::Json;
  EXPECT_EQ(decode({kTrail, "hello", "[1]", gzip(R"({"a":1})")})[0].kind, Kind::Json);
  EXPECT_EQ(out.events.size(), 2U);
  EXPECT_EQ(rejects(), "not_json=2 ");

  settings.format = Format::CloudTrail;
  EXPECT_EQ(decode({R"({"eventTime":"2026-03-10T10:00:00Z","recipientAccountId":"000000000009"})"})[0].kind,
            Kind::CloudTrail);
  EXPECT_EQ(out.events[0].account, "000000000009");
  EXPECT_EQ(decode({R"({"Records":[{"x":1},{"x":2}]})", "text"}).size(), 2U);
  EXPECT_EQ(rejects(), "not_json=1 ");

  settings.format = Format::EventBridge;
  EXPECT_EQ(decode({R"({"account":"000000000009"})"})[0].kind, Kind::BusEvent);

  settings.format = Format::Subscription;
  EXPECT_EQ(messages({envelope(log_event("a")), gzip(envelope(log_event("b"))), kTrail, "text"}), "a|b|");
  EXPECT_EQ(rejects(), "not_json=2 ");
}

TEST_F(DecoderTest, RefusesOtherAccounts) {
  settings.accounts = {"000000000002", "000000000004"};
  EXPECT_EQ(decode({kTrail, kBus, "text", R"({"a":1})", envelope(log_event("x"))}).size(), 2U);
  EXPECT_EQ(rejects(), "account_refused=3 ");
}

TEST_F(DecoderTest, FindsTheTimeOfPlainJsonInItsUsualFields) {
  decode({R"({"@timestamp":"2026-03-10T10:00:00Z"})", R"({"timestamp":1773136801})", R"({"ts":1773136802.5})",
          R"({"_aws":{"Timestamp":1773136803000},"timestamp":1})",
          R"({"time":0.25,"ts":"2026-03-10T10:00:04Z"})", R"({"timestamp":"soon"})", R"({"ts":1.7731368e9})",
          R"({"ts":1773136800e-2})", R"({"ts":1e400})", R"({"ts":-1773136800})"});
  EXPECT_EQ(time(0), "2026-03-10T10:00:00Z");
  EXPECT_EQ(time(1), "2026-03-10T10:00:01Z");
  EXPECT_EQ(time(2), "2026-03-10T10:00:02.500Z");
  EXPECT_EQ(time(3), "2026-03-10T10:00:03Z");
  EXPECT_EQ(time(4), "2026-03-10T10:00:04Z");
  EXPECT_EQ(time(5), "inherited");
  EXPECT_EQ(time(6), "2026-03-10T10:00:00Z");
  EXPECT_EQ(time(7), "inherited");
  EXPECT_EQ(time(8), "inherited");
  EXPECT_EQ(time(9), "inherited");
}

TEST_F(DecoderTest, TakesTheRecordsTimestampWhereTheEventHasNone) {
  const auto timestamp = parse_rfc3339("2026-03-10T09:00:00Z");
  decode({"no time here", "2026-03-10T10:00:00Z with time", R"({"a":1})"}, timestamp);
  EXPECT_EQ(time(0), "2026-03-10T09:00:00Z");
  EXPECT_EQ(time(1), "2026-03-10T10:00:00Z");
  EXPECT_EQ(time(2), "2026-03-10T09:00:00Z");
  decode({"no time here"});
  EXPECT_EQ(time(0), "inherited");
  decode({"no time here"}, EventTime{Duration{INT64_MAX}});
  EXPECT_EQ(time(0), "inherited");
}

TEST_F(DecoderTest, FollowsATimeField) {
  settings.time.from = TimeRule::From::Field;
  settings.time.field = *parse_selector("$.meta.when");
  decode({R"({"meta":{"when":"2026-03-10T08:00:00Z"},"timestamp":1773136801})", R"({"timestamp":1773136801})",
          "text"});
  EXPECT_EQ(time(0), "2026-03-10T08:00:00Z");
  EXPECT_EQ(time(1), "inherited");
  EXPECT_EQ(time(2), "inherited");
  settings.time.field = *parse_selector("$.other");
  settings.time.format = "%d.%m.%Y %H:%M";
  settings.time.zone_offset = std::chrono::hours{1};
  decode({R"({"other":"09.03.2026 08:00","meta":{"when":5}})"});
  EXPECT_EQ(time(0), "2026-03-09T07:00:00Z");
}

TEST_F(DecoderTest, FollowsATimeRegex) {
  settings.time.from = TimeRule::From::Regex;
  settings.time.regex = std::make_shared<re2::RE2>(R"(at=(\d+))");
  decode({"x at=1773136801 y", R"({"m":"at=1773136802"})", "nothing"});
  EXPECT_EQ(time(0), "2026-03-10T10:00:01Z");
  EXPECT_EQ(time(1), "2026-03-10T10:00:02Z");
  EXPECT_EQ(time(2), "inherited");
  settings.time.regex = std::make_shared<re2::RE2>(R"(^(\S+ +\d+ \S+))");
  settings.time.format = "%b %e %H:%M:%S";
  decode({"Dec 10 06:55:46 host x"});
  EXPECT_EQ(time(0), "2025-12-10T06:55:46Z");
}

TEST_F(DecoderTest, TakesTheArrivalWhereToldTo) {
  settings.time.from = TimeRule::From::Arrival;
  decode({kTrail}, parse_rfc3339("2026-03-10T09:00:00Z"));
  EXPECT_EQ(time(0), "2026-03-10T09:00:00Z");
  decode({kTrail, envelope(log_event("x"))});
  EXPECT_EQ(time(0), "2026-03-10T12:00:00Z");
  EXPECT_EQ(time(1), "2026-03-10T12:00:00Z");
}

TEST_F(DecoderTest, KeepsAgeLimitsOnlyWhereAsked) {
  const std::vector<std::string> lines{"2026-02-24T12:00:00Z just", "2026-02-24T11:59:59Z old",
                                       "2026-03-10T14:00:00Z just", "2026-03-10T14:00:01Z new", "no time"};
  EXPECT_EQ(decode(lines).size(), 5U);
  settings.age_limits = true;
  EXPECT_EQ(decode(lines).size(), 3U);
  EXPECT_EQ(rejects(), "too_old=1 too_new=1 ");
}

TEST_F(DecoderTest, KeepsTheTextsOfTheBatchAlive) {
  const std::string group(5000, 'g');
  std::string record = envelope(log_event("first \\u00e9") + "," +
                                log_event(std::string(20'000, 'x') + "\\n") + "," + log_event("last \\t"));
  record.replace(record.find("/app/api"), 8, "\\/" + group);
  const auto& events = decode({gzip(record), "text"});
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].message, "first \xc3\xa9");
  EXPECT_EQ(events[1].message, std::string(20'000, 'x') + "\n");
  EXPECT_EQ(events[2].message, "last \t");
  EXPECT_EQ(events[2].log_group, "/" + group);
  EXPECT_EQ(events[3].log_group, "the-group");
}

TEST_F(DecoderTest, PassesOverWhatIsEmpty) {
  EXPECT_THAT(decode({"", "", gzip(""), R"({"Records":[]})", envelope("")}), IsEmpty());
  EXPECT_EQ(rejects(), "");
  EXPECT_EQ(out.items.read, 5U);
  EXPECT_EQ(out.items.skipped[static_cast<std::size_t>(SkipReason::Empty)], 5U);
}

TEST_F(DecoderTest, CountsWhatAnEnvelopeHoldsInItsPlace) {
  settings.accounts = {"000000000002", "000000000004"};
  std::string control = envelope(log_event("CWL CONTROL MESSAGE"));
  control.replace(control.find("DATA_MESSAGE"), 12, "CONTROL_MESSAGE");
  decode({kTrail, std::string(R"({"Records":[)") + kTrail + ",7," + kTrail + "]}", kBus,
          gzip(envelope(log_event("a") + "," + log_event("b")) + control + envelope("")), R"({"cut)",
          gzip(control)});
  EXPECT_EQ(out.items.read, 11U);
  EXPECT_EQ(out.items.decoded, 5U);
  EXPECT_EQ(out.items.skipped[static_cast<std::size_t>(SkipReason::ControlMessage)], 2U);
  EXPECT_EQ(out.items.skipped[static_cast<std::size_t>(SkipReason::Empty)], 1U);
  EXPECT_EQ(out.items.refused, 1U);
  EXPECT_EQ(out.items.dead, 2U);
}

TEST_F(DecoderTest, KeepsTheBytesOfWhatItCannotUse) {
  const std::string broken = gzip("some text").substr(0, 15);
  const auto arrival = parse_rfc3339("2026-03-10T11:30:00Z");
  settings.age_limits = true;
  decode({broken, gzip(envelope(log_event("fine") + R"(,{"no":"message"},)" + log_event("old", 1)))},
         arrival);
  ASSERT_EQ(out.dead.size(), 3U);
  EXPECT_EQ(out.dead[0].reason, RejectReason::BadGzip);
  EXPECT_EQ(out.dead[0].value, broken) << "as it stood, not what came out of it";
  EXPECT_EQ(out.dead[0].offset, 100);
  EXPECT_EQ(out.dead[0].timestamp, arrival);
  EXPECT_FALSE(out.dead[0].envelope.has_value());

  EXPECT_EQ(out.dead[1].reason, RejectReason::NotJson);
  EXPECT_EQ(out.dead[1].value, R"({"no":"message"})") << "only the element: its neighbours are well";
  EXPECT_EQ(out.dead[1].offset, 101);
  EXPECT_EQ(out.dead[1].index, 1U);
  ASSERT_TRUE(out.dead[1].envelope.has_value());
  EXPECT_EQ(out.dead[1].envelope->account, "000000000004");
  EXPECT_EQ(out.dead[1].envelope->log_group, "/app/api");
  EXPECT_EQ(out.dead[1].envelope->log_stream, "i-1");

  EXPECT_EQ(out.dead[2].reason, RejectReason::TooOld);
  EXPECT_EQ(out.dead[2].value, "old");
  EXPECT_EQ(out.dead[2].timestamp, EventTime{Duration{1000}}) << "the log event's own";
  EXPECT_EQ(out.dead[2].cut_bytes, 0U);
}

TEST_F(DecoderTest, BoundsWhatLettersHold) {
  const std::string large = "{\"" + std::string(1'000'000, 'x');
  const std::vector<std::string> values(2'000, "{\"" + std::string(200, 'y'));
  std::vector<std::string> many(20, large);
  many.insert(many.end(), values.begin(), values.end());
  decode(many);
  ASSERT_EQ(out.dead.size(), many.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < many.size(); ++i) {
    EXPECT_EQ(out.dead[i].value.size() + out.dead[i].cut_bytes, many[i].size());
    EXPECT_EQ(out.dead[i].value, many[i].substr(0, out.dead[i].value.size()));
    EXPECT_GE(out.dead[i].value.size(), 64U);
    kept += out.dead[i].value.size();
  }
  EXPECT_EQ(out.dead[0].cut_bytes, 0U);
  EXPECT_GT(out.dead[19].cut_bytes, 0U);
  EXPECT_EQ(out.dead.back().cut_bytes, 0U) << "small ones have room where a large one has none";
  EXPECT_LT(kept, 17U << 20);
}

TEST_F(DecoderTest, CountsTheLettersOfTheSource) {
  RawBatch batch;
  batch.rejects.add(RejectReason::TooLarge);
  batch.dead.push_back({.reason = RejectReason::TooLarge, .value = "xxx", .cut_bytes = 5, .envelope = {}});
  batch.records.push_back({.value = "{\"", .timestamp = {}, .offset = 3});
  decode_all(decoder, batch, settings, out);
  expect_closed_ledger(out);
  ASSERT_EQ(out.dead.size(), 2U);
  EXPECT_EQ(out.dead[0].value, "xxx");
  EXPECT_EQ(out.dead[1].value, "{\"");
}

TEST(ParseFormat, KnowsTheNames) {
  EXPECT_EQ(parse_format("auto"), Format::Auto);
  EXPECT_EQ(parse_format("subscription"), Format::Subscription);
  EXPECT_EQ(parse_format("Text"), std::nullopt);
}

}  // namespace
}  // namespace tocsin::event
