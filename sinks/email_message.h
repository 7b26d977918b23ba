// A notification as a mail: headers, a plain text and the same as HTML.
//
//   word() ─► email_message() ─► smtp_client
//
// Everything that comes out of logs is escaped in the HTML and encoded in the headers: no line break gets
// through. Bodies are quoted-printable, so that no line is too long and no byte is above 127. The HTML has
// its styles inline, tables for a layout, no image, no script and nothing from elsewhere. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/notify/notification.h"

namespace tocsin::sinks {

// "soc@example.com" or "Security <soc@example.com>".
struct Mailbox {
  std::string name;     // may be empty
  std::string address;  // ASCII
};

[[nodiscard]] std::optional<Mailbox> parse_mailbox(std::string_view text);

struct Envelope {
  Mailbox from;
  std::vector<Mailbox> to;
  std::vector<Mailbox> cc;
};

// The same for each attempt but for its `date`: the Message-ID is made of the notification's id and of who
// should get it, and mails of one alarm refer to one thread.
[[nodiscard]] std::string email_message(const notify::Notification& notification, const Envelope& envelope,
                                        WallTime date);

// The HTML alone.
[[nodiscard]] std::string email_html(const notify::Notification& notification);

// The value of a header: RFC 2047 where it is not printable ASCII.
[[nodiscard]] std::string encode_header(std::string_view text);

[[nodiscard]] std::string quoted_printable(std::string_view text);

}  // namespace tocsin::sinks
