#include "engine/source/kafka_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::source {
namespace {

TEST(KafkaProperties, WhatAClientTakesIsFine) {
  EXPECT_EQ(kafka_property_fault("security.protocol", "SASL_SSL"), std::nullopt);
  EXPECT_EQ(kafka_property_fault("sasl.mechanism", "PLAIN"), std::nullopt);
  EXPECT_EQ(kafka_property_fault("sasl.password", "hunter2"), std::nullopt);
  EXPECT_EQ(kafka_property_fault("fetch.min.bytes", "1024"), std::nullopt);
  EXPECT_EQ(kafka_property_fault("compression.type", "zstd"), std::nullopt);  // of a topic
}

TEST(KafkaProperties, AnUnknownNameIsTold) {
  const auto fault = kafka_property_fault("sasl.mechanismm", "PLAIN");
  ASSERT_TRUE(fault.has_value());
  EXPECT_TRUE(fault->unknown);
  EXPECT_EQ(fault->allowed, "");
}

TEST(KafkaProperties, ARefusedValueIsToldWithWhatIsAllowed) {
  for (const std::string value : {"lots", "-1", ""}) {
    const auto fault = kafka_property_fault("fetch.min.bytes", value);
    ASSERT_TRUE(fault.has_value()) << value;
    EXPECT_FALSE(fault->unknown);
    EXPECT_EQ(fault->allowed, "1 .. 100000000");
  }
  const auto word = kafka_property_fault("security.protocol", "tls");
  ASSERT_TRUE(word.has_value());
  EXPECT_THAT(word->allowed, testing::HasSubstr("sasl_ssl"));
}

TEST(KafkaProperties, WhatOnlyAProgramCanSetIsRefused) {
  const auto fault = kafka_property_fault("rebalance_cb", "x");
  ASSERT_TRUE(fault.has_value());
  EXPECT_FALSE(fault->unknown);
}

TEST(KafkaProperties, NamesAreThoseThatATextCanSet) {
  const std::vector<std::string> names = kafka_property_names();
  EXPECT_THAT(names, testing::IsSupersetOf({"sasl.mechanism", "sasl.password", "fetch.min.bytes"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("rebalance_cb")));
  EXPECT_THAT(names, testing::Not(testing::Contains("Property")));
  EXPECT_GT(names.size(), 100U);
}

}  // namespace
}  // namespace tocsin::source
