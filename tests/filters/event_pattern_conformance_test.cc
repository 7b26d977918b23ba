// Every row of tests/conformance/event_pattern.json, through the matcher and through the oracle.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/event/predicate.h"
#include "filters/event_pattern.h"
#include "filters/matcher.h"

namespace tocsin::filters {
namespace {

using nlohmann::json;

void expect_refused(const json& row) {
  const auto filter = compile_event_pattern(row["pattern"].get<std::string>());
  ASSERT_FALSE(filter.has_value());
  const std::string reason = "Event pattern is not valid. Reason: " + row["error"].get<std::string>();
  EXPECT_TRUE(filter.error().message.starts_with(reason)) << filter.error().message;
  EXPECT_EQ(filter.error().offset, row["offset"].get<std::size_t>()) << filter.error().message;
}

void expect_matched(const CompiledFilter& filter, const std::string& message, bool expected) {
  SCOPED_TRACE(message);
  EXPECT_EQ(event::evaluate(filter.predicate, message), expected) << "the oracle";
  const auto matcher = make_matcher(compile_matcher({{{}, filter.predicate, {}}}));
  event::Event event;
  event.message = message;
  event.log_group = "g";
  runtime::Matches matches;
  matcher->match({&event, 1}, matches);
  EXPECT_EQ(!matches.matches.empty(), expected) << "the matcher";
}

TEST(EventPatternConformance, EveryRowHolds) {
  std::ifstream in(TOCSIN_SOURCE_DIR "/tests/conformance/event_pattern.json");
  const json table = json::parse(in);
  std::set<std::string> names;
  std::size_t events = 0;
  std::size_t refused = 0;
  for (const json& row : table["rows"]) {
    SCOPED_TRACE(row["name"].get<std::string>() + ": " + row["pattern"].get<std::string>());
    EXPECT_TRUE(names.insert(row["name"]).second) << "the name is used twice";
    EXPECT_TRUE(table["sources"].contains(row["source"].get<std::string>())) << "the source is not cited";
    if (row.contains("error")) {
      expect_refused(row);
      ++refused;
      continue;
    }
    const auto filter = compile_event_pattern(row["pattern"].get<std::string>());
    ASSERT_TRUE(filter.has_value()) << filter.error().message << " at " << filter.error().offset;
    for (const json& message : row.value("matches", json::array())) expect_matched(*filter, message, true);
    for (const json& message : row.value("not", json::array())) expect_matched(*filter, message, false);
    events += row.value("matches", json::array()).size() + row.value("not", json::array()).size();
  }
  EXPECT_GT(events, 1'000U);
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace tocsin::filters
