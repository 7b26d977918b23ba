// A block of memory that bytes are read into and records are cut from.
//
// The records of a batch point into the block, so a block that a batch shares is never written to where it
// was read: what is not cut yet moves to a fresh block when the block is full. Used by one thread; only the
// shared blocks travel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace tocsin::source {

class ReadBuffer {
 public:
  // `block_bytes`: the size of a block, unless more than half of it is still uncut.
  explicit ReadBuffer(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  // Where to read to: at least one byte.
  [[nodiscard]] std::span<char> room();
  void filled(std::size_t size) { end_ += size; }

  // What was read and not taken yet.
  [[nodiscard]] std::string_view uncut() const { return {block_.get() + begin_, end_ - begin_}; }
  void take(std::size_t size) { begin_ += size; }

  // Keeps alive what was taken from this block.
  [[nodiscard]] std::shared_ptr<void> share();

  // Gives the memory back if nothing is uncut: of ten thousand quiet files none holds a block.
  void rest();

 private:
  std::size_t block_bytes_;
  std::shared_ptr<char[]> block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool shared_ = false;
};

}  // namespace tocsin::source
