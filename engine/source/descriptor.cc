#include "engine/source/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tocsin::source {
namespace {

std::unexpected<Error> system_error(int error, const std::string& path) {
  ErrorCode code = ErrorCode::Unavailable;
  std::string message = std::generic_category().message(error);
  if (error == ENOENT || error == ENOTDIR) {
    code = ErrorCode::NotFound;
    message = "no such file";
  } else if (error == EACCES || error == EPERM) {
    code = ErrorCode::Refused;
    message = "may not be read: check its permissions";
  } else if (error == EISDIR) {
    code = ErrorCode::Invalid;
    message = "is a directory";
  } else if (error == EMFILE || error == ENFILE) {
    code = ErrorCode::Exhausted;
    message = "too many open files: raise the limit (ulimit -n)";
  }
  return fail(code, std::move(message), path);
}

FileState from_stat(const struct stat& status) {
  return {.identity = {.device = static_cast<std::uint64_t>(status.st_dev),
                       .inode = static_cast<std::uint64_t>(status.st_ino)},
          .size = static_cast<std::uint64_t>(status.st_size),
          .is_regular = S_ISREG(status.st_mode),
          .modified = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Result<Descriptor> Descriptor::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(errno, path);
  return Descriptor(fd);
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::size_t> read_some(int fd, std::span<char> into, const std::string& path) {
  while (true) {
    const ssize_t size = ::read(fd, into.data(), into.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno != EINTR) return system_error(errno, path);
  }
}

Result<FileState> state_of(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error(errno, path);
  return from_stat(status);
}

Result<FileState> state_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(errno, path);
  return from_stat(status);
}

}  // namespace tocsin::source
