#include "config/file_content.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace tocsin::config {

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const auto refuse = [&path](int error) {
    const ErrorCode code = error == ENOENT   ? ErrorCode::NotFound
                           : error == EACCES ? ErrorCode::Refused
                                             : ErrorCode::Invalid;
    return fail(code, std::generic_category().message(error), path);
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return refuse(errno);
  std::string content;
  std::array<char, 64 * 1024> buffer;
  while (true) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || content.size() > max_bytes) {
      const int error = errno;
      ::close(file);
      if (count < 0) return refuse(error);
      break;
    }
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (content.size() > max_bytes) {
    return fail(ErrorCode::Invalid, fmt::format("the file is larger than {} bytes", max_bytes), path);
  }
  return content;
}

}  // namespace tocsin::config
