// What is read back from a state directory: records, definitions, snapshots, notifications, names of
// partitions. Any bytes are one or an error, and what was read is written and read as the same.
//
// Input: a letter that says which of them; the bytes.
#include <string>

#include "engine/base/check.h"
#include "engine/notify/notification_wire.h"
#include "engine/runtime/partition_name.h"
#include "engine/shard/definitions.h"
#include "engine/shard/record.h"
#include "engine/shard/state_machine.h"
#include "tests/fuzz/input.h"

namespace tocsin {
namespace {

// Bytes may say the same in more than one way; the writer's way stays.
template <typename Read, typename Write>
void check_round_trip(std::string_view bytes, Read read, Write write) {
  const auto value = read(bytes);
  if (!value) {
    TOCSIN_CHECK(!value.error().message.empty());
    return;
  }
  const std::string written = write(*value);
  const auto again = read(written);
  TOCSIN_CHECK(again.has_value());
  TOCSIN_CHECK(write(*again) == written);
}

std::string write_record(const shard::Record& record) {
  const auto* chunk = std::get_if<shard::Chunk>(&record);
  return shard::encode(record, [chunk](const Hash128& hash) {
    for (const shard::ChunkSeries& series : chunk->series) {
      if (series.hash == hash && !series.named) return true;
    }
    return false;
  });
}

void check_wire(std::uint8_t kind, std::string_view bytes) {
  switch (kind) {
    case 'r':
      return check_round_trip(bytes, shard::decode_record, write_record);
    case 'd':
      return check_round_trip(bytes, shard::decode_definitions,
                              [](const shard::Definitions& value) { return shard::encode(value); });
    case 's':
      return check_round_trip(bytes, shard::StateMachine::load,
                              [](const shard::StateMachine& state) { return state.save(); });
    case 'n':
      return check_round_trip(bytes, notify::decode_notification,
                              [](const notify::Notification& value) { return notify::encode(value); });
    default:
      return check_round_trip(bytes, runtime::parse_partition_name, runtime::to_text);
  }
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::Input input(data, size);
  const std::uint8_t kind = input.byte();
  tocsin::check_wire(kind, input.rest());
  return 0;
}
