// An open file descriptor, closed with its owner. Errors name the file and say what to do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "engine/base/result.h"

namespace tocsin::source {

// What tells two files apart whatever they are called: device and inode.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FileIdentity&) const = default;
};

struct FileState {
  FileIdentity identity;
  std::uint64_t size = 0;
  bool is_regular = false;
  std::int64_t modified = 0;  // nanoseconds since the epoch; only to see whether it has changed
};

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }

  [[nodiscard]] static Result<Descriptor> open(const std::string& path);

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// Reads what is there, at most `into`; 0 at the end of what is there.
[[nodiscard]] Result<std::size_t> read_some(int fd, std::span<char> into, const std::string& path);

[[nodiscard]] Result<FileState> state_of(int fd, const std::string& path);
[[nodiscard]] Result<FileState> state_of(const std::string& path);

}  // namespace tocsin::source
