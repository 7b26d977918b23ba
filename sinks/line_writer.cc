#include "sinks/line_writer.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace tocsin::sinks {
namespace {

constexpr int kWritablePatienceMs = 5000;  // for a pipe or a terminal whose reader is slow, or stopped

Error error_of(int code) {
  const std::string message = std::generic_category().message(code);
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {ErrorCode::Exhausted, message, {}};
    case EPIPE:
      return {ErrorCode::Invalid, message, {}};
    default:
      return {ErrorCode::Unavailable, message, {}};
  }
}

bool wait_until_writable(int descriptor) {
  pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&waiting, 1, kWritablePatienceMs) > 0;
}

}  // namespace

Result<void> LineWriter::append(std::string_view line) {
  std::string bytes;
  bytes.reserve(line.size() + 2);
  if (broken_) bytes += '\n';
  bytes += line;
  bytes += '\n';

  // A write to a pipe or a terminal may block for ever; up to PIPE_BUF bytes it does not once poll() says so.
  struct stat status{};
  const bool may_block = ::fstat(descriptor_, &status) == 0 && !S_ISREG(status.st_mode);
  std::size_t written = 0;
  while (written < bytes.size()) {
    if (may_block && !wait_until_writable(descriptor_)) {
      if (written > 0) cut_off(written);
      return fail(ErrorCode::Unavailable, "nobody reads from the other end");
    }
    const std::size_t left = bytes.size() - written;
    const ssize_t count = ::write(descriptor_, bytes.data() + written,
                                  may_block ? std::min<std::size_t>(left, PIPE_BUF) : left);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
      continue;
    }
    const int code = errno;
    if (code == EINTR) continue;
    if (code == EAGAIN && may_block) continue;
    if (written > 0) cut_off(written);
    return std::unexpected(error_of(code));
  }
  broken_ = false;
  return {};
}

// Only what is ours: when somebody else has appended since, the piece stays and is ended by the next line.
void LineWriter::cut_off(std::size_t piece) {
  struct stat status{};
  const off_t end = ::lseek(descriptor_, 0, SEEK_CUR);
  const auto length = static_cast<off_t>(piece);
  if (end >= length && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size == end && ::ftruncate(descriptor_, end - length) == 0) {
    return;
  }
  broken_ = true;
}

}  // namespace tocsin::sinks
