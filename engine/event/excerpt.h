// What a person is shown of an event: one line that says who did what, where it is known how to say it.
//
//   Event --excerpt()--> evidence of a transition --> mail, chat, explain
//
//   ConsoleLogin signin.amazonaws.com by arn:aws:iam::111122223333:root from 203.0.113.7: Failure
//   aws.backup Backup Job State Change: FAILED arn:aws:ec2:…:volume/vol-1: Insufficient privileges
//   ObjectCreated:Put bucket/key 12 MB by AWS:AROA… from 10.1.2.3
//   REJECT 10.0.0.5:49152 → 10.0.0.9:22 tcp 12 packets
//
// Anything else is its own text. At most kMaxExcerptBytes of valid UTF-8, on one line, without control
// characters and without the invisible ones that turn the direction of text; what was cut ends with "…". It
// is still text from outside: whoever puts it into HTML or markup escapes it. Any thread may call it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/event/event.h"

namespace tocsin::event {

inline constexpr std::size_t kMaxExcerptBytes = 240;

[[nodiscard]] std::string excerpt(const Event& event);

}  // namespace tocsin::event
