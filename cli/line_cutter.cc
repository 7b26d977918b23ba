#include "cli/line_cutter.h"

#include <algorithm>
#include <cstring>

namespace tocsin::cli {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::size_t kLongestEnd = 2;  // "\r\n"

}  // namespace

LineCutter::LineCutter(std::size_t most)
    : most_(most),
      capacity_(most + kLongestEnd + kReadBytes),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

std::span<char> LineCutter::room() {
  if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, std::min(kReadBytes, capacity_ - end_)};
}

void LineCutter::add(std::string_view whole, std::vector<Line>& lines) {
  Line line{whole, whole, ++number_, false};
  if (line.content.ends_with('\n')) {
    line.content.remove_suffix(1);
    if (line.content.ends_with('\r')) line.content.remove_suffix(1);
  }
  if (dropping_ || line.content.size() > most_) {
    line = {{}, {}, number_, true};
    dropping_ = false;
  }
  lines.push_back(line);
}

void LineCutter::cut(bool last, std::vector<Line>& lines) {
  lines.clear();
  const char* const bytes = buffer_.get();
  while (scanned_ < end_) {
    const void* found = std::memchr(bytes + scanned_, '\n', end_ - scanned_);
    if (found == nullptr) break;
    const auto next = static_cast<std::size_t>(static_cast<const char*>(found) - bytes) + 1;
    add({bytes + begin_, next - begin_}, lines);
    begin_ = scanned_ = next;
  }
  scanned_ = end_;
  if (last && (begin_ != end_ || dropping_)) {
    add({bytes + begin_, end_ - begin_}, lines);
    begin_ = end_;
  }
  // Too long already, whatever its end will be: only that end is still of interest.
  if (end_ - begin_ > most_ + kLongestEnd) {
    dropping_ = true;
    begin_ = end_;
  }
}

}  // namespace tocsin::cli
