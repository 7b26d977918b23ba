// An event that a rule tells, in words, for people: what happened, where, and the event itself.
//
//   Notification::event, payload ─word_event()─► AlarmMessage ─► email_message, slack_message
//
// Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/notify/notification.h"
#include "sinks/alarm_message.h"

namespace tocsin::sinks {

// Of a notification that has an event.
[[nodiscard]] AlarmMessage word_event(const notify::Notification& notification);

// The first lines of a text of several lines, at most `limit` bytes, and how many are left out.
[[nodiscard]] std::string first_lines(std::string_view text, std::size_t limit);

}  // namespace tocsin::sinks
