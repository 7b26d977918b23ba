#include "cli/match_output.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tocsin::cli {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

}  // namespace

void MatchOutput::write(std::string_view bytes) {
  waiting_ += bytes;
  if (waiting_.size() >= kPieceBytes) flush();
}

void MatchOutput::flush() {
  std::string_view rest = waiting_;
  while (!rest.empty() && !closed_) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      closed_ = true;
      if (errno != EPIPE) fault_ = std::generic_category().message(errno);
    }
  }
  waiting_.clear();
}

}  // namespace tocsin::cli
