#include "cli/state_contents.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/partition_name.h"
#include "engine/shard/journal.h"
#include "engine/store/sqlite_state.h"

namespace tocsin::cli {

StateContents contents_of(const shard::StateMachine& machine) {
  StateContents contents;
  for (const shard::PartitionState& partition : machine.partitions()) {
    const auto name = runtime::parse_partition_name(partition.name);
    StateContents::Position& position =
        contents.positions.emplace_back("", partition.name, partition.next_offset, partition.last_event);
    if (!name) continue;  // shown as it stands
    position.source = name->source;
    position.partition = name->topic.empty() ? name->file : fmt::format("{}[{}]", name->topic, name->number);
  }
  std::ranges::stable_sort(contents.positions, {}, &StateContents::Position::source);
  contents.ledger = machine.ledger();
  contents.alarms = machine.shard().state_counts();
  contents.series = machine.shard().counts().series;
  contents.outbox = machine.outbox().size();
  contents.outbox_bytes = machine.outbox_bytes();
  std::map<std::pair<std::string, std::string>, std::uint64_t> waiting;
  for (const auto& [number, entry] : machine.outbox()) {
    for (const std::string& subscription : entry.subscriptions) ++waiting[{entry.topic, subscription}];
  }
  for (const auto& [whom, count] : waiting) contents.waiting.push_back({whom.first, whom.second, count});
  return contents;
}

Result<StateContents> read_contents(const std::string& directory) {
  const auto state = store::read_state(directory);
  if (!state) return std::unexpected(state.error());
  if ((*state)->last() == 0) return StateContents{};  // made, and nothing was stored yet
  const auto journal = shard::Journal::open(**state, **state, shard::Definitions{}, {}, [](const Note&) {});
  if (!journal) return std::unexpected(journal.error());
  return contents_of(journal->machine());
}

}  // namespace tocsin::cli
