// A notification as Slack's message: Block Kit within its limits, with a colour bar and a text for where no
// blocks are shown.
//
// What comes out of logs stands in code or in plain text, never in Slack's markup: it can neither format, nor
// link, nor mention anybody. A pure function.
#pragma once

#include <string>

#include "engine/notify/notification.h"

namespace tocsin::sinks {

[[nodiscard]] std::string slack_message(const notify::Notification& notification);

}  // namespace tocsin::sinks
