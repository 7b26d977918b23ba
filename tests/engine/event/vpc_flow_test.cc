#include "engine/event/vpc_flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::event {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kLine =
    "2 123456789010 eni-1 10.0.0.5 10.0.0.9 49152 22 6 12 840 1893456000 1893456060 REJECT OK";

VpcFlowLine read(std::string_view text) {
  VpcFlowLine line;
  line.read(text);
  return line;
}

TEST(VpcFlow, ReadsFieldNamesInBothNotations) {
  EXPECT_THAT(parse_vpc_flow_fields("version  vpc-id"), ElementsAre("version", "vpc-id"));
  EXPECT_THAT(parse_vpc_flow_fields("${version} ${vpc-id}"), ElementsAre("version", "vpc-id"));
}

TEST(VpcFlow, GivesFieldsByName) {
  const VpcFlowLine line = read(kLine);
  EXPECT_TRUE(line.has_fields_of({}));
  EXPECT_EQ(line.field({}, "dstport"), "22");
  EXPECT_EQ(line.field({}, "vpc-id"), "");
  EXPECT_EQ(format_rfc3339(line.start({}).value()), "2030-01-01T00:00:00Z");
  const VpcFlowFormat format{.fields = {"vpc-id", "version", "end"}, .as_json = true};
  std::string json;
  read("vpc-\"1 3 -").write_json(format, json);
  EXPECT_EQ(json, R"({"vpc-id":"vpc-\"1","version":3})");
  EXPECT_FALSE(read("only two").has_fields_of(format));
}

TEST(VpcFlow, RecognisesLinesOfAnyFormat) {
  EXPECT_TRUE(read(kLine).looks_right());
  EXPECT_TRUE(read("5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 eni-1 OK").looks_right());
  EXPECT_EQ(format_rfc3339(*read("5 a 1616729292 1616729349 eni-1 OK").guess_start()),
            "2021-03-26T03:28:12Z");
  EXPECT_FALSE(read("5 1616729292 1616739349 x").guess_start().has_value()) << "no window";
  EXPECT_FALSE(read("11 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA").looks_right());
  EXPECT_FALSE(read("2 messages for you were sent and arrived eni-1").looks_right());
  EXPECT_TRUE(read("version account-id interface-id").is_header());
  EXPECT_FALSE(read("start").is_header());
}

}  // namespace
}  // namespace tocsin::event
