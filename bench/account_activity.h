// What happens in the accounts apart from the mass of ordinary calls: sign-ins, planned changes, refused
// calls, and the incidents of the demo's story. Each is as frequent on a day of three thousand events as on
// one of three million, so that the alarms of config/demo mean the same on both.
#pragma once

#include <cstddef>
#include <string_view>

#include "bench/api_calls.h"
#include "bench/line.h"
#include "bench/random.h"

namespace tocsin::bench {

// The quiet part: sign-ins with MFA and a mistyped password now and then, a refused call in each account
// every quarter of an hour, releases by the pipeline's role, services that act for root. None of it is worth
// an alarm.
void add_daily_business(EventTime day, const ApiCalls& calls, Random& random, Lines& lines);

// Root signs in with its password alone, and looks around for a few minutes.
void add_root_without_mfa(EventTime start, std::size_t account, std::string_view address, Random& random,
                          Lines& lines);

// A user stops the account's trail.
void add_trail_stopped(EventTime start, std::size_t account, std::string_view address, Random& random,
                       Lines& lines);

// A role's stolen credentials try `count` calls within `span`; all are refused.
void add_refused_probing(EventTime start, Duration span, std::size_t count, std::size_t account,
                         std::string_view address, const ApiCalls& calls, Random& random, Lines& lines);

// An ordinary call; one in ten fails, never for lack of permission.
void add_ordinary_call(EventTime time, const ApiCalls& calls, Random& random, Line& line);

}  // namespace tocsin::bench
