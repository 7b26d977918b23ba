// Every row of tests/conformance/filter_pattern.json, through the matcher and through the oracle.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/event/predicate.h"
#include "filters/filter_pattern.h"
#include "filters/matcher.h"

namespace tocsin::filters {
namespace {

using nlohmann::json;

void expect_refused(const json& row) {
  const auto filter = compile_filter_pattern(row["pattern"].get<std::string>());
  ASSERT_FALSE(filter.has_value());
  EXPECT_NE(filter.error().message.find(row["error"].get<std::string>()), std::string::npos)
      << filter.error().message;
  if (row.contains("offset")) {
    EXPECT_EQ(filter.error().offset, row["offset"].get<std::size_t>()) << filter.error().message;
  }
  if (row.contains("hint")) {
    EXPECT_NE(filter.error().hint.find(row["hint"].get<std::string>()), std::string::npos)
        << filter.error().hint;
  }
}

void expect_matched(const json& row) {
  const auto filter = compile_filter_pattern(row["pattern"].get<std::string>());
  ASSERT_TRUE(filter.has_value()) << filter.error().message << " at " << filter.error().offset;
  const std::string message = row["message"];
  const bool expected = row["match"];
  EXPECT_EQ(event::evaluate(filter->predicate, message), expected) << "the oracle";

  runtime::MatchSpec spec{{}, filter->predicate, {}};
  for (const auto& [key, field] : filter->shown) spec.extractions.push_back(field);
  const auto matcher = make_matcher(compile_matcher({spec}));
  event::Event event;
  event.message = message;
  event.log_group = "g";
  runtime::Matches matches;
  matcher->match({&event, 1}, matches);
  ASSERT_EQ(!matches.matches.empty(), expected) << "the matcher";
  if (!expected || !row.contains("extracted")) return;
  std::map<std::string, std::string> extracted;
  for (const ShownValue& shown : shown_values(*filter, message, matches.values)) {
    EXPECT_TRUE(extracted.emplace(shown.key, shown.value).second) << shown.key << " is shown twice";
  }
  EXPECT_EQ(extracted, (row["extracted"].get<std::map<std::string, std::string>>()));
}

TEST(FilterPatternConformance, EveryRowHolds) {
  std::ifstream in(TOCSIN_SOURCE_DIR "/tests/conformance/filter_pattern.json");
  const json table = json::parse(in);
  ASSERT_GT(table["rows"].size(), 500U);
  std::set<std::string> names;
  for (const json& row : table["rows"]) {
    SCOPED_TRACE(row.dump());
    EXPECT_TRUE(names.insert(row["name"]).second) << "the name is used twice";
    EXPECT_TRUE(table["sources"].contains(row["source"].get<std::string>())) << "the source is not cited";
    if (row.contains("error")) {
      expect_refused(row);
    } else {
      expect_matched(row);
    }
  }
}

}  // namespace
}  // namespace tocsin::filters
