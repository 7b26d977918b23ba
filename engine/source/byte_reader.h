// The bytes of a file or pipe, in order, already decompressed.
//
//   descriptor --ByteReader (plain, gzip, zstd by their magic bytes)--> RecordCutter
//
// Several gzip members or zstd frames may follow each other. A reader is used by one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"

namespace tocsin::source {

class ByteReader {
 public:
  virtual ~ByteReader() = default;

  // The next bytes, at least one; 0: there are no more now. A file that grows may have more at the next call.
  // An error: the outside world failed, not the data.
  virtual Result<std::size_t> read(std::span<char> into) = 0;

  // More can be had without waiting for the descriptor.
  [[nodiscard]] virtual bool at_hand() const { return false; }

  // The compressed data is broken; nothing more will come.
  [[nodiscard]] virtual bool damaged() const { return false; }

  // Whether what was read may be all: not in the midst of compressed data.
  [[nodiscard]] virtual bool complete() const { return true; }

  // What was read are the file's own bytes, one for one.
  [[nodiscard]] virtual bool is_plain() const { return false; }
};

// Reads `fd`, which stays open and belongs to the caller, and decompresses what announces itself as
// compressed. Reads no further ahead than it must to tell. `path` is for errors.
[[nodiscard]] std::unique_ptr<ByteReader> read_bytes(int fd, std::string path);

// Reads `fd`, from where it stands in the midst of a plain file, as it is.
[[nodiscard]] std::unique_ptr<ByteReader> read_plain_bytes(int fd, std::string path);

}  // namespace tocsin::source
