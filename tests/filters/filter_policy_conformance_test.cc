// Every row of tests/conformance/filter_policy.json.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "filters/filter_policy.h"

namespace tocsin::filters {
namespace {

using nlohmann::json;
using notify::FilterOutcome;
using notify::FilterPolicy;
using notify::MessageAttribute;

MessageAttribute::Type type_of(const std::string& name) {
  if (name == "String.Array") return MessageAttribute::Type::StringArray;
  if (name == "Number") return MessageAttribute::Type::Number;
  return name == "Binary" ? MessageAttribute::Type::Binary : MessageAttribute::Type::String;
}

std::string judged(const FilterPolicy& policy, const json& message) {
  std::vector<MessageAttribute> attributes;
  const json given = message.value("attributes", json::object());
  for (const auto& [name, attribute] : given.items())
    attributes.push_back({name, type_of(attribute.at("Type")), attribute.at("Value")});
  const FilterOutcome outcome = notify::judge(policy, attributes, message.value("body", std::string("{}")));
  return std::string(notify::kFilterOutcomeNames[static_cast<std::size_t>(outcome)]);
}

TEST(FilterPolicyConformance, EveryRowHolds) {
  std::ifstream in(TOCSIN_SOURCE_DIR "/tests/conformance/filter_policy.json");
  const json table = json::parse(in);
  std::set<std::string> names;
  std::size_t refused = 0;
  for (const json& row : table["rows"]) {
    SCOPED_TRACE(row["name"].get<std::string>() + ": " + row["policy"].get<std::string>());
    EXPECT_TRUE(names.insert(row["name"]).second) << "the name is used twice";
    EXPECT_TRUE(table["sources"].contains(row["source"].get<std::string>())) << "the source is not cited";
    FilterPolicy policy;
    if (row["scope"] == "MessageBody") policy.scope = FilterPolicy::Scope::MessageBody;
    auto predicate = compile_filter_policy(row["policy"].get<std::string>(), policy.scope);
    if (row.contains("error")) {
      ++refused;
      ASSERT_FALSE(predicate.has_value());
      const std::string reason = "Invalid parameter: FilterPolicy: " + row["error"].get<std::string>();
      EXPECT_TRUE(predicate.error().message.starts_with(reason)) << predicate.error().message;
      if (row.contains("offset")) {
        EXPECT_EQ(predicate.error().offset, row["offset"].get<std::size_t>());
      }
      continue;
    }
    ASSERT_TRUE(predicate.has_value()) << predicate.error().message << " at " << predicate.error().offset;
    policy.predicate = std::move(*predicate);
    for (const json& message : row.value("passes", json::array()))
      EXPECT_EQ(judged(policy, message), "passed") << message;
    for (const json& filtered : row.value("filtered", json::array()))
      EXPECT_EQ(judged(policy, filtered["message"]), filtered["as"].get<std::string>()) << filtered;
  }
  EXPECT_GT(names.size(), 50U);
  EXPECT_GT(refused, 15U);
}

}  // namespace
}  // namespace tocsin::filters
