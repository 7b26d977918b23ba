// What a state directory holds, as the engine would find it: positions, ledger, alarms, outbox.
//
// It is read as a start would read it, the newest snapshot and the log after it, beside a running engine or
// without one, and nothing is changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/shard/shard.h"
#include "engine/shard/state_machine.h"

namespace tocsin::cli {

struct StateContents {
  struct Position {
    std::string source;
    std::string partition;  // "org-cloudtrail[3]", or a file's path
    std::int64_t next_offset = 0;
    EventTime last_event = kNever;
  };
  struct Waiting {
    std::string topic;
    std::string subscription;
    std::uint64_t notifications = 0;
  };
  std::vector<Position> positions;              // by source, then as they were met
  std::map<std::string, std::uint64_t> ledger;  // since the state was made
  shard::StateCounts alarms{};                  // by alarm::State
  std::uint64_t series = 0;
  std::uint64_t outbox = 0;  // to be delivered to somebody
  std::uint64_t outbox_bytes = 0;
  std::vector<Waiting> waiting;  // by topic and subscription
};

[[nodiscard]] StateContents contents_of(const shard::StateMachine& machine);

// An error where that start would be one.
[[nodiscard]] Result<StateContents> read_contents(const std::string& directory);

}  // namespace tocsin::cli
