#include "engine/source/read_buffer.h"

#include <algorithm>
#include <cstring>

namespace tocsin::source {

std::span<char> ReadBuffer::room() {
  if (end_ == capacity_) {
    const std::size_t kept = end_ - begin_;
    if (!shared_ && kept <= capacity_ / 2 && capacity_ > 0) {
      if (kept > 0) std::memmove(block_.get(), block_.get() + begin_, kept);
    } else {
      const std::size_t capacity = std::max({block_bytes_, kept * 2, std::size_t{1}});
      auto block = std::make_shared_for_overwrite<char[]>(capacity);
      if (kept > 0) std::memcpy(block.get(), block_.get() + begin_, kept);
      block_ = std::move(block);
      capacity_ = capacity;
      shared_ = false;
    }
    begin_ = 0;
    end_ = kept;
  }
  return {block_.get() + end_, capacity_ - end_};
}

std::shared_ptr<void> ReadBuffer::share() {
  shared_ = true;
  return block_;
}

void ReadBuffer::rest() {
  if (begin_ != end_) return;
  block_.reset();
  capacity_ = begin_ = end_ = 0;
  shared_ = false;
}

}  // namespace tocsin::source
