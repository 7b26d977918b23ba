#include "engine/store/schema.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <string>

#include "engine/base/hash.h"

namespace tocsin::store {
namespace {

constexpr std::int64_t kApplicationId = 0x546F6373;  // "Tocs"

// Records and pieces are long, so pages are (a snapshot is written in half the time); WITHOUT ROWID keeps
// them in the order of their keys.
constexpr std::string_view kTables = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE log(
  shard INTEGER NOT NULL, sequence INTEGER NOT NULL, checksum INTEGER NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY(shard, sequence)) WITHOUT ROWID;
CREATE TABLE trimmed(shard INTEGER PRIMARY KEY, through INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE snapshot(
  shard INTEGER NOT NULL, sequence INTEGER NOT NULL, pieces INTEGER NOT NULL, size INTEGER NOT NULL,
  checksum INTEGER NOT NULL, written_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  PRIMARY KEY(shard, sequence)) WITHOUT ROWID;
CREATE TABLE snapshot_piece(
  shard INTEGER NOT NULL, sequence INTEGER NOT NULL, piece INTEGER NOT NULL, checksum INTEGER NOT NULL,
  bytes BLOB NOT NULL, PRIMARY KEY(shard, sequence, piece)) WITHOUT ROWID;
INSERT INTO meta VALUES('created_at', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
)";

std::int64_t hash_words(const std::array<std::uint64_t, 5>& words) {
  const auto bytes = std::bit_cast<std::array<char, sizeof words>>(words);
  return static_cast<std::int64_t>(hash128({bytes.data(), bytes.size()}).low);
}

}  // namespace

Result<void> create_schema(Database& database, std::string_view program) {
  // The kind of vacuuming and the size of pages can only be chosen before there is a table.
  const std::string settings = fmt::format(
      "PRAGMA page_size = 32768; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {}; "
      "PRAGMA user_version = {};",
      kApplicationId, kSchemaVersion);
  if (auto set = database.execute(settings); !set) return set;
  return database.transaction([&]() -> Result<void> {
    if (auto made = database.execute(std::string(kTables)); !made) return made;
    auto author = database.prepare("INSERT INTO meta VALUES('created_by', ?), ('written_by', ?)");
    if (!author) return std::unexpected(author.error());
    author->bind_text(1, program);
    author->bind_text(2, program);
    return author->run();
  });
}

Result<void> check_schema(Database& database) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  if (*application != kApplicationId) {
    const auto pages = database.integer("PRAGMA page_count");
    if (pages && *pages == 0) {
      return fail(ErrorCode::Invalid, "is empty: restore it from a copy, or name a new directory",
                  database.path());
    }
    return fail(ErrorCode::Invalid,
                "is a database of another program, and is left alone: name another directory for the state",
                database.path());
  }
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version > kSchemaVersion) {
    const auto author = database.text("SELECT value FROM meta WHERE name = 'written_by'");
    return fail(
        ErrorCode::Invalid,
        fmt::format("was written by {} (schema {}), and this program knows schema {} at most: run that "
                    "version, or name another directory for the state",
                    author && !author->empty() ? *author : "a newer version", *version, kSchemaVersion),
        database.path());
  }
  if (*version != kSchemaVersion) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("has schema {}, which no version wrote: it is damaged; restore it from a copy", *version),
        database.path());
  }
  return {};
}

std::int64_t checksum(std::int64_t shard, shard::Sequence sequence, std::uint64_t number,
                      std::string_view bytes) {
  const Hash128 content = hash128(bytes);
  return hash_words({static_cast<std::uint64_t>(shard), sequence, number, content.high, content.low});
}

std::int64_t checksum(std::int64_t shard, shard::Sequence sequence, const Manifest& manifest) {
  return hash_words({static_cast<std::uint64_t>(shard), sequence, manifest.pieces, manifest.size, 0});
}

}  // namespace tocsin::store
