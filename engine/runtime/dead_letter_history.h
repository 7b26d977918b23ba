// Dead letters as history: read again, each under the source and at the place that it came from.
//
//   a file of lines, a topic of records --open_letter_*()--> ReplayInputs --> replay()
//
// A letter is decoded as the record or element that it was, with what its envelope said; mended bytes are
// just other bytes. What cannot be read again (no letter, a source that is not there, one that was cut) is
// told and counted, and holds up nothing. The same letter met twice is read once: the first. Only the places
// of letters are held in memory. Nothing is committed or changed where they are kept.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/replay.h"
#include "engine/source/settings.h"

namespace tocsin::runtime {

struct DeadLetterHistory {
  std::vector<ReplayInput> inputs;  // one for each partition that letters came from
  std::uint64_t letters = 0;        // that will be read
  std::uint64_t repeated = 0;
  std::uint64_t unusable = 0;  // told one by one
};

// Told of each unusable letter: where it stands ("dead.jsonl:17"), and why.
using UnusableLetter = std::function<void(const std::string& place, const std::string& why)>;

[[nodiscard]] Result<DeadLetterHistory> open_letter_file(const std::string& path, const Plan& plan,
                                                         const UnusableLetter& tell);

// `kafka.topics`, from their starts to the ends that they have now; spooled to a temporary file.
[[nodiscard]] Result<DeadLetterHistory> open_letter_topic(const source::KafkaSettings& kafka,
                                                          const Plan& plan, const UnusableLetter& tell);

}  // namespace tocsin::runtime
