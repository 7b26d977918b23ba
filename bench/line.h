// A line of a log, ready to be delivered. The parts of the day are made as lines in any order and sorted by
// time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace tocsin::bench {

enum class Log : std::uint8_t { CloudTrail, Backup, Hosts };

struct Line {
  EventTime time{};
  Log log = Log::CloudTrail;
  std::size_t account = 0;  // CloudTrail: delivered together with the account's other records
  std::string text;         // with its end
};

using Lines = std::vector<Line>;

}  // namespace tocsin::bench
