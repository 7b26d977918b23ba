// The tables of state.sqlite, for whoever reads it with `sqlite3`, and the checks in them.
//
//   meta(name, value)                                       who made it and when
//   log(shard, sequence, checksum, record)                  the records after `trimmed`
//   trimmed(shard, through, checksum)                       records up to `through` were let go
//   snapshot(shard, sequence, pieces, size, checksum, written_at)
//                                                           written last: a snapshot without its row here is
//                                                           none
//   snapshot_piece(shard, sequence, piece, checksum, bytes) at most kPieceBytes each, counted from 0
//
// Each row's checksum is over its key and its content, so that a row that got elsewhere is found as well as
// one whose bytes changed. PRAGMA application_id says that it is ours, user_version which of these schemas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/result.h"
#include "engine/shard/shard_log.h"
#include "engine/store/sqlite.h"

namespace tocsin::store {

inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

// Makes the tables in an empty database, in one transaction.
[[nodiscard]] Result<void> create_schema(Database& database, std::string_view program);

// Refuses what another program wrote, and what a newer version of this one did.
[[nodiscard]] Result<void> check_schema(Database& database);

// The checksum of a row. Where there are no bytes, `bytes` is empty.
[[nodiscard]] std::int64_t checksum(std::int64_t shard, shard::Sequence sequence, std::uint64_t number,
                                    std::string_view bytes);

struct Manifest {
  std::uint64_t pieces = 0;
  std::uint64_t size = 0;  // of all pieces together
};
[[nodiscard]] std::int64_t checksum(std::int64_t shard, shard::Sequence sequence, const Manifest& manifest);

}  // namespace tocsin::store
