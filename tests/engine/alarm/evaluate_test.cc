#include "engine/alarm/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tocsin::alarm {
namespace {

std::vector<std::optional<double>> parse_points(const std::string& text) {
  std::vector<std::optional<double>> points;
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    if (word == "-") points.emplace_back();
    if (word == "0") points.emplace_back(0.0);
    if (word == "X") points.emplace_back(2.0);
  }
  return points;
}

MissingData parse_missing(const std::string& name) {
  if (name == "missing") return MissingData::Missing;
  if (name == "ignore") return MissingData::Ignore;
  if (name == "breaching") return MissingData::Breaching;
  EXPECT_EQ(name, "not_breaching");
  return MissingData::NotBreaching;
}

TEST(Evaluate, EveryConformanceRowHolds) {
  std::ifstream file(TOCSIN_SOURCE_DIR "/tests/conformance/alarm_evaluation.json");
  const auto rows = nlohmann::json::parse(file).at("rows");
  ASSERT_GE(rows.size(), 40U);
  for (const auto& row : rows) {
    const Rule rule{1.0, Comparison::Greater, row.at("evaluation_periods"), row.at("datapoints_to_alarm"),
                    parse_missing(row.at("missing_data"))};
    const auto points = parse_points(row.at("points"));
    for (const State previous : {State::InsufficientData, State::Ok, State::Alarm}) {
      const std::string expected = row.at("expected");
      const Verdict verdict = evaluate(rule, points, previous);
      EXPECT_EQ(to_string(verdict.state), expected == "keep" ? to_string(previous) : expected)
          << row.at("name") << " from " << to_string(previous);
    }
  }
}

TEST(Evaluate, EveryComparisonTreatsItsBorderAsNamed) {
  const auto state = [](Comparison comparison, double value) {
    const std::vector<std::optional<double>> points{value};
    return evaluate({10, comparison, 1, 1, MissingData::Missing}, points, State::InsufficientData).state;
  };
  EXPECT_EQ(state(Comparison::Greater, 10), State::Ok);
  EXPECT_EQ(state(Comparison::Greater, 10.5), State::Alarm);
  EXPECT_EQ(state(Comparison::GreaterOrEqual, 10), State::Alarm);
  EXPECT_EQ(state(Comparison::GreaterOrEqual, 9.5), State::Ok);
  EXPECT_EQ(state(Comparison::Less, 10), State::Ok);
  EXPECT_EQ(state(Comparison::Less, 9.5), State::Alarm);
  EXPECT_EQ(state(Comparison::LessOrEqual, 10), State::Alarm);
  EXPECT_EQ(state(Comparison::LessOrEqual, 10.5), State::Ok);
}

TEST(Evaluate, CountsWhatTheVerdictRestsOn) {
  const Verdict verdict =
      evaluate({1, Comparison::Greater, 3, 2, MissingData::Breaching}, parse_points("0 - X - -"), State::Ok);
  EXPECT_EQ(verdict.real, 2U);
  EXPECT_EQ(verdict.judged, 2U);
  EXPECT_EQ(verdict.breaching, 1U);
  EXPECT_EQ(verdict.filled, 1U);
}

// The rules once more, written as the table in words rather than as code paths, over every small history.
State plain_evaluate(std::uint32_t n, std::uint32_t m, MissingData mode, const std::string& points,
                     State previous) {
  std::string real;  // newest first
  for (auto at = points.rbegin(); at != points.rend(); ++at) {
    if (*at != '-') real += *at;
  }
  if (real.empty()) {
    if (mode == MissingData::Missing) return State::InsufficientData;
    if (mode == MissingData::Ignore) return previous;
    return mode == MissingData::Breaching ? State::Alarm : State::Ok;
  }
  std::string judged = real.substr(0, n);
  if (judged.size() < n && mode == MissingData::Breaching) judged.append(n - judged.size(), 'X');
  if (judged.size() < n && mode == MissingData::NotBreaching) judged.append(n - judged.size(), '0');
  if (static_cast<std::uint32_t>(std::count(judged.begin(), judged.end(), 'X')) >= m) return State::Alarm;
  if (judged.find('0') != std::string::npos) return State::Ok;
  const std::string newest = points.substr(points.size() - n);
  const std::size_t oldest = newest.find('X');  // the string runs from old to new
  if (mode == MissingData::Missing && oldest != std::string::npos && n - oldest >= m) return State::Alarm;
  return previous;
}

TEST(Evaluate, AgreesWithThePlainRulesOnEveryHistoryOfUpToFivePeriods) {
  for (std::uint32_t n = 1; n <= 4; ++n) {
    for (std::uint32_t m = 1; m <= n; ++m) {
      for (std::uint32_t range = n; range <= 5; ++range) {
        std::string points(range, '-');
        const auto total = static_cast<std::uint32_t>(std::pow(3, range));
        for (std::uint32_t code = 0; code < total; ++code) {
          std::vector<std::optional<double>> history;
          std::uint32_t rest = code;
          for (char& point : points) {
            point = "-0X"[rest % 3];
            rest /= 3;
            history.push_back(point == '-' ? std::nullopt : std::optional(point == 'X' ? 2.0 : 0.0));
          }
          for (const MissingData mode : {MissingData::Missing, MissingData::Ignore, MissingData::Breaching,
                                         MissingData::NotBreaching}) {
            for (const State previous : {State::InsufficientData, State::Ok, State::Alarm}) {
              ASSERT_EQ(evaluate({1, Comparison::Greater, n, m, mode}, history, previous).state,
                        plain_evaluate(n, m, mode, points, previous))
                  << points << " n " << n << " m " << m << " mode " << static_cast<int>(mode);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tocsin::alarm
