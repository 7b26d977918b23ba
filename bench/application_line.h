// One line of a service's own log: a time, a level, a thread, a class, and one of forty things to say.
//
//   2026-03-01T09:14:05.120Z WARN [worker-7] db.Slow - query 04821377 took 1843 ms on ber-12: SELECT
//   sku, …
#pragma once

#include <string>
#include <vector>

#include "bench/random.h"
#include "engine/base/time.h"

namespace tocsin::bench {

[[nodiscard]] std::string application_line(EventTime time, Random& random);

// A hundred regular expressions over such lines, in the syntax that RE2, Hyperscan, Go and Rust share. Some
// match one line in ten, most of those that match at all one in a hundred or fewer.
[[nodiscard]] std::vector<std::string> application_regexes();

}  // namespace tocsin::bench
