// What sshd of the bastion hosts says, as rsyslog of Debian 12 writes it:
//
//   2026-03-01T00:00:05.123456+00:00 bastion-1 sshd[1234]: Failed password for invalid user admin from
//   203.0.113.7 port 51234 ssh2
#pragma once

#include <cstddef>
#include <string_view>

#include "bench/line.h"
#include "bench/random.h"

namespace tocsin::bench {

// A day of sessions of the company's own users: about `count` lines, never a failed password.
void add_ssh_sessions(EventTime day, std::size_t count, Random& random, Lines& lines);

// The noise of the internet: strangers who try one to three passwords and leave. No address comes back before
// hours have passed.
void add_ssh_noise(EventTime day, Random& random, Lines& lines);

// One stranger who guesses `count` passwords within `span`, on all bastions in turn.
void add_ssh_guessing(EventTime start, Duration span, std::size_t count, std::string_view address,
                      Random& random, Lines& lines);

}  // namespace tocsin::bench
