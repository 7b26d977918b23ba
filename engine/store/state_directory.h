// What is where in a state directory, and whose it is.
//
//   DIR/lock                       held by the engine that runs on it, for as long as it lives; says its pid
//   DIR/state.sqlite, -wal, -shm   the state (schema.h)
//   DIR/newest                     the number of the newest record, kept apart from it
//   DIR/state.sqlite.new           a state that is being made; whole once it is renamed
//
// `newest` is a witness. Where the end of SQLite's log was damaged or left behind in copying, SQLite takes
// what comes before it for all there was; here it shows as records that are missing. It is written after each
// append and not synced: behind the truth after a power failure, never ahead of it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/shard/shard_log.h"

namespace tocsin::store {

// An open file, closed with its owner.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

class StateDirectory {
 public:
  explicit StateDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string database() const { return (path_ / "state.sqlite").string(); }
  [[nodiscard]] std::string unfinished() const { return (path_ / "state.sqlite.new").string(); }
  [[nodiscard]] std::string newest() const { return (path_ / "newest").string(); }
  [[nodiscard]] std::string lock() const { return (path_ / "lock").string(); }

  // Whether a state is in it: true; false, nothing is, nor a directory perhaps; or why it cannot be used.
  // What somebody else keeps there, and what is left of a state without its heart, is an error.
  [[nodiscard]] Result<bool> look() const;

  // An error where there is no state, or none that can be used.
  [[nodiscard]] Result<void> require() const;

  // Makes the directory, for the owner alone, if there is none.
  [[nodiscard]] Result<void> make() const;

  // The lock, until the file is closed; or the error that names the process that holds it.
  [[nodiscard]] Result<File> take_lock() const;
  // The process that holds the lock; 0: it is held, by whom is not known.
  [[nodiscard]] std::optional<pid_t> lock_holder() const;

  // Lets go of what was left of making a state.
  void clear_unfinished() const;
  // Puts the finished new state in its place, durably.
  [[nodiscard]] Result<void> adopt_unfinished() const;

  // Bytes of the state's files on the disk.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  // `advice`: what to do about a place that is no state's.
  [[nodiscard]] Result<bool> look(std::string_view advice) const;

  std::filesystem::path path_;
};

// The file `newest`. One thread.
class NewestMark {
 public:
  // Makes it if there is none.
  [[nodiscard]] static Result<NewestMark> open(const StateDirectory& directory);
  // What it says; nothing if it says nothing yet, or is not there.
  [[nodiscard]] static Result<std::optional<shard::Sequence>> read(const StateDirectory& directory);

  void write(shard::Sequence newest);

 private:
  explicit NewestMark(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace tocsin::store
