#include "engine/runtime/policy_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/plan.h"
#include "filters/filter_policy.h"
#include "filters/matcher.h"

namespace tocsin::runtime {
namespace {

using notify::FilterOutcome;
using notify::FilterPolicy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Scope = FilterPolicy::Scope;

std::shared_ptr<const FilterPolicy> policy_of(const std::string& text, Scope scope) {
  return std::make_shared<const FilterPolicy>(
      FilterPolicy{scope, *filters::compile_filter_policy(text, scope)});
}

// A topic "t0", "t1", … for each list of policies.
Plan plan_of(const std::vector<std::vector<std::shared_ptr<const FilterPolicy>>>& policies) {
  Plan plan;
  for (const auto& of_topic : policies) {
    notify::TopicDefinition& topic = plan.topics.emplace_back();
    topic.name = "t" + std::to_string(plan.topics.size() - 1);
    for (const auto& policy : of_topic) topic.subscriptions.push_back({"console", "console", policy});
  }
  std::vector<MatchSpec> specs;
  for (const FilterPolicy* policy : body_policies(plan.topics)) specs.push_back({{}, policy->predicate, {}});
  plan.make_policy_matcher = [specs] { return filters::make_matcher(filters::compile_matcher(specs)); };
  return plan;
}

notify::Notification event_for(std::uint32_t topic, std::string payload, std::string rule = "r") {
  notify::EventFacts facts;
  facts.rule = std::move(rule);
  notify::Notification notification;
  notification.topic = topic;
  notification.payload = std::move(payload);
  notification.event = std::make_shared<const notify::EventFacts>(std::move(facts));
  return notification;
}

TEST(PolicyJudge, AnswersForEachSubscriptionOfTheTopic) {
  const auto create = policy_of(R"({"eventName":["CreateUser"]})", Scope::MessageBody);
  const auto remove = policy_of(R"({"eventName":["DeleteUser"]})", Scope::MessageBody);
  const auto rule = policy_of(R"({"Rule":["other"]})", Scope::MessageAttributes);
  const Plan plan = plan_of({{remove}, {nullptr, create, rule}, {}});
  PolicyJudge judge(plan);
  const std::string payload = R"({"eventName":"CreateUser"})";
  const auto judged = judge.judge({event_for(1, payload), event_for(0, payload), event_for(2, payload)});
  ASSERT_EQ(judged.size(), 3U);
  EXPECT_THAT(judged[0].outcomes,
              ElementsAre(FilterOutcome::Passed, FilterOutcome::Passed, FilterOutcome::MessageAttributes));
  EXPECT_THAT(judged[1].outcomes, ElementsAre(FilterOutcome::MessageBody));
  EXPECT_THAT(judged[2].outcomes, IsEmpty());
}

TEST(PolicyJudge, TakesWhatWasAskedOfTheWholeEventForTheBody) {
  const Plan plan = plan_of({{policy_of(R"({"eventName":["CreateUser"]})", Scope::MessageBody)}});
  PolicyJudge judge(plan);
  EXPECT_TRUE(judge.has_body_policies());
  const auto judged = judge.judge({event_for(0, R"({"message":"{\"eventName\":…"})")},
                                  judge.ask(R"({"eventName":"CreateUser"})"));
  EXPECT_THAT(judged.at(0).outcomes, ElementsAre(FilterOutcome::Passed));
}

TEST(PolicyJudge, OneThatIsSharedIsAskedOnce) {
  const auto policy = policy_of(R"({"a":[1]})", Scope::MessageBody);
  const Plan plan = plan_of({{policy, policy}, {policy, policy_of(R"({"b":[1]})", Scope::MessageBody)}});
  EXPECT_EQ(body_policies(plan.topics).size(), 2U);
  EXPECT_EQ(PolicyJudge(plan).ask(R"({"a":1})").size(), 2U);
}

std::chrono::nanoseconds thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// A few bytes of events must not take seconds: names, paths and combinations of array elements grow together.
TEST(PolicyJudge, TakesTimeByTheSizeOfTheBodyAlone) {
  const auto policy = policy_of(R"({"a":{"b":["no"],"c":["x"]},"d":{"e":["x"],"f":["x"]}})", Scope::MessageBody);
  const Plan plan = plan_of({{policy, policy_of(R"({"never":["x"]})", Scope::MessageBody)}});
  PolicyJudge judge(plan);
  std::string names = "{";
  for (int i = 0; i < 25'000; ++i) names += "\"n" + std::to_string(i) + "\":1,";
  names += "\"a\":1}";
  std::string path = "{\"" + std::string(100'000, 'p') + "\":{";
  for (int i = 0; i < 15'000; ++i) path += "\"" + std::to_string(i) + "\":1,";
  path += "\"a\":1}}";
  std::string element = R"({"c":"x","e":"x","f":"x"},)";
  std::string arrays;
  for (int i = 0; i < 4'000; ++i) arrays += element;
  arrays = "[" + arrays + "{}]";
  const std::string choices = R"({"a":)" + arrays + R"(,"d":)" + arrays + "}";
  for (const std::string& body : {names, path, choices}) {
    const auto begun = thread_time();
    EXPECT_THAT(judge.ask(body), ElementsAre(FilterOutcome::MessageBody, FilterOutcome::MessageBody));
    EXPECT_LT(thread_time() - begun, std::chrono::milliseconds(500)) << body.substr(0, 20);
  }
}

TEST(PolicyJudge, AgreesWithThePlainReading) {
  std::ifstream in(TOCSIN_SOURCE_DIR "/tests/conformance/filter_policy.json");
  const auto table = nlohmann::json::parse(in);
  std::size_t asked = 0;
  for (const auto& row : table["rows"]) {
    if (row["scope"] != "MessageBody" || row.contains("error")) continue;
    SCOPED_TRACE(row["name"].get<std::string>());
    const auto policy = policy_of(row["policy"].get<std::string>(), Scope::MessageBody);
    const Plan plan = plan_of({{policy}});
    PolicyJudge judge(plan);
    for (const char* kind : {"passes", "filtered"}) {
      for (const auto& entry : row.value(kind, nlohmann::json::array())) {
        const auto& message = entry.contains("message") && entry.contains("as") ? entry["message"] : entry;
        const std::string body = message.value("body", std::string("{}"));
        EXPECT_THAT(judge.ask(body), ElementsAre(notify::judge(*policy, {}, body))) << body;
        ++asked;
      }
    }
  }
  EXPECT_GT(asked, 20U);
}

}  // namespace
}  // namespace tocsin::runtime
