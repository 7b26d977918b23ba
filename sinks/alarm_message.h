// An alarm in words, for people: what mail and chat say, each in its own markup. So is an event that a rule
// tells (event_message.h).
//
//   Notification::facts ─word()─► AlarmMessage ─► email_message, slack_message
//
// Every text but the event's is valid UTF-8 on one line and of bounded length, whatever the logs held, and
// still other people's: markup in it must be escaped. Times are UTC. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/alarm/evaluate.h"
#include "engine/notify/notification.h"

namespace tocsin::sinks {

// A period of the alarm's range.
struct MessageRow {
  std::string time;   // "09:15", with the date where days differ
  std::string value;  // "41"; empty where nothing was measured
  bool breaching = false;
  double share = 0;  // of the greatest value or threshold in the rows, 0 to 1
};

struct MessageExample {
  std::string time;   // "09:27:13"
  std::string place;  // "org-cloudtrail[3]@1042"
  std::string text;   // may be empty
};

struct AlarmMessage {
  alarm::State state = alarm::State::InsufficientData;
  bool is_event = false;    // no alarm's; `state` says nothing
  std::string badge;        // "ALARM", "OK", "NO DATA", "EVENT"
  std::string headline;     // "unauthorized-api-calls rings for Account 111122223333"
  std::string description;  // the user's own; may be empty
  std::vector<std::pair<std::string, std::string>>
      facts;  // "Why" or "What" first: "Sum of Security / …", in reading order
  std::vector<MessageRow> rows;                            // oldest first
  double threshold_share = 0;                              // as the rows' shares
  std::vector<MessageExample> examples;
  std::string event;   // JSON of several lines; empty for alarms
  std::string reason;  // in CloudWatch's words
  std::string origin;  // "Tocsin, eu-central-1, account 111122223333"
  std::string id;      // the notification's
};

// Of a notification without facts: its subject alone.
[[nodiscard]] AlarmMessage word(const notify::Notification& notification);

}  // namespace tocsin::sinks
