// What the matcher's benchmarks read has the shape that they claim, and one meaning in both languages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "bench/application_line.h"
#include "bench/corpus.h"
#include "bench/one_by_one.h"
#include "bench/rule_mix.h"
#include "engine/event/predicate.h"
#include "filters/event_pattern.h"
#include "filters/filter_pattern.h"
#include "filters/regex_filter.h"

namespace tocsin::bench {
namespace {

using nlohmann::json;

std::size_t depth_of(const json& value) {
  std::size_t deepest = 0;
  if (value.is_structured()) {
    for (const auto& [key, child] : value.items()) deepest = std::max(deepest, depth_of(child));
  }
  return value.is_structured() ? deepest + 1 : 0;
}

// The text of a member, wherever it stands; empty: none has that name.
std::string member(const std::string& text, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

std::size_t size_at(std::vector<std::string> texts, std::size_t percent) {
  std::ranges::sort(texts, {}, &std::string::size);
  return texts[texts.size() * percent / 100].size();
}

TEST(CallLog, RecordsHaveTheSizesOfRealOnes) {
  const auto texts = call_log(5'000, 1);
  EXPECT_NEAR(static_cast<double>(size_at(texts, 50)), 1'200, 120);
  EXPECT_NEAR(static_cast<double>(size_at(texts, 95)), 2'000, 300);
  EXPECT_GT(std::ranges::max(texts, {}, &std::string::size).size(), 3'500U);
}

TEST(CallLog, CallsHaveNamesByZipfAndOneInTenFailed) {
  std::map<std::string, int> names;
  std::set<std::string> sources;
  int failed = 0;
  for (const std::string& text : call_log(20'000, 1)) {
    ++names[member(text, "eventName")];
    sources.insert(member(text, "eventSource"));
    failed += member(text, "errorCode").empty() ? 0 : 1;
  }
  EXPECT_NEAR(static_cast<double>(names.size()), 280, 25);
  EXPECT_NEAR(static_cast<double>(sources.size()), 30, 2);
  EXPECT_NEAR(failed / 20'000.0, 0.10, 0.01);
  const int most = std::ranges::max_element(names, {}, [](const auto& name) { return name.second; })->second;
  EXPECT_GT(most, 5 * 20'000 / static_cast<int>(names.size())) << "some names are far more frequent";
}

TEST(CallLog, RecordsAreTwoToEightLevelsDeepOrMore) {
  std::size_t shallowest = 99;
  std::size_t deepest = 0;
  for (const std::string& text : call_log(1'000, 1)) {
    const std::size_t depth = depth_of(json::parse(text));
    shallowest = std::min(shallowest, depth);
    deepest = std::max(deepest, depth);
  }
  EXPECT_LE(shallowest, 3U);
  EXPECT_GE(deepest, 8U);
}

TEST(ApplicationLog, LinesAre132BytesLong) {
  std::size_t bytes = 0;
  for (const std::string& line : application_log(5'000, 1)) bytes += line.size();
  EXPECT_NEAR(static_cast<double>(bytes) / 5'000, 132, 3);
}

TEST(ApplicationLog, ItsHundredRegexesDifferAndAThirdMatchesSomething) {
  const auto regexes = application_regexes();
  EXPECT_EQ(std::set<std::string>(regexes.begin(), regexes.end()).size(), 100U);
  std::vector<event::Predicate> predicates;
  for (const std::string& regex : regexes) {
    const auto filter = filters::compile_regex_filter(regex);
    ASSERT_TRUE(filter.has_value()) << regex;
    predicates.push_back(filter->predicate);
  }
  const auto lines = application_log(20'000, 1);
  const auto matching = std::ranges::count_if(predicates, [&](const event::Predicate& predicate) {
    OneByOne one({predicate});
    return std::ranges::any_of(lines, [&](const std::string& line) { return one.matches(line) > 0; });
  });
  EXPECT_GE(matching, 30);
  EXPECT_LE(matching, 45);
}

TEST(Corpus, IsAFunctionOfItsSeed) {
  EXPECT_EQ(call_log(100, 1), call_log(100, 1));
  EXPECT_NE(call_log(100, 1), call_log(100, 2));
  EXPECT_EQ(application_log(100, 1), application_log(100, 1));
  const Corpus corpus({"one", "", "three"});
  EXPECT_EQ(corpus[2], "three");
  EXPECT_EQ(corpus.bytes(), 8U);
}

TEST(RuleMix, HalfWantAnEventName) {
  const auto rules = rule_mix(1'000, Wildcards::Used, 1);
  const auto by_name = std::ranges::count_if(
      rules, [](const Rule& rule) { return rule.event_pattern.find("\"eventName\"") != std::string::npos; });
  EXPECT_EQ(by_name, 500);
}

TEST(RuleMix, AShorterListIsTheStartOfALongerOne) {
  const auto some = rule_mix(50, Wildcards::Used, 1);
  const auto more = rule_mix(100, Wildcards::Used, 1);
  for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].event_pattern, more[i].event_pattern);
}

TEST(RuleMix, WithoutWildcardsHasNone) {
  for (const Rule& rule : rule_mix(500, Wildcards::Avoided, 1)) {
    EXPECT_EQ(rule.event_pattern.find("wildcard"), std::string::npos) << rule.event_pattern;
  }
}

TEST(RuleMix, BothLanguagesMeanTheSame) {
  const auto events = call_log(150, 3);
  std::size_t matches = 0;
  std::vector<event::Predicate> predicates;
  for (const Rule& rule : rule_mix(300, Wildcards::Used, 2)) {
    const auto by_event = filters::compile_event_pattern(rule.event_pattern);
    const auto by_filter = filters::compile_filter_pattern(rule.filter_pattern);
    ASSERT_TRUE(by_event.has_value()) << rule.event_pattern << ": " << by_event.error().message;
    ASSERT_TRUE(by_filter.has_value()) << rule.filter_pattern << ": " << by_filter.error().message;
    for (const std::string& event : events) {
      const bool match = event::evaluate(by_event->predicate, event);
      ASSERT_EQ(match, event::evaluate(by_filter->predicate, event)) << rule.filter_pattern << "\n" << event;
      matches += match ? 1 : 0;
    }
    predicates.push_back(by_event->predicate);
  }
  EXPECT_GE(matches, 10U);
  OneByOne one_by_one(predicates);
  std::size_t found = 0;
  for (const std::string& event : events) found += one_by_one.matches(event);
  EXPECT_EQ(found, matches) << "and one by one finds what the oracle does";
}

}  // namespace
}  // namespace tocsin::bench
