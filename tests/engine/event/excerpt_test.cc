#include "engine/event/excerpt.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

namespace tocsin::event {
namespace {

std::string of(Kind kind, std::string_view message) {
  Event event;
  event.kind = kind;
  event.message = message;
  return excerpt(event);
}

TEST(Excerpt, SaysWhoCalledWhatFromWhereAndHowItWent) {
  EXPECT_EQ(
      of(Kind::CloudTrail,
         R"({"eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","awsRegion":"us-east-1",)"
         R"("userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"sourceIPAddress":"203.0.113.7",)"
         R"("responseElements":{"ConsoleLogin":"Failure"}})"),
      "ConsoleLogin signin.amazonaws.com by arn:aws:iam::111122223333:root from 203.0.113.7: Failure");
  EXPECT_EQ(
      of(Kind::CloudTrail,
         R"({"eventName":"RunInstances","eventSource":"ec2.amazonaws.com","awsRegion":"eu-west-1",)"
         R"("userIdentity":{"type":"IAMUser","userName":"build"},"errorCode":"Client.UnauthorizedOperation"})"),
      "RunInstances ec2.amazonaws.com by build in eu-west-1: Client.UnauthorizedOperation");
  EXPECT_EQ(
      of(Kind::CloudTrail,
         R"({"eventType":"AwsCloudTrailInsight","awsRegion":"eu-west-1","insightDetails":{"state":"Start",)"
         R"("eventSource":"ec2.amazonaws.com","eventName":"RunInstances","insightType":"ApiCallRateInsight"}})"),
      "RunInstances ec2.amazonaws.com ApiCallRateInsight: Start in eu-west-1");
}

TEST(Excerpt, SaysWhatBecameOfAJob) {
  EXPECT_EQ(
      of(Kind::BusEvent,
         R"({"source":"aws.backup","detail-type":"Backup Job State Change","resources":["arn:aws:x"],)"
         R"("detail":{"state":"FAILED","resourceArn":"arn:aws:ec2:::volume/vol-1","statusMessage":"Insufficient privileges"}})"),
      "aws.backup Backup Job State Change: FAILED arn:aws:ec2:::volume/vol-1: Insufficient privileges");
  EXPECT_EQ(
      of(Kind::BusEvent,
         R"({"source":"aws.iam","detail-type":"AWS API Call via CloudTrail","detail":{"eventName":"CreateUser",)"
         R"("eventSource":"iam.amazonaws.com","userIdentity":{"arn":"arn:aws:iam::1:user/a"}}})"),
      "aws.iam AWS API Call via CloudTrail: CreateUser iam.amazonaws.com by arn:aws:iam::1:user/a");
  EXPECT_EQ(of(Kind::BackupNotice,
               R"({"EventType":"BACKUP_JOB","State":"FAILED","Id":"9","resourceArn":"arn:aws:x"})"),
            "AWS Backup BACKUP_JOB FAILED: arn:aws:x");
}

TEST(Excerpt, NamesObjectsAlarmsAndFlows) {
  EXPECT_EQ(
      of(Kind::S3Notification,
         R"({"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a/k+1","size":12345678}},)"
         R"("userIdentity":{"principalId":"AWS:X"},"requestParameters":{"sourceIPAddress":"10.1.2.3"}})"),
      "ObjectCreated:Put b/a/k+1 12 MB by AWS:X from 10.1.2.3");
  EXPECT_EQ(
      of(Kind::AlarmMessage,
         R"({"AlarmName":"cpu","OldStateValue":"OK","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed"})"),
      "cpu: OK → ALARM: Threshold Crossed");
  EXPECT_EQ(of(Kind::VpcFlow,
               "2 000000000000 eni-1 10.0.0.5 10.0.0.9 49152 22 6 12 840 1893456000 1893456060 REJECT OK"),
            "REJECT 10.0.0.5:49152 → 10.0.0.9:22 tcp 12 packets");
  EXPECT_EQ(
      of(Kind::VpcFlow, R"({"action":"ACCEPT","srcaddr":"2001:db8::1","dstaddr":"2001:db8::2","srcport":1,)"
                        R"("dstport":443,"protocol":17,"packets":1})"),
      "ACCEPT [2001:db8::1]:1 → [2001:db8::2]:443 udp 1 packet");
  const std::string nodata = "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA";
  EXPECT_EQ(of(Kind::VpcFlow, nodata), nodata);
}

TEST(Excerpt, PutsAnythingElseOnOneSafeLine) {
  EXPECT_EQ(of(Kind::Text, "\ttrace:\r\n  at x\n"), "trace: at x");
  EXPECT_EQ(of(Kind::Text,
               "a\x1b[31mb\x07"
               "c"),
            "a [31mb c");
  EXPECT_EQ(of(Kind::Text, "caf\xe9 \xc0\xaf \xed\xa0\x80|"), "caf\uFFFD \uFFFD\uFFFD \uFFFD\uFFFD\uFFFD|");
  EXPECT_EQ(of(Kind::Text, "evil\u202Etxt\u200B.exe\uFEFF"), "eviltxt.exe");
  EXPECT_EQ(of(Kind::Json, R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(of(Kind::CloudTrail, R"({"broken)"), R"({"broken)");
  EXPECT_EQ(of(Kind::CloudTrail, R"({"eventName":{"x":1}})"), R"({"eventName":{"x":1}})");
  EXPECT_EQ(of(Kind::Text, std::string(240, 'x')), std::string(240, 'x'));
  EXPECT_EQ(of(Kind::Text, std::string(241, 'x')), std::string(237, 'x') + "…");
  EXPECT_EQ(of(Kind::Text, ""), "");
}

TEST(Excerpt, IsShortAndValidWhateverTheBytes) {
  std::mt19937 random(7);
  const std::string parts[] = {"\xf0\x9f\x94\x94",  "é",   "\xff",    "\xe2\x82", "\n", "a",
                               "{\"eventName\":\"", "\"}", "\\u0000", "\x01"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text = i % 2 == 0 ? R"({"eventName":")" : "";
    const int pieces = static_cast<int>(random() % 120);
    for (int p = 0; p < pieces; ++p) text += parts[random() % std::size(parts)];
    if (i % 2 == 0) text += "\"}";
    const std::string line = of(static_cast<Kind>(random() % 9), text);
    ASSERT_LE(line.size(), kMaxExcerptBytes);
    ASSERT_TRUE(simdjson::validate_utf8(line.data(), line.size()));
    for (const char c : line) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

}  // namespace
}  // namespace tocsin::event
