#include "engine/store/state_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "engine/base/hash.h"

namespace tocsin::store {
namespace {

constexpr int kOwnerOnly = 0600;

std::unexpected<Error> fail_errno(int error, std::string_view what, const std::string& where) {
  const std::string text = std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return fail(ErrorCode::Exhausted, fmt::format("{}: the disk is full: free some space", what), where);
    case ENOENT:
      return fail(ErrorCode::NotFound,
                  fmt::format("{}: the directory above it does not exist: make it, or name another", what),
                  where);
    case EACCES:
    case EPERM:
      return fail(
          ErrorCode::Refused,
          fmt::format("{} ({}): let the user of this process (id {}) write there, or name another directory",
                      what, text, geteuid()),
          where);
    case EROFS:
      return fail(ErrorCode::Refused,
                  fmt::format("{} ({}): name a directory that can be written", what, text), where);
    default:
      return fail(ErrorCode::Unavailable, fmt::format("{}: {}", what, text), where);
  }
}

// A file's, or a directory's, own contents reach the disk.
Result<void> sync(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) return fail_errno(errno, "cannot be made durable", path);
  return {};
}

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// The process id in the lock's file; 0: none.
pid_t written_pid(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  return pid;
}

constexpr std::size_t kMarkBytes = 38;

// "00000000000000000042 0123456789abcdef\n": the number and its check.
std::string mark_text(shard::Sequence newest) {
  const std::string number = fmt::format("{:020}", newest);
  return fmt::format("{} {:016x}\n", number, hash128(number).low);
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> StateDirectory::look() const { return look("name an empty directory, or a new one"); }

Result<bool> StateDirectory::look(std::string_view advice) const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) {
    if (errno == ENOENT) return false;
    return fail_errno(errno, "the state directory cannot be looked at", path());
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::Invalid, fmt::format("is no directory: {}", advice), path());
  }
  std::error_code fault;
  std::filesystem::directory_iterator entries(path_, fault);
  if (fault) return fail_errno(fault.value(), "the state directory cannot be read", path());
  bool is_there = false;
  std::string left_behind;
  std::string foreign;
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name == "state.sqlite") {
      is_there = true;
    } else if (name == "newest" || name == "state.sqlite-wal") {
      left_behind = name;
    } else if (name != "lock" && name != "state.sqlite-shm" && !name.starts_with("state.sqlite.new") &&
               name != "lost+found") {
      if (foreign.empty() || name < foreign) foreign = name;
    }
  }
  if (is_there) return true;
  if (!left_behind.empty()) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("state.sqlite is missing, and {} says that it was here: restore it from a copy, or name "
                    "a new directory to start from nothing",
                    left_behind),
        path());
  }
  if (!foreign.empty()) {
    return fail(ErrorCode::Invalid,
                fmt::format("holds something that is no state (`{}`): {}", foreign, advice), path());
  }
  return false;
}

Result<void> StateDirectory::require() const {
  constexpr std::string_view kAdvice = "name the directory of `tocsin run --state`";
  const auto is_there = look(kAdvice);
  if (!is_there) return std::unexpected(is_there.error());
  if (!*is_there)
    return fail(ErrorCode::NotFound, fmt::format("there is no state here: {}", kAdvice), path());
  return {};
}

Result<void> StateDirectory::make() const {
  if (::mkdir(path_.c_str(), 0700) == 0) {
    const std::filesystem::path above = std::filesystem::absolute(path_ / "..").lexically_normal();
    return sync(above.string());
  }
  if (errno != EEXIST) return fail_errno(errno, "the state directory cannot be made", path());
  return {};
}

Result<File> StateDirectory::take_lock() const {
  File file(::open(lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (file.fd() < 0) return fail_errno(errno, "the state cannot be locked", lock());
  struct flock wanted = whole_file(F_WRLCK);
  if (::fcntl(file.fd(), F_OFD_SETLK, &wanted) != 0) {
    if (errno != EAGAIN && errno != EACCES) return fail_errno(errno, "the state cannot be locked", lock());
    const pid_t pid = written_pid(file.fd());
    return fail(
        ErrorCode::Refused,
        pid > 0
            ? fmt::format("process {} uses this state: stop it, or give this one a directory of its own", pid)
            : "another process uses this state: stop it, or give this one a directory of its own",
        path());
  }
  // For people, and for the message above: the lock holds without it, on a full disk too.
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file.fd(), 0) == 0) (void)!::pwrite(file.fd(), text.data(), text.size(), 0);
  return file;
}

std::optional<pid_t> StateDirectory::lock_holder() const {
  const File file(::open(lock().c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return std::nullopt;
  struct flock wanted = whole_file(F_WRLCK);
  if (::fcntl(file.fd(), F_OFD_GETLK, &wanted) != 0 || wanted.l_type == F_UNLCK) return std::nullopt;
  return written_pid(file.fd());
}

void StateDirectory::clear_unfinished() const {
  for (const char* part : {"", "-wal", "-shm", "-journal"}) ::unlink((unfinished() + part).c_str());
}

Result<void> StateDirectory::adopt_unfinished() const {
  if (::chmod(unfinished().c_str(), kOwnerOnly) != 0) {
    return fail_errno(errno, "the new state cannot be kept to its owner", unfinished());
  }
  if (auto synced = sync(unfinished()); !synced) return synced;
  if (::rename(unfinished().c_str(), database().c_str()) != 0) {
    return fail_errno(errno, "the new state cannot be put in its place", database());
  }
  return sync(path());
}

std::uint64_t StateDirectory::bytes() const {
  std::uint64_t sum = 0;
  for (const char* part : {"", "-wal", "-shm"}) {
    struct stat status{};
    if (::stat((database() + part).c_str(), &status) == 0) sum += static_cast<std::uint64_t>(status.st_size);
  }
  return sum;
}

Result<NewestMark> NewestMark::open(const StateDirectory& directory) {
  File file(::open(directory.newest().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (file.fd() < 0) return fail_errno(errno, "cannot be written", directory.newest());
  return NewestMark(std::move(file));
}

Result<std::optional<shard::Sequence>> NewestMark::read(const StateDirectory& directory) {
  const File file(::open(directory.newest().c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail_errno(errno, "cannot be read", directory.newest());
  }
  std::array<char, kMarkBytes + 1> text{};
  const ssize_t size = ::pread(file.fd(), text.data(), text.size(), 0);
  if (size < 0) return fail_errno(errno, "cannot be read", directory.newest());
  if (size == 0) return std::nullopt;  // made, and the power failed before it was written
  shard::Sequence newest = 0;
  std::from_chars(text.data(), text.data() + size, newest);
  if (std::string_view(text.data(), static_cast<std::size_t>(size)) != mark_text(newest)) {
    return fail(
        ErrorCode::Invalid,
        "is damaged: it holds the number of the newest record; remove it once `tocsin state verify` finds "
        "nothing else, and it is written anew",
        directory.newest());
  }
  return newest;
}

void NewestMark::write(shard::Sequence newest) {
  const std::string text = mark_text(newest);
  // A mark that was not written is behind the truth, which is allowed.
  (void)!::pwrite(file_.fd(), text.data(), text.size(), 0);
}

}  // namespace tocsin::store
