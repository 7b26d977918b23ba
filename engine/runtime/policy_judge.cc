#include "engine/runtime/policy_judge.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace tocsin::runtime {

using notify::FilterOutcome;
using notify::FilterPolicy;

std::vector<const FilterPolicy*> body_policies(const std::vector<notify::TopicDefinition>& topics) {
  std::vector<const FilterPolicy*> policies;
  for (const notify::TopicDefinition& topic : topics) {
    for (const notify::SubscriptionDefinition& subscription : topic.subscriptions) {
      const FilterPolicy* policy = subscription.policy.get();
      if (policy != nullptr && policy->scope == FilterPolicy::Scope::MessageBody &&
          std::ranges::find(policies, policy) == policies.end()) {
        policies.push_back(policy);
      }
    }
  }
  return policies;
}

PolicyJudge::PolicyJudge(const Plan& plan) {
  for (const FilterPolicy* policy : body_policies(plan.topics)) {
    questions_.push_back({policy, static_cast<std::uint32_t>(questions_.size())});
  }
  bodies_ = questions_.size();
  if (bodies_ > 0) {
    TOCSIN_CHECK(plan.make_policy_matcher != nullptr);
    matcher_ = plan.make_policy_matcher();
  }
  for (const notify::TopicDefinition& topic : plan.topics) {
    auto& numbers = question_of_.emplace_back();
    for (const notify::SubscriptionDefinition& subscription : topic.subscriptions) {
      std::optional<std::uint32_t>& number = numbers.emplace_back();
      if (subscription.policy == nullptr) continue;
      const auto at = std::ranges::find(questions_, subscription.policy.get(), &Question::policy);
      number = static_cast<std::uint32_t>(at - questions_.begin());
      if (at == questions_.end()) questions_.push_back({subscription.policy.get(), std::nullopt});
    }
  }
}

BodyOutcomes PolicyJudge::ask(std::string_view body) {
  if (matcher_ == nullptr) return {};
  event::Event event;
  event.message = body;
  matches_.clear();
  static_cast<Matcher&>(*matcher_).match(event, 0, nullptr, matches_);
  if (matches_.matches.size() == bodies_) return BodyOutcomes(bodies_, FilterOutcome::Passed);
  const bool is_object = view_.walk(body, no_fields_) == event::JsonStatus::Object;
  BodyOutcomes outcomes(bodies_, is_object ? FilterOutcome::MessageBody : FilterOutcome::InvalidMessageBody);
  for (const Match& match : matches_.matches) outcomes[match.filter] = FilterOutcome::Passed;
  return outcomes;
}

std::vector<JudgedNotification> PolicyJudge::judge(std::vector<notify::Notification> notifications,
                                                   BodyOutcomes of_body) {
  std::vector<JudgedNotification> judged;
  std::vector<notify::MessageAttribute> attributes;
  std::vector<std::optional<FilterOutcome>> answers(questions_.size());
  const auto answer = [&](std::uint32_t number, const notify::Notification& notification) {
    const Question& question = questions_[number];
    if (question.body) {
      if (of_body.empty()) of_body = ask(notification.payload);
      return of_body[*question.body];
    }
    if (attributes.empty()) attributes = message_attributes(notification);
    return notify::judge(*question.policy, attributes, {});
  };
  for (notify::Notification& notification : notifications) {
    std::vector<FilterOutcome> outcomes;
    for (const auto& number : question_of_[notification.topic]) {
      if (number && !answers[*number]) answers[*number] = answer(*number, notification);
      outcomes.push_back(number ? *answers[*number] : FilterOutcome::Passed);
    }
    judged.push_back({std::move(notification), std::move(outcomes)});
  }
  return judged;
}

}  // namespace tocsin::runtime
