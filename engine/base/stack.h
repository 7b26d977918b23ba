// A vector that is appended to and cut back all the time: knows its size as a number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace tocsin {

template <typename T>
class Stack {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return items_.size(); }
  [[nodiscard]] T& operator[](std::size_t i) { return items_[i]; }
  [[nodiscard]] std::span<const T> items() const { return {items_.data(), size_}; }
  void push(const T& item) {
    if (size_ == items_.size()) [[unlikely]]
      grow();
    items_[size_++] = item;
  }
  void cut(std::size_t size) { size_ = size; }

 private:
  [[gnu::noinline]] void grow() { items_.resize(std::max<std::size_t>(64, items_.size() * 2)); }

  std::vector<T> items_;
  std::size_t size_ = 0;
};

}  // namespace tocsin
