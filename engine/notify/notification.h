// What is said: the third waist. Every alert ends here, every sink starts here.
//
//   alarm::Transition ----compose()--> Notification --Delivery--> Sink
//   an event of a rule ---compose()───┘   (event_notification.h)
//
// Its id and bytes are a function of the transition or of the event and where it was read, so a receiver can
// drop a repeat. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/alarm/definition.h"
#include "engine/alarm/transition.h"
#include "engine/metric/series.h"

namespace tocsin::notify {

// This installation, as notifications name it.
struct Installation {
  std::string account = "000000000000";
  std::string region = "local";
  EventTime configured_at{};  // AlarmConfigurationUpdatedTimestamp
};

struct FilterPolicy;

// Who hears about a topic. `kind` is a row of the sink table ("console", "file", "kafka").
struct SubscriptionDefinition {
  std::string name;  // unique in its topic: its own, or the kind, and a number where a kind stands twice
  std::string kind;
  std::shared_ptr<const FilterPolicy> policy{};  // which notifications it hears (filter_policy.h); none: all
  // What the outbox calls it, unique in its topic: of what waits for it, nothing may go anywhere else, however a
  // configuration changes around it. Empty: its name.
  std::string address{};

  [[nodiscard]] const std::string& outbox_name() const { return address.empty() ? name : address; }
};

struct TopicDefinition {
  std::string name;
  std::vector<SubscriptionDefinition> subscriptions;  // the topic's own alert topic first
  bool gives_up = true;  // else what fails is tried again until it is delivered or rejected
};

// What happened, for sinks that word it for people (mail, chat). The payload says the same for programs.
struct AlarmFacts {
  std::string alarm;
  std::string description;  // may be empty
  std::string account;      // of this installation
  std::string region;
  metric::Dimensions dimensions;  // of the judged series; empty if it has none
  alarm::State from = alarm::State::InsufficientData;
  alarm::State to = alarm::State::InsufficientData;
  EventTime time{};   // of the change
  std::optional<EventTime> from_since;  // when it had changed to `from`; none: it always was
  EventTime since{};  // since when: the start of the oldest breaching period of an ALARM, else `time`
  std::string metric_namespace;
  std::string metric;
  metric::Statistic statistic = metric::Statistic::Sum;
  alarm::Rule rule;
  Duration period{};
  std::string reason;
  std::vector<alarm::Point> points;  // the evaluation range, oldest first
  // A few of the events behind the datapoints.
  struct Example {
    EventTime time{};
    std::string place;  // "org-cloudtrail[3]@1042"
    std::string text;   // one line, cut; empty when it is no longer at hand
  };
  std::vector<Example> examples;
};

// An event that a rule tells, for the same sinks. Its text is the notification's payload.
struct EventFacts {
  std::string rule;
  std::string description;  // the rule's; may be empty
  std::string account;      // of the event; empty where it does not say
  std::string region;       // likewise
  EventTime time{};
  std::string log_group;
  std::string place;    // "org-cloudtrail[3]@1042"
  std::string summary;  // one line: who did what, or how the event begins
  std::string installation_account;
  std::string installation_region;
  std::uint64_t cut_bytes = 0;  // of the event that the payload has no room for
};

struct Notification {
  std::string id;           // the transition's, or of the rule and the place of the event
  std::uint32_t topic = 0;  // index into the plan's topics
  EventTime time{};
  std::string subject;  // `ALARM: "name" in region`, ASCII, at most 100 characters
  std::string payload;  // the notification JSON of a CloudWatch alarm; the event
  std::string key;  // alarm and dimensions, or the rule: keeps its notifications in order on an alert topic
  std::vector<std::pair<std::string, std::string>>
      attributes;  // CloudEvents: id, source, specversion, type, time, subject, …
  std::shared_ptr<const AlarmFacts> facts;  // of a change of state; else null
  std::shared_ptr<const EventFacts> event;  // of an event that a rule tells; else null
};

// This installation as the source of CloudEvents.
[[nodiscard]] std::string source_of(const Installation& installation);

// The notifications of a transition: one for each topic that its new state notifies.
[[nodiscard]] std::vector<Notification> compose(const alarm::Transition& transition,
                                                const alarm::AlarmDefinition& alarm,
                                                const metric::MetricDefinition& metric,
                                                const Installation& installation,
                                                const std::vector<TopicDefinition>& topics,
                                                std::vector<AlarmFacts::Example> examples = {});

}  // namespace tocsin::notify
