// The bytes of a notification in the outbox: all that a sink may send, so that every attempt, in whichever
// process, says the same. The topic is the outbox entry's; facts are kept where there are some.
//
// The form has a version of its own: a program reads what it and the one before it wrote.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/notify/notification.h"

namespace tocsin::notify {

[[nodiscard]] std::string encode(const Notification& notification);

// Of topic 0: which one it is, is for the caller to say.
[[nodiscard]] Result<Notification> decode_notification(std::string_view bytes);

}  // namespace tocsin::notify
