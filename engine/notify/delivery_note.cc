// What people are told of deliveries.
#include <fmt/format.h>

#include <string>

#include "engine/notify/delivery.h"

namespace tocsin::notify {

Note to_note(const DeliveryReport& report) {
  const std::string who = fmt::format("{} ({})", report.subscription, report.destination);
  Note note;
  note.fields = {{"subscription", report.subscription},
                 {"destination", report.destination},
                 {"notification", report.notification}};
  if (!report.detail.empty()) note.fields.emplace_back("detail", report.detail);
  switch (report.kind) {
    case DeliveryReport::Kind::Failing:
      note.severity = Severity::Warning;
      note.code = "delivery_failing";
      note.text = fmt::format("{}: cannot deliver {}: {}", who, report.notification, report.detail);
      note.advice = "will try again by itself; look at the destination if it goes on";
      break;
    case DeliveryReport::Kind::Recovered:
      note.code = "delivery_recovered";
      note.text = fmt::format("{}: delivers again", who);
      break;
    case DeliveryReport::Kind::Partial:
      note.severity = Severity::Warning;
      note.code = "delivery_partial";
      note.text =
          fmt::format("{}: delivered {}, but not to everybody: {}", who, report.notification, report.detail);
      note.advice = "the others have it: mend the addresses that it names";
      break;
    case DeliveryReport::Kind::Rejected:
      note.severity = Severity::Error;
      note.code = "delivery_rejected";
      note.text = fmt::format("{}: refused {}: {}", who, report.notification, report.detail);
      note.advice = "this notification is lost to it and not tried again: mend what it names";
      break;
    case DeliveryReport::Kind::GivenUp:
      note.severity = Severity::Error;
      note.code = "delivery_given_up";
      note.text = fmt::format("{}: gave up {} after {} attempts: {}", who, report.notification,
                              report.attempts, report.detail);
      note.advice = "this notification is lost to it: mend the destination";
      break;
    case DeliveryReport::Kind::Lost:
      note.severity = Severity::Error;
      note.code = "delivery_lost";
      note.text = fmt::format("{}: {} more refused or given up within a minute", who, report.notification);
      note.advice = "those are lost to it: mend the destination";
      break;
    case DeliveryReport::Kind::Overflow:
      note.severity = Severity::Error;
      note.code = "subscription_overflow";
      note.text = fmt::format("{}: its queue is full ({}): the oldest give way, first {}", who, report.detail,
                              report.notification);
      note.advice =
          "those are lost to it, and the newest are delivered once it takes them: mend the destination";
      break;
    case DeliveryReport::Kind::Overflowed:
      note.severity = Severity::Error;
      note.code = "subscription_overflow";
      note.text = fmt::format("{}: its queue is full: {} gave way by now", who, report.notification);
      note.advice = "those are lost to it: mend the destination";
      break;
    case DeliveryReport::Kind::OverflowOver:
      note.severity = Severity::Warning;
      note.code = "subscription_overflow_over";
      note.text =
          fmt::format("{}: its queue has room again: {} gave way meanwhile", who, report.notification);
      note.advice = "those are lost to it: `tocsin alarms` tells how things stand";
      break;
    case DeliveryReport::Kind::Undelivered:
      note.severity = Severity::Error;
      note.code = "undelivered";
      note.text = fmt::format("{}: {} left: {}", who, report.notification, report.detail);
      break;
  }
  return note;
}

}  // namespace tocsin::notify
