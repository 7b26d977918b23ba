// Asks the filter policies of all subscriptions: who hears a notification?
//
//   an event, or a notification's body ──ask()──► BodyOutcomes ─┐
//   Notification, its attributes ──────────────────judge()──────┴─► outcome of each subscription
//
// Policies on bodies are asked together, by a Matcher over all of them (Plan::make_policy_matcher): a body is
// walked once, however many there are, and its own size is all that counts. Subscriptions that share a policy
// share its answer. notify::judge() says the same, one policy at a time: the oracle in tests.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/notify/filter_policy.h"
#include "engine/notify/notification.h"
#include "engine/runtime/matcher.h"
#include "engine/runtime/plan.h"

namespace tocsin::runtime {

// A notification, and what the policy of each subscription of its topic makes of it.
struct JudgedNotification {
  notify::Notification notification;
  std::vector<notify::FilterOutcome> outcomes;
};

// What each of the plan's policies on bodies makes of one body; empty where nobody has asked.
using BodyOutcomes = std::vector<notify::FilterOutcome>;

// The distinct policies on bodies of these topics, in the order of their subscriptions. Equal ones are one
// where they are the same object.
[[nodiscard]] std::vector<const notify::FilterPolicy*> body_policies(
    const std::vector<notify::TopicDefinition>& topics);

class PolicyJudge {
 public:
  // The plan outlives the judge.
  explicit PolicyJudge(const Plan& plan);

  [[nodiscard]] bool has_body_policies() const { return matcher_ != nullptr; }
  [[nodiscard]] BodyOutcomes ask(std::string_view body);

  // All of one event or change of state: they differ in their topics alone. `of_body`: what was asked of the
  // body before; if empty, the payload is the body.
  [[nodiscard]] std::vector<JudgedNotification> judge(std::vector<notify::Notification> notifications,
                                                      BodyOutcomes of_body = {});

 private:
  struct Question {
    const notify::FilterPolicy* policy = nullptr;
    std::optional<std::uint32_t> body;  // which of the policies on bodies; none: it is on attributes
  };

  std::vector<Question> questions_;  // one for each distinct policy
  // Of each subscription of each topic: an index into questions_; none: it hears everything.
  std::vector<std::vector<std::optional<std::uint32_t>>> question_of_;
  std::size_t bodies_ = 0;
  std::unique_ptr<Matcher> matcher_;  // null: no policy is on bodies
  event::FieldTrie no_fields_;
  event::JsonView view_;
  Matches matches_;
};

}  // namespace tocsin::runtime
