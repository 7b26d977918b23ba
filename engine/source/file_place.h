// How a file is known again after a restart, and where the reading of it goes on: as values, and as the texts
// that a state keeps of them (PartitionName::incarnation, RawBatch::place). Both texts are of one version and
// are read strictly: what cannot be understood is an error that names the file, never a start from zero.
//
// A file is its device and inode, and the first bytes in it: an inode is given to another file once its own
// is gone, and a file can be emptied and written anew. What has one identity after another is numbered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/base/result.h"
#include "engine/source/descriptor.h"

namespace tocsin::source {

struct FileIncarnation {
  FileIdentity identity;
  std::uint64_t number = 1;  // of those with the same identity
  bool operator==(const FileIncarnation&) const = default;
};

[[nodiscard]] std::string to_text(const FileIncarnation& incarnation);
[[nodiscard]] Result<FileIncarnation> parse_file_incarnation(std::string_view text, const std::string& file);

// Of the first bytes of a file: as many as were there, at most kMost.
struct FilePrint {
  static constexpr std::size_t kMost = 1024;
  std::uint64_t size = 0;
  Hash128 hash;
  bool operator==(const FilePrint&) const = default;
};

// Of the file's first `most` bytes; leaves the descriptor's position alone.
[[nodiscard]] Result<FilePrint> print_of(int fd, const std::string& file,
                                         std::size_t most = FilePrint::kMost);

// Whether the file still starts as it did.
[[nodiscard]] bool still_starts_with(int fd, const std::string& file, const FilePrint& print);

struct FilePlace {
  // Lines of a plain file can be entered at any line's start. Compressed files and documents are read again
  // as a whole.
  enum class Kind : std::uint8_t { Lines, Whole };
  Kind kind = Kind::Whole;
  bool done = false;       // read to its end, and nothing more was waited for
  std::uint64_t byte = 0;  // Lines: where the first line begins that is not known; else how far it was read
  std::int64_t next = 0;   // the offset of the next record
  std::uint64_t size = 0;  // of the file, when it was last looked at
  FilePrint print;
  bool operator==(const FilePlace&) const = default;
};

[[nodiscard]] std::string to_text(const FilePlace& place);
[[nodiscard]] Result<FilePlace> parse_file_place(std::string_view text, const std::string& file);

}  // namespace tocsin::source
